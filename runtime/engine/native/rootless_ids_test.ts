import assert from "node:assert/strict";
import { grantedRanges, hasId, idsOf, treeOwner } from "./rootless_ids.ts";

const USER = { uid: 1500, gid: 1600, name: "ann" };
const SUBID = "bob:100000:65536\n# ann:1:1\nann:200000:1000\n1500:300000:10\nann:0:5\nann:x:5\nann:5\n";

Deno.test("grantedRanges(): lines of /etc/subuid by name and by id; what makes no sense is passed over (man 5 subuid)", () => {
  assert.deepEqual(grantedRanges(SUBID, USER), [{ first: 200000, count: 1000 }, {
    first: 300000,
    count: 10,
  }]);
  assert.deepEqual(grantedRanges(SUBID, { ...USER, name: undefined }), [{ first: 300000, count: 10 }]);
});

Deno.test("idsOf(): several ids where both files and the tools are there, else the user alone", () => {
  const several = idsOf(USER, { subuid: SUBID, subgid: "ann:7000:2\n" }, true);
  assert.deepEqual(several.uidMappings, [
    { containerID: 0, hostID: 1500, size: 1 },
    { containerID: 1, hostID: 200000, size: 1000 },
    { containerID: 1001, hostID: 300000, size: 10 },
  ]);
  assert.deepEqual(several.gidMappings[1], { containerID: 1, hostID: 7000, size: 2 });
  assert.deepEqual([0, 1, 1010, 1011].map((id) => hasId(several.uidMappings, id)), [true, true, true, false]);
  const alone = idsOf(USER, { subuid: SUBID, subgid: SUBID }, false);
  assert.deepEqual(alone.gidMappings, [{ containerID: 0, hostID: 1600, size: 1 }]);
  assert.deepEqual(idsOf(USER, { subuid: SUBID, subgid: "" }, true).uidMappings.length, 1);
  assert.equal(treeOwner(alone).suffix, "-user");
  assert.match(treeOwner(several).suffix, /^-owned-[0-9a-f]{8}$/);
});
