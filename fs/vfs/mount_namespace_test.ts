/** Mounts: attaching, moving, binding, pivot_root, mountinfo. @module */
import assert from "node:assert/strict";
import { MNT_DETACH, MOUNT_ATTR_RDONLY, MS_PRIVATE, MS_SHARED, MS_SLAVE } from "../abi/mount.ts";
import { O_WRONLY } from "../abi/open.ts";
import { Files, named, path, testCaller } from "../testing/mod.ts";
import type { TestCaller } from "../testing/mod.ts";
import { TmpfsSuper } from "../tmpfs/mod.ts";
import { lookupAt, type Mount, type VPath } from "./mod.ts";
import { mountsOn } from "./mount_tree.ts";
import { mountinfo, mounts, mountstats } from "./mountinfo.ts";

function fresh(): { f: Files; c: TestCaller; place: (name: string) => VPath } {
  const c = testCaller(new TmpfsSuper({ mode: 0o755 }));
  const place = (name: string): VPath => {
    const found = lookupAt(c, null, path(name), true);
    assert.ok(typeof found !== "number", name);
    return found;
  };
  return { f: new Files(c), c, place };
}

Deno.test("a mount covers a directory until it is taken off; the topmost of several counts", () => {
  const { f, c, place } = fresh();
  f.mkdir("/m");
  f.write("/m/below", "");
  const one = c.vfs.newMount(new TmpfsSuper()), two = c.vfs.newMount(new TmpfsSuper());
  assert.equal(c.mountNs.attach(one, place("/m")), 0);
  f.write("/m/one", "");
  assert.equal(c.mountNs.attach(two, place("/m")), 0);
  assert.deepEqual(f.list("/m"), []);
  assert.equal(named(c.mountNs.umount(one, 0)), "EBUSY");
  assert.equal(c.mountNs.umount(two, 0), 0);
  assert.deepEqual(f.list("/m"), ["one"]);
  assert.equal(c.mountNs.umount(one, 0), 0);
  assert.deepEqual(f.list("/m"), ["below"]);
  assert.equal(named(c.mountNs.umount(c.mountNs.bottom, MNT_DETACH)), "EINVAL");
});

Deno.test("'..' crosses from a mount to where it sits", () => {
  const { f, c, place } = fresh();
  f.mkdir("/a");
  f.mkdir("/a/m");
  f.write("/a/beside", "x");
  c.mountNs.attach(c.vfs.newMount(new TmpfsSuper()), place("/a/m"));
  f.mkdir("/a/m/d");
  assert.equal(f.text("/a/m/d/../../beside"), "x");
  assert.equal(f.rename("/a/beside", "/a/m/beside"), "EXDEV");
  assert.equal(f.link("/a/beside", "/a/m/beside"), "EXDEV");
  assert.equal(f.rmdir("/a/m"), "EBUSY");
});

Deno.test("a bind shows a part of a tree; read-only is the mount's own affair", () => {
  const { f, c, place } = fresh();
  f.mkdir("/src");
  f.mkdir("/src/in");
  f.mkdir("/dst");
  const bind = c.mountNs.cloneTree(place("/src"), false);
  assert.ok(typeof bind !== "number");
  c.mountNs.attach(bind, place("/dst"));
  f.write("/dst/in/file", "x");
  assert.equal(f.text("/src/in/file"), "x");
  assert.equal(c.mountNs.setAttr(bind, MOUNT_ATTR_RDONLY, 0, 0, false), 0);
  assert.equal(f.opens("/dst/in/file", O_WRONLY), "EROFS");
  assert.equal(f.opens("/src/in/file", O_WRONLY), "ok");
  assert.deepEqual(f.list("/dst/.."), ["dst", "src"]);
});

Deno.test("directories and files are mounted on their own kind only", () => {
  const { f, c, place } = fresh();
  f.mkdir("/d");
  f.write("/f", "");
  f.write("/other", "content");
  assert.equal(named(c.mountNs.attach(c.vfs.newMount(new TmpfsSuper()), place("/f"))), "ENOTDIR");
  const file = c.mountNs.cloneTree(place("/other"), false);
  assert.ok(typeof file !== "number");
  assert.equal(named(c.mountNs.attach(file, place("/d"))), "ENOTDIR");
  assert.equal(c.mountNs.attach(file, place("/f")), 0);
  assert.equal(f.text("/f"), "content");
  assert.equal(f.unlink("/f"), "EBUSY");
});

Deno.test("a clone of the namespace changes on its own", () => {
  const { f, c, place } = fresh();
  f.mkdir("/m");
  c.mountNs.attach(c.vfs.newMount(new TmpfsSuper()), place("/m"));
  const { namespace, mapping } = c.mountNs.clone();
  assert.equal(namespace.mounts().length, 2);
  assert.equal(mapping.size, 3); // and the bottom of the tree
  namespace.umount(namespace.mounts()[1]!, 0);
  assert.deepEqual([namespace.mounts().length, c.mountNs.mounts().length], [1, 2]);
});

