/** Propagation of mounts and unmounts, and mounts that less privileged namespaces cannot change. @module */
import assert from "node:assert/strict";
import {
  MNT_DETACH,
  MNT_EXPIRE,
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_MOVE,
  MS_PRIVATE,
  MS_REC,
  MS_REMOUNT,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../abi/mount.ts";
import { Files, named, path, testCaller } from "../testing/mod.ts";
import { TmpfsSuper, tmpfsType } from "../tmpfs/mod.ts";
import { closeDetached, lookupAt, mountAt, type MountNamespace, type VPath } from "./mod.ts";

interface World {
  readonly c: ReturnType<typeof testCaller>;
  readonly f: Files;
  /** mount(2), as errno name or 0. */
  mount(source: string, target: string, flags: number, type?: string): string | number;
  umount(target: string, flags?: number): string | number;
  place(name: string): VPath;
  /** Optional fields by path, as mountinfo would show them, with "-" for none. */
  tags(ns?: MountNamespace): Record<string, string>;
}

function world(...names: string[]): World {
  const c = testCaller(new TmpfsSuper({ mode: 0o755 }));
  c.vfs.filesystems.set("tmpfs", tmpfsType);
  const f = new Files(c);
  for (const name of names) f.mkdir(name);
  const errno = (result: number): string | number => result < 0 ? named(result) : result;
  const place = (name: string): VPath => {
    const found = lookupAt(c, null, path(name), true);
    assert.ok(typeof found !== "number", name);
    return found;
  };
  return {
    c,
    f,
    place,
    mount: (source, target, flags, type = "") =>
      errno(mountAt(c, source.startsWith("/") ? path(source) : source, path(target), type, flags, "")),
    umount: (target, flags = 0) => errno(c.mountNs.umount(place(target).mount, flags, c.root)),
    tags(ns = c.mountNs) {
      const out: Record<string, string> = {};
      for (const mount of ns.mounts()) {
        const words = [
          mount.group === null ? "" : `shared:${mount.group.id}`,
          mount.master === null ? "" : `master:${mount.master.id}`,
          mount.unbindable ? "unbindable" : "",
        ].filter((word) => word !== "");
        let name = "";
        for (let at = mount; at.parent !== null; at = at.parent) {
          for (let d = at.mountpoint!; !d.isRoot; d = d.parent) name = `/${d.name}${name}`;
        }
        out[name === "" ? "/" : name] = words.join(" ") || "-";
      }
      return out;
    },
  };
}

const COMBINATIONS = [
  ["shared", "shared", "shared:1"],
  ["shared", "private", "shared:1"],
  ["shared", "slave", "shared:1"],
  ["shared", "unbindable", "EINVAL"],
  ["private", "shared", "shared:1"],
  ["private", "private", "-"],
  ["private", "slave", "master:1"],
  ["private", "unbindable", "EINVAL"],
] as const;
const TYPE = { shared: MS_SHARED, private: MS_PRIVATE, slave: MS_SLAVE, unbindable: MS_UNBINDABLE };

/** Gives the mount at /s a type; for a slave /m is its master. */
function prepare(w: World, source: keyof typeof TYPE): void {
  w.mount("/s", "/s", MS_BIND);
  if (source === "private") return;
  if (source === "slave") {
    w.mount("", "/s", MS_SHARED);
    w.mount("/s", "/m", MS_BIND);
    w.mount("", "/s", MS_SLAVE);
  } else w.mount("", "/s", TYPE[source]);
}

for (const [destination, source, expected] of COMBINATIONS) {
  Deno.test(`sharedsubtree 5c, bind: a ${source} mount bound on a ${destination} one`, () => {
    const w = world("/s", "/m", "/d");
    w.mount("none", "/d", 0, "tmpfs");
    w.f.mkdir("/d/at");
    prepare(w, source);
    if (destination === "shared") w.mount("", "/d", MS_SHARED);
    const result = w.mount("/s", "/d/at", MS_BIND);
    if (expected === "EINVAL") return assert.equal(result, "EINVAL");
    assert.equal(result, 0);
    const tags = w.tags()["/d/at"]!;
    // A bind of a shared mount is its peer; one of a slave has the same master, and is shared where the destination is.
    if (source === "shared") assert.equal(tags, w.tags()["/s"]);
    else if (source === "slave" && destination === "shared") assert.match(tags, /^shared:\d+ master:1$/);
    else {assert.match(
        tags,
        expected === "-" ? /^-$/ : destination === "shared" ? /^shared:\d+$/ : /^master:1$/,
      );}
  });

  Deno.test(`sharedsubtree 5d, move: a ${source} mount moved to a ${destination} one`, () => {
    const w = world("/s", "/m", "/d");
    w.mount("none", "/d", 0, "tmpfs");
    w.f.mkdir("/d/at");
    prepare(w, source);
    const before = w.tags()["/s"]!;
    if (destination === "shared") w.mount("", "/d", MS_SHARED);
    const result = w.mount("/s", "/d/at", MS_MOVE);
    // An unbindable mount moves to a mount that is not shared, and stays unbindable.
    if (source === "unbindable" && destination === "shared") return assert.equal(result, "EINVAL");
    assert.equal(result, 0);
    const after = w.tags()["/d/at"]!;
    if (destination === "private" || source === "shared") assert.equal(after, before);
    else assert.match(after, source === "slave" ? /^shared:\d+ master:1$/ : /^shared:\d+$/);
  });
}

Deno.test("sharedsubtree 5b: a mount on a shared mount appears on its peers and slaves, not the other way from a slave", () => {
  const w = world("/a", "/peer", "/slave");
  w.mount("none", "/a", 0, "tmpfs");
  w.f.mkdir("/a/x");
  w.f.mkdir("/a/y");
  w.mount("", "/a", MS_SHARED);
  w.mount("/a", "/peer", MS_BIND);
  w.mount("/a", "/slave", MS_BIND);
  w.mount("", "/slave", MS_SLAVE);
  assert.equal(w.mount("none", "/a/x", 0, "tmpfs"), 0);
  const tags = w.tags();
  assert.equal(tags["/peer/x"], tags["/a/x"]);
  assert.match(tags["/slave/x"]!, /^master:\d+$/);
  assert.equal(w.mount("none", "/slave/y", 0, "tmpfs"), 0);
  assert.equal(w.tags()["/a/y"], undefined);
  assert.equal(w.umount("/peer/x"), 0);
  assert.deepEqual(Object.keys(w.tags()).filter((name) => name.endsWith("/x")), []);
});

Deno.test("sharedsubtree 5e: a counterpart with something mounted on it stays; what covers a counterpart takes its place", () => {
  const w = world("/a", "/b");
  w.mount("none", "/a", 0, "tmpfs");
  w.f.mkdir("/a/x");
  w.mount("", "/a", MS_SHARED);
  w.mount("/a", "/b", MS_BIND);
  w.mount("", "/b", MS_SLAVE);
  w.mount("none", "/a/x", 0, "tmpfs");
  w.f.mkdir("/a/x/in");
  w.mount("none", "/b/x/in", 0, "tmpfs");
  assert.equal(w.umount("/a/x"), 0);
  assert.deepEqual(Object.keys(w.tags()).sort(), ["/", "/a", "/b", "/b/x", "/b/x/in"]);
  w.umount("/b/x/in");
  w.umount("/b/x");
  w.mount("none", "/a/x", 0, "tmpfs");
  w.mount("none", "/b/x", 0, "tmpfs"); // covers what came from /a
  w.f.write("/b/x/top", "");
  assert.equal(w.umount("/a/x"), 0);
  assert.deepEqual(w.f.list("/b/x"), ["top"]);
  assert.equal(w.place("/b/x").mount.parent, w.place("/b").mount);
});

Deno.test("a shared mount under a shared parent cannot be moved; unbindable ones are left out of a recursive bind", () => {
  const w = world("/a", "/b");
  w.mount("none", "/a", 0, "tmpfs");
  w.f.mkdir("/a/x");
  w.f.mkdir("/a/y");
  w.mount("", "/a", MS_SHARED);
  w.mount("none", "/a/x", 0, "tmpfs");
  w.mount("none", "/a/y", 0, "tmpfs");
  assert.equal(w.mount("/a/x", "/b", MS_MOVE), "EINVAL");
  w.mount("", "/a/y", MS_UNBINDABLE);
  assert.equal(w.mount("/a", "/b", MS_BIND | MS_REC), 0);
  assert.deepEqual(Object.keys(w.tags()).filter((name) => name.startsWith("/b")), ["/b", "/b/x"]);
  assert.equal(w.mount("/a/y", "/b", MS_BIND), "EINVAL");
});

Deno.test("the last peer gone, its slaves go to its master (sharedsubtree 5a); numbers of groups are used again", () => {
  const w = world("/top", "/mid", "/low");
  w.mount("/top", "/top", MS_BIND);
  w.mount("", "/top", MS_SHARED);
  w.mount("/top", "/mid", MS_BIND);
  w.mount("", "/mid", MS_SLAVE);
  w.mount("", "/mid", MS_SHARED);
  w.mount("/mid", "/low", MS_BIND);
  w.mount("", "/low", MS_SLAVE);
  assert.deepEqual(w.tags(), {
    "/": "-",
    "/top": "shared:1",
    "/mid": "shared:2 master:1",
    "/low": "master:2",
  });
  w.umount("/mid");
  assert.equal(w.tags()["/low"], "master:1");
  w.mount("", "/low", MS_SHARED);
  assert.equal(w.tags()["/low"], "shared:2 master:1");
});

Deno.test("man 7 mount_namespaces, Restrictions: in a less privileged namespace shared mounts become slaves and all are locked", () => {
  const w = world("/ro", "/cover", "/put");
  w.mount("none", "/ro", 0, "tmpfs");
  w.mount("none", "/ro", MS_REMOUNT | MS_BIND | 1, "");
  w.mount("", "/ro", MS_SHARED);
  w.mount("none", "/cover", 0, "tmpfs");
  const { namespace } = w.c.mountNs.clone({});
  const at = (name: string): VPath => {
    const found = lookupAt(
      Object.assign(Object.create(w.c), {
        mountNs: namespace,
        root: namespace.rootPath,
        cwd: namespace.rootPath,
      }),
      null,
      path(name),
      true,
    );
    assert.ok(typeof found !== "number");
    return found;
  };
  assert.equal(w.tags(namespace)["/ro"], "master:1");
  const ro = at("/ro").mount;
  assert.equal(named(namespace.setAttr(ro, 0, MOUNT_ATTR_RDONLY, 0, false)), "EPERM");
  assert.equal(named(namespace.setAttr(ro, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, 0, false)), "EPERM");
  assert.equal(namespace.setAttr(ro, MOUNT_ATTR_NODEV, 0, 0, false), 0);
  assert.equal(named(namespace.umount(at("/cover").mount, MNT_DETACH)), "EINVAL");
  assert.equal(named(namespace.move(at("/cover").mount, at("/put"))), "EINVAL");
  // A bind without what is mounted below would show what that covers; with it, it may be made.
  assert.equal(named(namespace.cloneTree(at("/"), false) as number), "EINVAL");
  assert.equal(typeof namespace.cloneTree(at("/"), true), "object");
  // What the namespace mounts itself is its own.
  const own = w.c.vfs.newMount(new TmpfsSuper());
  assert.equal(namespace.attach(own, at("/put")), 0);
  assert.equal(namespace.umount(own, 0), 0);
});

Deno.test("man 2 umount2: MNT_EXPIRE wants two calls without a use between them; in use is EBUSY, MNT_DETACH takes it anyway", () => {
  const w = world("/m", "/n");
  w.mount("none", "/m", 0, "tmpfs");
  const { mount } = w.place("/m");
  let held = true;
  w.c.vfs.holders = () => held ? [{ mount, writes: true }] : [];
  assert.equal(w.umount("/m"), "EBUSY");
  assert.equal(w.umount("/m", MNT_EXPIRE), "EBUSY");
  assert.equal(named(w.c.mountNs.setAttr(mount, MOUNT_ATTR_RDONLY, 0, 0, false)), "EBUSY");
  held = false;
  assert.equal(w.umount("/m", MNT_EXPIRE | MNT_DETACH), "EINVAL");
  assert.equal(w.umount("/m", MNT_EXPIRE), "EAGAIN");
  w.mount("/m", "/n", MS_MOVE);
  assert.equal(w.umount("/n", MNT_EXPIRE), "EAGAIN");
  assert.equal(w.umount("/n", MNT_EXPIRE), 0);
  w.mount("none", "/m", 0, "tmpfs");
  w.f.mkdir("/m/in");
  w.mount("none", "/m/in", 0, "tmpfs");
  assert.equal(w.umount("/m"), "EBUSY");
  assert.equal(w.umount("/m", MNT_DETACH), 0);
  assert.equal(w.c.mountNs.mounts().length, 1);
});

Deno.test("a tree that is mounted nowhere goes with its descriptor, unless it was attached (man 2 open_tree)", () => {
  const w = world("/a", "/b");
  w.mount("none", "/a", 0, "tmpfs");
  w.mount("", "/a", MS_SHARED);
  const copy = w.c.mountNs.cloneTree(w.place("/a"), true);
  assert.ok(typeof copy !== "number");
  const { group } = w.place("/a").mount;
  assert.equal(group!.members.size, 2);
  copy.namespace ?? w.c.mountNs.detach(copy);
  closeDetached(copy);
  assert.equal(group!.members.size, 1);
  const kept = w.c.mountNs.cloneTree(w.place("/a"), true);
  assert.ok(typeof kept !== "number");
  w.c.mountNs.detach(kept);
  assert.equal(w.c.mountNs.move(kept, w.place("/b")), 0);
  closeDetached(kept);
  assert.equal(w.tags()["/b"], "shared:1");
});

Deno.test("a directory removed elsewhere takes off what this namespace has not mounted there (man 2 rmdir, since Linux 3.18)", () => {
  const w = world("/d", "/e");
  w.mount("none", "/d", 0, "tmpfs");
  const { namespace } = w.c.mountNs.clone();
  assert.equal(w.f.rmdir("/d"), "EBUSY");
  assert.equal(w.umount("/d"), 0);
  assert.equal(namespace.mounts().length, 2);
  assert.equal(w.f.rmdir("/d"), 0);
  assert.equal(namespace.mounts().length, 1);
});
