/** Id-mapped mounts (man 2 mount_setattr, "ID-mapped mounts"). @module */
import assert from "node:assert/strict";
import { S_IFREG } from "../abi/mode.ts";
import { MOUNT_ATTR_RDONLY } from "../abi/mount.ts";
import { O_CREAT, O_RDWR, O_WRONLY } from "../abi/open.ts";
import { Files, named, path, testCaller, userCred } from "../testing/mod.ts";
import { TmpfsSuper } from "../tmpfs/mod.ts";
import type { CredIdMap } from "./cred.ts";
import { chownAt, lookupAt, MountIdMap, mountinfo, type VPath } from "./mod.ts";

/** Ids `first` to `first + 9` of a namespace are `lower` to `lower + 9` outside. */
function map(first: number, lower: number): CredIdMap {
  const toKernel = (id: number): number => id >= first && id < first + 10 ? id - first + lower : -1;
  const fromKernel = (id: number): number => id >= lower && id < lower + 10 ? id - lower + first : -1;
  return { toKernel, fromKernel, shown: (id) => fromKernel(id) < 0 ? 65534 : fromKernel(id) };
}

/** A directory of root's at /src, and its mount at /mapped where ids 0 to 9 are 1000 to 1009. */
function world() {
  const c = testCaller(new TmpfsSuper({ mode: 0o755 }));
  const f = new Files(c);
  f.mkdir("/src");
  f.mkdir("/mapped");
  f.write("/src/file", "x", 0o600);
  const place = (name: string): VPath => lookupAt(c, null, path(name), true) as VPath;
  const tree = c.mountNs.cloneTree(place("/src"), false);
  assert.ok(typeof tree !== "number");
  const idmap = new MountIdMap({ uids: map(0, 1000), gids: map(0, 2000) });
  assert.equal(named(c.mountNs.setAttr(place("/").mount, 0, 0, 0, false, idmap)), "EINVAL"); // it is in the tree already
  c.mountNs.detach(tree);
  assert.equal(c.mountNs.setAttr(tree, MOUNT_ATTR_RDONLY, 0, 0, false, idmap), 0);
  assert.equal(named(c.mountNs.setAttr(tree, 0, 0, 0, false, idmap)), "EPERM"); // once only
  c.mountNs.setAttr(tree, 0, MOUNT_ATTR_RDONLY, 0, false);
  assert.equal(c.mountNs.move(tree, place("/mapped")), 0);
  return {
    c,
    f,
    as: (uid: number, gid: number) =>
      new Files(Object.assign(Object.create(c), { cred: userCred(uid, gid) })),
  };
}

Deno.test("owners are those outside of the map; the filesystem keeps its own", () => {
  const { f } = world();
  const [seen, kept] = [f.stat("/mapped/file"), f.stat("/src/file")];
  assert.deepEqual([seen.uid, seen.gid, kept.uid, kept.gid], [1000, 2000, 0, 0]);
});

Deno.test("permissions are of whom the file belongs to through the mount, and what is made there belongs to its maker", () => {
  const { f, as } = world();
  const user = as(1000, 2000);
  assert.equal(user.opens("/mapped/file", O_RDWR), "ok");
  assert.equal(user.opens("/src/file"), "EACCES");
  user.write("/mapped/new", "y");
  user.mkdir("/mapped/dir");
  assert.deepEqual([f.stat("/src/new").uid, f.stat("/src/new").gid, f.stat("/src/dir").uid], [0, 0, 0]);
  assert.equal(user.stat("/mapped/new").uid, 1000);
  assert.equal(user.rename("/mapped/new", "/mapped/dir/moved"), 0);
  assert.equal(user.unlink("/mapped/dir/moved"), 0);
  // root is nobody there: it may do what its capabilities say over mapped owners, but has no id to make files with.
  assert.equal(f.opens("/mapped/file", O_RDWR), "ok");
  assert.equal(f.opens("/mapped/other", O_WRONLY | O_CREAT), "EOVERFLOW");
});

Deno.test("chown through the mount takes ids outside of the map; those without a place in it are EINVAL; unmapped owners are nobody", () => {
  const { c, f } = world();
  assert.equal(chownAt(c, null, path("/mapped/file"), 1003, 2004, 0), 0);
  assert.deepEqual([f.stat("/src/file").uid, f.stat("/src/file").gid], [3, 4]);
  assert.equal(named(chownAt(c, null, path("/mapped/file"), 5, 5, 0)), "EINVAL");
  chownAt(c, null, path("/src/file"), 77, 77, 0);
  assert.equal(f.stat("/mapped/file").uid, 65534);
  assert.equal(named(chownAt(c, null, path("/mapped/file"), 1000, -1, 0)), "EPERM"); // no capability over an unmapped owner
});

Deno.test("mountinfo says idmapped; a bind of the mount has its map", () => {
  const { c, f } = world();
  assert.match(mountinfo(c.mountNs, c.root), / \/src \/mapped rw,relatime,idmapped - tmpfs/);
  f.mkdir("/again");
  const at = lookupAt(c, null, path("/mapped"), true) as VPath;
  const copy = c.mountNs.cloneTree(at, true);
  assert.ok(typeof copy !== "number");
  c.mountNs.attach(copy, lookupAt(c, null, path("/again"), true) as VPath);
  assert.equal(f.stat("/again/file").uid, 1000);
  assert.equal(f.stat("/again/file").mode & S_IFREG, S_IFREG);
});