Deno.test("a mount cannot be moved below itself, and moves with what is on it", () => {
  const { f, c, place } = fresh();
  for (const name of ["/a", "/b"]) f.mkdir(name);
  const mount = c.vfs.newMount(new TmpfsSuper());
  c.mountNs.attach(mount, place("/a"));
  f.mkdir("/a/in");
  c.mountNs.attach(c.vfs.newMount(new TmpfsSuper()), place("/a/in"));
  f.write("/a/in/x", "deep");
  assert.equal(named(c.mountNs.move(mount, place("/a/in"))), "ELOOP");
  assert.equal(c.mountNs.move(mount, place("/b")), 0);
  assert.equal(f.text("/b/in/x"), "deep");
  assert.deepEqual(f.list("/a"), []);
});

Deno.test("pivot_root: the new root is a mount, the old one goes below it", () => {
  const { f, c, place } = fresh();
  f.mkdir("/new");
  f.write("/old-file", "");
  assert.equal(named(c.mountNs.pivotRoot(place("/new"), place("/new"))), "EBUSY");
  c.mountNs.attach(c.vfs.newMount(new TmpfsSuper()), place("/new"));
  f.mkdir("/new/put");
  assert.equal(c.mountNs.pivotRoot(place("/new"), place("/new/put")), 0);
  c.root = c.cwd = c.mountNs.rootPath;
  assert.deepEqual(f.list("/"), ["put"]);
  assert.deepEqual(f.list("/put"), ["new", "old-file"]);
  assert.equal(c.mountNs.umount(place("/put").mount, MNT_DETACH), 0);
  assert.deepEqual(f.list("/put"), []);
});

Deno.test("mountinfo (man 5 proc_pid_mountinfo): escapes, roots of binds, propagation, only what the root can reach", () => {
  const { f, c, place } = fresh();
  f.mkdir("/with space");
  f.mkdir("/src");
  f.mkdir("/src/sub");
  f.mkdir("/bind");
  const tmpfs = c.vfs.newMount(new TmpfsSuper({ size: 65536 }), { source: "a\tb", flags: MOUNT_ATTR_RDONLY });
  c.mountNs.attach(tmpfs, place("/with space"));
  c.mountNs.setAttr(tmpfs, 0, 0, MS_SHARED, false);
  const bind = c.mountNs.cloneTree(place("/src/sub"), false);
  assert.ok(typeof bind !== "number");
  c.mountNs.attach(bind, place("/bind"));
  const lines = mountinfo(c.mountNs, c.root).trimEnd().split("\n");
  assert.equal(lines.length, 3);
  assert.match(
    lines[1]!,
    /^\d+ \d+ 0:\d+ \/ \/with\\040space ro,relatime shared:\d+ - tmpfs a\\011b rw,size=64k$/,
  );
  assert.match(lines[2]!, /^\d+ \d+ 0:\d+ \/src\/sub \/bind rw,relatime - tmpfs none rw,mode=755$/);
  const peer = c.mountNs.cloneTree(place("/with space"), false);
  assert.ok(typeof peer !== "number");
  c.mountNs.setAttr(tmpfs, 0, 0, MS_SLAVE, false);
  assert.match(mountinfo(c.mountNs, c.root), / master:\d+ - tmpfs a/);
  c.mountNs.setAttr(tmpfs, 0, 0, MS_PRIVATE, false);
  assert.doesNotMatch(mountinfo(c.mountNs, c.root), /master|shared/);
  assert.deepEqual(
    mountinfo(c.mountNs, place("/bind")).trimEnd().split("\n").map((line) => line.split(" ")[4]),
    ["/"],
  );
});

Deno.test("pivot_root(2), ERRORS: EBUSY on the current root; EINVAL for what is no mount point, not below, shared or locked; ENOENT for what is gone", () => {
  const { f, c, place } = fresh();
  for (const name of ["/new", "/other", "/jail", "/jail/new"]) f.mkdir(name);
  const mount = (name: string): Mount => {
    const made = c.vfs.newMount(new TmpfsSuper());
    assert.equal(c.mountNs.attach(made, place(name)), 0);
    return made;
  };
  const pivot = (to: string, put: string, root?: VPath): string | number =>
    named(c.mountNs.pivotRoot(place(to), place(put), root));
  const fresh_ = mount("/new"), other = mount("/other");
  f.mkdir("/new/put");
  f.mkdir("/new/dir");
  assert.equal(pivot("/", "/new/put"), "EBUSY");
  assert.equal(pivot("/new", "/"), "EBUSY");
  assert.equal(pivot("/new", "/other"), "EINVAL"); // put_old is not below new_root
  assert.equal(pivot("/new/dir", "/new/put"), "EINVAL"); // not a mount point
  assert.equal(pivot("/new", "/new/put", place("/jail")), "EINVAL"); // the caller's root is no mount point
  mount("/jail");
  f.mkdir("/jail/in");
  mount("/jail/in");
  assert.equal(pivot("/new", "/new/put", place("/jail")), "EINVAL"); // new_root is not below the caller's root
  c.mountNs.setAttr(fresh_, 0, 0, MS_SHARED, false);
  assert.equal(pivot("/new", "/new/put"), "EINVAL"); // the mount that receives the old root is shared
  c.mountNs.setAttr(fresh_, 0, 0, MS_PRIVATE, false);
  c.mountNs.setAttr(c.mountNs.root, 0, 0, MS_SHARED, false);
  assert.equal(pivot("/new", "/new/put"), "EINVAL"); // the parent of new_root is shared
  c.mountNs.setAttr(c.mountNs.root, 0, 0, MS_PRIVATE, false);
  fresh_.locked = true;
  assert.equal(pivot("/new", "/new/put"), "EINVAL");
  fresh_.locked = false;
  const gone = place("/new/dir");
  f.rmdir("/new/dir");
  assert.equal(named(c.mountNs.pivotRoot(place("/new"), gone)), "ENOENT");
  assert.equal(
    named(c.mountNs.pivotRoot({ mount: c.mountNs.bottom, dentry: c.mountNs.bottom.root }, place("/new"))),
    "EINVAL",
  );
  const elsewhere = c.mountNs.clone().namespace;
  assert.equal(named(elsewhere.pivotRoot(place("/new"), place("/new/put"), c.root)), "EINVAL");
  const old = c.mountNs.root;
  old.locked = true; // a locked root hands its lock on
  assert.equal(pivot("/new", "/new/put"), 0);
  assert.deepEqual([fresh_.locked, old.locked, old.parent === fresh_, other.parent === old], [
    true,
    false,
    true,
    true,
  ]);
});

