import assert from "node:assert/strict";
import { IdMap, mapAcl, parseIdRange } from "./id_map.ts";
import { decodeOwner, decodeStat, encodeOwner, encodeStat } from "./rootless.ts";
import { decodeTree, encodeTree, type TreeEntry } from "./tree_entry.ts";
import { comparePaths } from "./tree_diff.ts";

Deno.test("parseIdRange() reads CONTAINER:HOST:SIZE and refuses what no id can be", () => {
  assert.deepEqual(parseIdRange("0:1000:1"), { container: 0, host: 1000, size: 1 });
  for (const text of ["", "0:1000", "0:1000:0", "-1:0:1", "0:4294967290:10", "a:b:c"]) {
    assert.throws(() => parseIdRange(text), /expected CONTAINER:HOST:SIZE/, text);
  }
});

Deno.test("IdMap: ids go one way and back, those without one nowhere, and ranges do not overlap", () => {
  const map = new IdMap([parseIdRange("0:1000:1"), parseIdRange("1:100000:65535")]);
  assert.deepEqual([0, 1, 65535, 65536].map((id) => map.toHost(id)), [1000, 100000, 165534, undefined]);
  assert.deepEqual([1000, 100000, 165534, 999].map((id) => map.toContainer(id)), [0, 1, 65535, undefined]);
  assert.equal(new IdMap([]).toHost(7), 7);
  assert.throws(
    () => new IdMap([parseIdRange("0:0:10"), parseIdRange("5:100:10")]),
    /container ids overlap at 5/,
  );
  assert.throws(() => new IdMap([parseIdRange("0:0:10"), parseIdRange("50:9:10")]), /host ids overlap at 9/);
});

Deno.test("mapAcl() changes the ids that an access control list names, and nothing else", () => {
  const entry = (
    tag: number,
    id: number,
  ): number[] => [tag, 0, 7, 0, id & 255, id >> 8 & 255, id >> 16 & 255, id >>> 24];
  const acl = (user: number, group: number): Uint8Array =>
    Uint8Array.of(
      2,
      0,
      0,
      0,
      ...entry(1, -1),
      ...entry(2, user),
      ...entry(4, -1),
      ...entry(8, group),
      ...entry(16, -1),
    );
  assert.deepEqual(mapAcl(acl(5, 6), (id, group) => id + (group ? 2000 : 1000)), acl(1005, 2006));
  assert.deepEqual(mapAcl(Uint8Array.of(2, 0, 0), () => 1), Uint8Array.of(2, 0, 0));
});

Deno.test("user.rootlesscontainers: a protobuf message whose zeros are left out", () => {
  assert.deepEqual(encodeOwner(0, 0), new Uint8Array(0));
  assert.deepEqual(encodeOwner(1000, 0), Uint8Array.of(0x08, 0xe8, 0x07));
  for (const [uid, gid] of [[0, 1], [5, 70000], [4294967294, 128], [127, 16384]] as const) {
    assert.deepEqual(decodeOwner(encodeOwner(uid, gid)), [uid, gid]);
  }
  assert.deepEqual(decodeOwner(encodeOwner(4294967295, 7)), [undefined, 7]);
  for (
    const bad of [[0x18, 1], [0x08], [0x08, 0x80], [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [
      0x08,
      0xff,
      0xff,
      0xff,
      0xff,
      0x7f,
    ]]
  ) {
    assert.equal(decodeOwner(Uint8Array.from(bad)), undefined, bad.join());
  }
});

Deno.test("user.containers.override_stat: UID:GID:MODE:TYPE, with the device's numbers", () => {
  const text = (value: Uint8Array): string => new TextDecoder().decode(value);
  const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
  assert.equal(text(encodeStat({ uid: 1, gid: 2, mode: 0o104755, rdev: 0 })), "1:2:4755:file");
  assert.equal(text(encodeStat({ uid: 0, gid: 0, mode: 0o060660, rdev: 0x803 })), "0:0:0660:block-8-3");
  assert.equal(text(encodeStat({ uid: 0, gid: 0, mode: 0o010600, rdev: 0 })), "0:0:0600:pipe");
  assert.deepEqual(decodeStat(bytes("1:2:0755:dir"), 0o100000), { uid: 1, gid: 2, mode: 0o040755, rdev: 0 });
  assert.deepEqual(decodeStat(bytes("0:0:0666:char-1-3"), 0o100000), {
    uid: 0,
    gid: 0,
    mode: 0o020666,
    rdev: 0x103,
  });
  assert.deepEqual(decodeStat(bytes("0:0:0100755"), 0o100000), { uid: 0, gid: 0, mode: 0o100755, rdev: 0 });
  for (const bad of ["", "1:2", "1:2:9", "1:2:0755:castle", "4294967295:0:0755", "1:2:0755:dir\n"]) {
    assert.equal(decodeStat(bytes(bad), 0o100000), undefined, bad);
  }
});

Deno.test("a list of files survives the way to its text and back, whatever their names are", () => {
  const entry = (path: string, more: Partial<TreeEntry> = {}): TreeEntry => ({
    ...{
      path,
      mode: 0o100644,
      uid: 1,
      gid: 2,
      size: 3,
      rdev: 0,
      mtimeSec: -4,
      mtimeNsec: 5,
      ctime: "6.7",
      ino: 8,
    },
    ...{ leader: path, target: "", xattrs: "", hash: "h" },
    ...more,
  });
  const entries = [
    entry(""),
    entry("a\tb\nc\\d\u007f"),
    entry("\udcff\udc80"),
    entry("\u00e9/\ud83d\ude00", { leader: "a\tb" }),
    entry("\\09", { target: "\\\n" }),
  ];
  assert.deepEqual(decodeTree(encodeTree(entries), "list"), entries);
});

Deno.test("comparePaths() has the order in which a tree is walked", () => {
  const paths = ["", "a", "a/b", "a/b/c", "a/c", "a-b", "a.", "b", "\ue000", "\ud83d\ude00", "\udcff"];
  assert.deepEqual([...paths].reverse().sort(comparePaths), paths);
});
