import assert from "node:assert/strict";
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import { MOUNT_ATTR_NOSUID } from "../../../fs/abi/mount.ts";
import { S_IFREG } from "../../../fs/abi/mode.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { CapSet } from "./cap_set.ts";
import { Credentials, SECBIT_KEEP_CAPS, SECBIT_NOROOT } from "./credentials.ts";
import { credentialsAfterExec, parseFileCaps } from "./exec_cred.ts";
import { setresgid, setresuid } from "./set_ids.ts";
import { UserNamespace } from "./user_namespace.ts";

const ROOT = Credentials.ROOT;
const USER = setresuid(setresgid(ROOT, 1000, 1000, 1000) as Credentials, 1000, 1000, 1000) as Credentials;
const NET_RAW = 13, CHOWN = 0, SETUID = 7;

/** A file as execve sees it. */
function file(
  fields: {
    readonly mode?: number;
    readonly uid?: number;
    readonly gid?: number;
    readonly caps?: Uint8Array;
  },
  { nosuid = false, trusted = true } = {},
): OpenFile {
  const { mode = 0o755, uid = 0, gid = 0, caps } = fields;
  const inode = { mode: S_IFREG | mode, uid, gid, sb: { trusted }, getxattr: () => caps ?? -61 };
  return { inode, mount: { flags: nosuid ? MOUNT_ATTR_NOSUID : 0 } } as unknown as OpenFile;
}

function capsAttr(
  permitted: number[],
  inheritable: number[] = [],
  effective = true,
  rootId?: number,
): Uint8Array {
  const bytes = new Uint8Array(rootId === undefined ? 20 : 24);
  const view = new DataView(bytes.buffer);
  const p = CapSet.of(permitted), i = CapSet.of(inheritable);
  view.setUint32(0, (rootId === undefined ? 0x02000000 : 0x03000000) | Number(effective), true);
  [p.low, i.low, p.high, i.high].forEach((word, n) => view.setUint32(4 + 4 * n, word, true));
  if (rootId !== undefined) view.setUint32(20, rootId, true);
  return bytes;
}

const after = (cred: Credentials, on: OpenFile, sharesFs = false): Credentials =>
  credentialsAfterExec(cred, on, sharesFs) as Credentials;

Deno.test("execve(2): set-user-ID gives the file's owner, and root's gives every capability of the bounding set", () => {
  const next = after(USER, file({ mode: 0o4755, uid: 0 }));
  assert.deepEqual([next.fields.uid, next.fields.euid, next.fields.suid], [1000, 0, 0]);
  assert.equal(next.fields.effective.toString(), CapSet.FULL.toString());
  assert.equal(after(USER, file({ mode: 0o4755, uid: 5 })).fields.euid, 5);
  assert.equal(after(USER, file({ mode: 0o2755, gid: 6 })).fields.egid, 6);
  assert.equal(
    after(USER, file({ mode: 0o2745, gid: 6 })).fields.egid,
    1000,
    "mandatory locking, not set-group-ID",
  );
});

Deno.test("execve(2): set-id bits and file capabilities are ignored with no_new_privs, nosuid, and on trees the host's users control", () => {
  const caps = capsAttr([NET_RAW]);
  for (
    const next of [
      after(USER.with({ noNewPrivs: true }), file({ mode: 0o4755, caps })),
      after(USER, file({ mode: 0o4755, caps }, { nosuid: true })),
      after(USER, file({ mode: 0o4755, caps }, { trusted: false })),
    ]
  ) {
    assert.equal(next.fields.euid, 1000);
    assert.ok(next.fields.permitted.within(CapSet.EMPTY));
  }
});

Deno.test("capabilities(7): P'(permitted) = (P(inheritable) & F(inheritable)) | (F(permitted) & P(bounding)) | P'(ambient)", () => {
  assert.ok(after(USER, file({ caps: capsAttr([NET_RAW]) })).capable(NET_RAW));
  const unset = after(USER, file({ caps: capsAttr([NET_RAW], [], false) }));
  assert.ok(unset.fields.permitted.has(NET_RAW) && !unset.capable(NET_RAW), "without the effective bit");
  const inheriting = USER.with({ inheritable: CapSet.of([CHOWN]) });
  assert.ok(
    after(inheriting, file({ caps: capsAttr([], [CHOWN, NET_RAW], false) })).fields.permitted.has(CHOWN),
  );
  const bounded = USER.with({ bounding: CapSet.EMPTY });
  assert.equal(
    credentialsAfterExec(bounded, file({ caps: capsAttr([NET_RAW]) }), false),
    -EPERM,
    "capability-dumb binaries",
  );
});

Deno.test("capabilities(7): ambient capabilities survive an ordinary file, not a privileged one", () => {
  const cred = USER.with({
    permitted: CapSet.of([CHOWN]),
    inheritable: CapSet.of([CHOWN]),
    ambient: CapSet.of([CHOWN]),
  });
  assert.ok(after(cred, file({})).capable(CHOWN));
  assert.ok(!after(cred, file({ caps: capsAttr([NET_RAW]) })).fields.ambient.has(CHOWN));
  assert.ok(!after(cred, file({ mode: 0o4755, uid: 5 })).fields.ambient.has(CHOWN));
});

Deno.test("capabilities(7): root gets all; with SECBIT_NOROOT nothing; set-user-ID-root with file capabilities only those", () => {
  assert.ok(after(ROOT, file({})).capable(NET_RAW));
  assert.ok(!after(ROOT.with({ securebits: SECBIT_NOROOT }), file({})).capable(NET_RAW));
  const both = after(USER, file({ mode: 0o4755, uid: 0, caps: capsAttr([NET_RAW]) }));
  assert.ok(both.capable(NET_RAW) && !both.capable(CHOWN));
  assert.equal(after(ROOT.with({ securebits: SECBIT_KEEP_CAPS }), file({})).fields.securebits, 0);
});

Deno.test("capabilities(7): version 3 counts only where its root id is user 0", () => {
  const namespace = UserNamespace.create(USER) as UserNamespace;
  namespace.writeMap("uids", "0 1000 1", ROOT, ROOT);
  const inside = USER.entering(namespace).with({
    permitted: CapSet.EMPTY,
    effective: CapSet.EMPTY,
    uid: 1001,
    euid: 1001,
  });
  assert.ok(after(inside, file({ caps: capsAttr([NET_RAW], [], true, 1000) })).capable(NET_RAW));
  assert.ok(!after(USER, file({ caps: capsAttr([NET_RAW], [], true, 1000) })).capable(NET_RAW));
});

Deno.test("user_namespaces(7): set-id bits are ignored where the file's ids are not mapped", () => {
  const namespace = UserNamespace.create(USER) as UserNamespace;
  namespace.writeMap("uids", "0 1000 1", ROOT, ROOT);
  namespace.writeMap("gids", "0 1000 1", ROOT, ROOT);
  assert.equal(after(USER.entering(namespace), file({ mode: 0o4755, uid: 0 })).fields.euid, 1000);
});

Deno.test("execve(2): nothing is gained while another process shares root and working directory", () => {
  const next = after(USER, file({ mode: 0o4755, uid: 0 }), true);
  assert.equal(next.fields.euid, 1000);
  assert.ok(!next.capable(SETUID));
});

Deno.test("security.capability of another size or version is EINVAL", () => {
  assert.equal(parseFileCaps(new Uint8Array(3)), -EINVAL);
  assert.equal(parseFileCaps(capsAttr([1]).subarray(0, 19)), -EINVAL);
  assert.equal(credentialsAfterExec(USER, file({ caps: new Uint8Array(20) }), false), -EINVAL);
});