Deno.test("move_mount(2): MOVE_MOUNT_BENEATH goes below the topmost mount; MOVE_MOUNT_SET_GROUP copies peers and master", () => {
  const { f, c, place } = fresh();
  for (const name of ["/a", "/b", "/c"]) f.mkdir(name);
  const top = c.vfs.newMount(new TmpfsSuper()), below = c.vfs.newMount(new TmpfsSuper());
  c.mountNs.attach(top, place("/a"));
  f.write("/a/top", "");
  c.mountNs.attach(below, place("/b"));
  f.write("/b/below", "");
  assert.equal(named(c.mountNs.move(below, place("/"), true, c.root)), "EINVAL");
  assert.equal(named(c.mountNs.move(below, place("/c"), true, c.root)), "EINVAL"); // nothing is mounted there
  assert.equal(c.mountNs.move(below, place("/a"), true, c.root), 0);
  assert.deepEqual(f.list("/a"), ["top"]);
  assert.equal(c.mountNs.umount(top, 0), 0);
  assert.deepEqual(f.list("/a"), ["below"]);
  f.mkdir("/a/dir");
  const bind = c.mountNs.cloneTree(place("/a/dir"), false);
  assert.ok(typeof bind !== "number");
  c.mountNs.attach(bind, place("/c"));
  assert.equal(named(c.mountNs.setGroup(place("/a"), place("/c"))), "EINVAL"); // neither shared nor a slave
  c.mountNs.setAttr(below, 0, 0, MS_SHARED, false);
  assert.equal(named(c.mountNs.setGroup(place("/c"), place("/a"))), "EINVAL");
  assert.equal(c.mountNs.setGroup(place("/a"), place("/c")), 0);
  assert.equal(bind.group, below.group);
});

Deno.test("mountinfo: a bind of a directory that is gone says so; # is escaped in sources only; propagate_from names what can be seen", () => {
  const { f, c, place } = fresh();
  for (const name of ["/x#y", "/d", "/chroot", "/chroot/m", "/top"]) f.mkdir(name);
  c.mountNs.attach(c.vfs.newMount(new TmpfsSuper(), { source: "a#b c" }), place("/x#y"));
  f.mkdir("/d/sub");
  const bind = c.mountNs.cloneTree(place("/d/sub"), false);
  assert.ok(typeof bind !== "number");
  c.mountNs.attach(bind, place("/top"));
  f.rmdir("/d/sub");
  const text = mountinfo(c.mountNs, c.root);
  assert.match(text, / \/ \/x#y rw,relatime - tmpfs a\\043b\\040c rw/);
  assert.match(text, / \/d\/sub\/\/deleted \/top /);
  assert.match(mounts(c.mountNs, c.root), /^a\\043b\\040c \/x#y tmpfs rw,relatime 0 0$/m);
  assert.match(mountstats(c.mountNs, c.root), /^device a\\043b\\040c mounted on \/x#y with fstype tmpfs$/m);
});

Deno.test("a namespace that is taken apart leaves no mounts on places that others have, too", () => {
  const { f, c, place } = fresh();
  f.mkdir("/m");
  c.mountNs.attach(c.vfs.newMount(new TmpfsSuper()), place("/m"));
  const { dentry } = place("/"), before = [mountsOn(dentry).length, mountsOn(c.mountNs.bottom.root).length];
  for (let i = 0; i < 3; i++) c.mountNs.clone(c.mountNs.owner!).namespace.dissolve();
  assert.deepEqual([mountsOn(dentry).length, mountsOn(c.mountNs.bottom.root).length], before);
  assert.deepEqual(f.list("/"), ["m"]);
  assert.equal(f.rmdir("/m"), "EBUSY");
});
