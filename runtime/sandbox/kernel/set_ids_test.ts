import assert from "node:assert/strict";
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import { CapSet } from "./cap_set.ts";
import { Credentials, SECBIT_KEEP_CAPS, SECBIT_NO_SETUID_FIXUP } from "./credentials.ts";
import { setfsuid, setgid, setgroups, setregid, setresgid, setresuid, setreuid, setuid } from "./set_ids.ts";
import { UserNamespace } from "./user_namespace.ts";

const ROOT = Credentials.ROOT;
const USER = setresuid(ROOT, 1000, 1000, 1000) as Credentials;
const ids = (cred: Credentials | number): number[] => {
  const { uid, euid, suid, fsuid } = (cred as Credentials).fields;
  return [uid, euid, suid, fsuid];
};

Deno.test("setresuid(2): an unprivileged process may change each id to one of its real, effective and saved ids", () => {
  const mixed = setresuid(ROOT, 1, 2, 3) as Credentials;
  assert.deepEqual(ids(mixed), [1, 2, 3, 2]);
  assert.deepEqual(ids(setresuid(mixed, 3, 1, -1)), [3, 1, 3, 1]);
  assert.equal(setresuid(mixed, -1, 4, -1), -EPERM);
});

Deno.test("setreuid(2): the saved id follows when the real id is set, or the effective one to something else than it", () => {
  assert.deepEqual(ids(setreuid(ROOT, -1, 5)), [0, 5, 5, 5]);
  assert.deepEqual(ids(setreuid(setresuid(ROOT, 1, 2, 3) as Credentials, -1, 1)), [1, 1, 3, 1]);
  assert.deepEqual(ids(setreuid(setresuid(ROOT, 1, 2, 3) as Credentials, 2, 1)), [2, 1, 1, 1]);
  assert.equal(setreuid(setresuid(ROOT, 1, 2, 3) as Credentials, 3, -1), -EPERM);
});

Deno.test("setuid(2): with CAP_SETUID all three ids, else the effective one to the real or saved", () => {
  assert.deepEqual(ids(setuid(ROOT, 7)), [7, 7, 7, 7]);
  const dropped = setresuid(ROOT, 1000, 1000, 0) as Credentials;
  assert.deepEqual(ids(setuid(dropped, 0)), [1000, 0, 0, 0]);
  assert.equal(setuid(USER, 0), -EPERM);
});

Deno.test("setfsuid(2) has no errors: what is not allowed changes nothing", () => {
  assert.ok(setfsuid(USER, 5) === USER);
  const fs = setfsuid(ROOT, 5);
  assert.equal(fs.fsuid, 5);
  assert.ok(!fs.capable(1) && fs.capable(7), "capabilities about files go");
  assert.ok(setfsuid(fs, 0).capable(1), "and come back");
});

Deno.test("capabilities(7), effect of user ID changes: losing all 0 clears permitted, effective and ambient; keepcaps keeps permitted", () => {
  assert.ok(USER.fields.permitted.within(CapSet.EMPTY));
  const kept = setresuid(ROOT.with({ securebits: SECBIT_KEEP_CAPS }), 1, 1, 1) as Credentials;
  assert.equal(kept.fields.permitted, ROOT.fields.permitted);
  assert.ok(kept.fields.effective.within(CapSet.EMPTY));
});

Deno.test("capabilities(7): effective 0 to nonzero clears the effective set, back copies the permitted one", () => {
  const away = setresuid(ROOT, -1, 5, -1) as Credentials;
  assert.ok(away.fields.effective.within(CapSet.EMPTY) && away.fields.permitted.has(0));
  assert.ok((setresuid(away, -1, 0, -1) as Credentials).capable(0));
  const fixed = setresuid(ROOT.with({ securebits: SECBIT_NO_SETUID_FIXUP }), 5, 5, 5) as Credentials;
  assert.ok(fixed.capable(0), "SECBIT_NO_SETUID_FIXUP");
});

Deno.test("setgid, setresgid, setregid, setgroups: CAP_SETGID, or an own id", () => {
  const user = setresuid(setresgid(ROOT, 10, 11, 12) as Credentials, 1000, 1000, 1000) as Credentials;
  assert.equal((setgid(user, 12) as Credentials).fields.egid, 12);
  assert.equal(setgid(user, 11), -EPERM);
  assert.equal(setresgid(user, 13, -1, -1), -EPERM);
  assert.deepEqual((setregid(user, 11, 10) as Credentials).fields.sgid, 10);
  assert.equal(setgroups(user, []), -EPERM);
  assert.deepEqual((setgroups(ROOT, [9, 3]) as Credentials).groups, [3, 9]);
  assert.equal(setgroups(ROOT, new Array(65537).fill(1)), -EINVAL);
});

Deno.test("user_namespaces(7): ids are those of the namespace, EINVAL for what has no mapping; setgroups only after gid_map and unless denied", () => {
  const namespace = UserNamespace.create(USER) as UserNamespace;
  const inside = USER.entering(namespace);
  assert.equal(setuid(inside, 0), -EINVAL);
  assert.equal(namespace.writeMap("uids", "0 1000 1", USER, USER), 0);
  assert.deepEqual(ids(setresuid(inside, 0, 0, 0)), [1000, 1000, 1000, 1000]);
  assert.equal(setresuid(inside, 1, -1, -1), -EINVAL);
  assert.equal(setgroups(inside, []), -EPERM);
  namespace.writeMap("gids", "0 1000 1\n1 2000 5", ROOT, ROOT);
  assert.deepEqual((setgroups(inside, [2]) as Credentials).groups, [2001]);
  assert.equal(setgroups(inside, [7]), -EINVAL);
});
