import assert from "node:assert/strict";
import { EACCES, EINVAL, EPERM } from "../abi/errno.ts";
import { S_IFREG } from "../abi/mode.ts";
import { Stat } from "../abi/stat.ts";
import { R_OK } from "../abi/open.ts";
import { TmpfsSuper } from "../tmpfs/mod.ts";
import {
  type Caller,
  chownAt,
  MountNamespace,
  parsePath,
  type PathName,
  permission,
  statAt,
  Vfs,
} from "./mod.ts";
import type { CredIdMap, FsCred } from "./cred.ts";
import { setxattrAt } from "./xattrs.ts";

/** 0 to 9 inside are 1000 to 1009 outside. */
const map: CredIdMap = {
  toKernel: (id) => id < 10 ? id + 1000 : -1,
  fromKernel: (id) => id >= 1000 && id < 1010 ? id - 1000 : -1,
  shown: (id) => id >= 1000 && id < 1010 ? id - 1000 : 65534,
};
const inside: FsCred = {
  ...{ fsuid: 1000, fsgid: 1000, groups: [] },
  capable: () => true,
  globallyCapable: () => false,
  idMaps: { uids: map, gids: map },
};

/** A tmpfs with a file `f` of this owner and group, and somebody in the namespace. */
function withFile(owner: number): { readonly c: Caller; readonly path: PathName } {
  const vfs = new Vfs();
  const mountNs = new MountNamespace(vfs, vfs.newMount(new TmpfsSuper({ mode: 0o777 })));
  const root = mountNs.rootPath;
  root.dentry.inode!.create("f", S_IFREG | 0o600, owner, owner, 0);
  return { c: { vfs, root, cwd: root, umask: 0, cred: inside, mountNs }, path: parsePath("f") as PathName };
}

Deno.test("user_namespaces(7): a capability counts over a file only if its owner and group are mapped", () => {
  const at = (uid: number, gid: number) => ({ uid, gid, mode: S_IFREG | 0o600 });
  const check = (uid: number, gid: number) => permission(inside, at(uid, gid) as never, R_OK);
  assert.equal(check(1001, 1002), 0);
  assert.equal(check(0, 1002), -EACCES);
  assert.equal(check(1001, 0), -EACCES);
});

Deno.test("statAt() shows ids of the caller's user namespace, and the overflow id for what is not mapped", () => {
  for (const [owner, shown] of [[1003, 3], [7, 65534]] as const) {
    const { c, path } = withFile(owner);
    const out = new Stat();
    assert.equal(statAt(c, null, path, 0, out), 0);
    assert.deepEqual([out.uid, out.gid], [shown, shown]);
  }
});

Deno.test("chownAt() takes ids of the caller's user namespace: EINVAL for what is not mapped, EPERM for files of others", () => {
  const { c, path } = withFile(1003);
  assert.equal(chownAt(c, null, path, 10, 0, 0), -EINVAL);
  assert.equal(chownAt(c, null, path, 4, 5, 0), 0);
  const out = new Stat();
  statAt(c, null, path, 0, out);
  assert.deepEqual([out.uid, out.gid], [4, 5]);
  const other = withFile(0);
  assert.equal(chownAt(other.c, null, other.path, 4, 5, 0), -EPERM);
});

Deno.test("security.capability written in a user namespace is for that namespace's user 0 (man 7 capabilities)", () => {
  const { c, path } = withFile(1003);
  const value = new Uint8Array(20);
  new DataView(value.buffer).setUint32(0, 0x02000001, true);
  assert.equal(setxattrAt(c, null, path, "security.capability", value, 0, true), 0);
  const kept = c.root.dentry.children!.get("f")!.inode!.getxattr("security.capability") as Uint8Array;
  const view = new DataView(kept.buffer, kept.byteOffset, kept.length);
  assert.deepEqual([kept.length, view.getUint32(0, true), view.getUint32(20, true)], [24, 0x03000001, 1000]);
  assert.equal(setxattrAt(c, null, path, "security.capability", new Uint8Array(5), 0, true), -EINVAL);
  assert.equal(setxattrAt(c, null, path, "trusted.x", value, 0, true), -EPERM);
});
