import assert from "node:assert/strict";
import { EINVAL, ENOSPC, EPERM } from "../../../fs/abi/errno.ts";
import { CapSet } from "./cap_set.ts";
import { Credentials } from "./credentials.ts";
import { parseIdMap } from "./id_map.ts";
import { setresgid, setresuid } from "./set_ids.ts";
import { UserNamespace } from "./user_namespace.ts";

const ROOT = Credentials.ROOT;
const USER = setresuid(setresgid(ROOT, 1000, 1000, 1000) as Credentials, 1000, 1000, 1000) as Credentials;
const CAP_SETUID = 7, CAP_SYS_ADMIN = 21, CAP_SETFCAP = 31;

const create = (cred: Credentials): UserNamespace => UserNamespace.create(cred) as UserNamespace;

Deno.test("user_namespaces(7): what uid_map accepts", () => {
  assert.deepEqual(parseIdMap("0 1000 1"), [{ first: 0, lower: 1000, count: 1 }]);
  assert.equal((parseIdMap("  0   100000  65536\n65536 0 1\n") as unknown[]).length, 2);
  const wrong = [
    ...["", "\n", "0 0", "0 0 0", "a 0 1", "-1 0 1", "0 0 1 x", "0 0 4294967296", "1 4294967295 1"],
    ...["0 0 10\n5 100 1", "0 0 10\n20 9 1"], // overlapping inside, outside
    Array.from({ length: 341 }, (_, i) => `${i} ${i} 1`).join("\n"),
  ];
  for (const text of wrong) assert.equal(parseIdMap(text), -EINVAL, JSON.stringify(text.slice(0, 30)));
  assert.equal(
    (parseIdMap(Array.from({ length: 300 }, (_, i) => `${i} ${i} 1`).join("\n")) as unknown[]).length,
    300,
  );
});

Deno.test("a map is written once, in the namespace or its parent, with CAP_SYS_ADMIN there", () => {
  const namespace = create(USER);
  const stranger = setresuid(ROOT, 5, 5, 5) as Credentials;
  assert.equal(namespace.writeMap("uids", "0 1000 1", stranger, stranger), -EPERM);
  const elsewhere = USER.entering(create(USER));
  assert.equal(namespace.writeMap("uids", "0 1000 1", elsewhere, elsewhere), -EPERM);
  assert.equal(namespace.writeMap("uids", "0 1000 1", USER, USER), 0);
  assert.equal(namespace.writeMap("uids", "0 1000 1", ROOT, ROOT), -EPERM);
  assert.equal(UserNamespace.INITIAL.writeMap("uids", "0 0 1", ROOT, ROOT), -EPERM);
});

Deno.test("without CAP_SETUID in the parent: a single line with the writer's own effective id", () => {
  const inside = (ns: UserNamespace): Credentials => USER.entering(ns);
  for (const text of ["0 1001 1", "0 1000 2", "0 1000 1\n1 1001 1"]) {
    const namespace = create(USER);
    assert.equal(namespace.writeMap("uids", text, inside(namespace), inside(namespace)), -EPERM, text);
  }
  const namespace = create(USER);
  assert.equal(namespace.writeMap("uids", "5 1000 1", inside(namespace), inside(namespace)), 0);
  assert.equal(namespace.uids.toKernel(5), 1000);
});

Deno.test('gid_map by the unprivileged needs "deny" in setgroups first, which then stays', () => {
  const namespace = create(USER);
  const inside = USER.entering(namespace);
  assert.equal(namespace.writeMap("gids", "0 1000 1", inside, inside), -EPERM);
  assert.equal(namespace.writeSetgroups("maybe", inside), -EINVAL);
  assert.equal(namespace.writeSetgroups("deny\n", inside), 0);
  assert.equal(namespace.writeSetgroups("allow", inside), -EPERM);
  assert.equal(namespace.writeMap("gids", "0 1000 1", inside, inside), 0);
  assert.ok(!namespace.maySetgroups);
  const late = create(USER);
  late.writeMap("gids", "0 1000 1", ROOT, ROOT);
  assert.equal(late.writeSetgroups("deny", USER.entering(late)), -EPERM);
});

Deno.test("mapped ids must be mapped in the parent: EPERM", () => {
  const outer = create(ROOT);
  outer.writeMap("uids", "0 100000 1000", ROOT, ROOT);
  outer.writeMap("gids", "0 100000 1000", ROOT, ROOT);
  const cred = setresuid(setresgid(ROOT.entering(outer), 0, 0, 0) as Credentials, 0, 0, 0) as Credentials;
  const inner = create(cred);
  assert.equal(inner.writeMap("uids", "0 1000 1", cred, cred), -EPERM);
  assert.equal(inner.writeMap("uids", "0 500 10", cred, cred), 0);
  assert.equal(inner.uids.toKernel(3), 100503);
  assert.equal(inner.showMap("uids", inner), "         0        500         10\n");
  assert.equal(inner.showMap("uids", UserNamespace.INITIAL), "         0     100500         10\n");
  assert.equal(inner.uids.shown(7), 65534);
});

Deno.test("mapping the parent's 0 needs CAP_SETFCAP there, or that the creator had it", () => {
  const effective = ROOT.fields.effective.without(CapSet.of([CAP_SETFCAP]));
  const without = ROOT.with({ effective });
  const namespace = create(without);
  assert.equal(namespace.writeMap("uids", "0 0 1", without, without), -EPERM);
  const inside = without.entering(namespace);
  assert.equal(namespace.writeMap("uids", "0 0 1", inside, inside), -EPERM);
  assert.equal(namespace.writeMap("uids", "0 0 1", ROOT, ROOT), 0);
});

Deno.test("capabilities of a namespace: held in it by its members, in the parent by its creator, below by the capable", () => {
  const namespace = create(USER);
  const inside = USER.entering(namespace);
  assert.ok(inside.capable(CAP_SYS_ADMIN) && inside.nsCapable(namespace, CAP_SYS_ADMIN));
  assert.ok(
    !inside.nsCapable(UserNamespace.INITIAL, CAP_SYS_ADMIN) && !inside.globallyCapable(CAP_SYS_ADMIN),
  );
  assert.ok(USER.nsCapable(namespace, CAP_SETUID), "owner");
  assert.ok(!(setresuid(ROOT, 1001, 1001, 1001) as Credentials).nsCapable(namespace, CAP_SETUID));
  assert.ok(ROOT.nsCapable(namespace, CAP_SETUID));
  const deeper = create(inside.with({ euid: 1000 }));
  assert.equal(deeper as unknown, -EPERM, "its ids are not mapped yet");
});

Deno.test("at most 32 nested levels: ENOSPC", () => {
  let cred = ROOT;
  for (let level = 1; level <= 32; level++) {
    const namespace = create(cred);
    assert.equal(namespace.level, level);
    for (const which of ["uids", "gids"] as const) namespace.writeMap(which, "0 0 1", cred, cred);
    cred = cred.entering(namespace);
  }
  assert.equal(UserNamespace.create(cred), -ENOSPC);
});
