/** The path walk (man 7 path_resolution): links, "..", mounts, permissions, RESOLVE_* flags; and a fuzz against a simple walker. @module */
import assert from "node:assert/strict";
import {
  O_CREAT,
  O_RDONLY,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "../abi/open.ts";
import { Files, named, path, testCaller, userCred } from "../testing/mod.ts";
import { TmpfsSuper } from "../tmpfs/mod.ts";
import { chmodAt, chownAt, lookupAt, type VPath } from "./mod.ts";
import { pathOf } from "./path_of.ts";

function fresh(): Files {
  return new Files(testCaller(new TmpfsSuper()));
}

function at(f: Files, name: string, base: VPath | null = null, resolve = 0): string {
  const found = lookupAt(f.caller, base, path(name), true, resolve);
  return typeof found === "number" ? String(named(found)) : pathOf(found, f.caller.root);
}

Deno.test("'..' cannot leave the root, however many there are", () => {
  const f = fresh();
  f.mkdir("/a");
  assert.equal(at(f, "/../../.."), "/");
  assert.equal(at(f, "/a/../../../a"), "/a");
  f.symlink("../../../../a", "/a/up");
  assert.equal(at(f, "/a/up"), "/a");
});

Deno.test("a root that is not the tree's (chroot) is as tight", () => {
  const f = fresh();
  f.mkdir("/jail");
  f.mkdir("/jail/in");
  f.mkdir("/outside");
  f.symlink("/outside", "/jail/absolute");
  f.symlink("../../outside", "/jail/in/relative");
  const jail = lookupAt(f.caller, null, path("/jail"), true);
  assert.ok(typeof jail !== "number");
  const caller = f.caller as { root: VPath; cwd: VPath };
  caller.root = caller.cwd = jail;
  for (
    const name of ["/outside", "../outside", "/../outside", "absolute", "in/relative", "/in/../../outside"]
  ) assert.equal(at(f, name), "ENOENT", name);
  assert.equal(at(f, "/in/.."), "/");
});

Deno.test("40 links in one walk are followed, one more is ELOOP", () => {
  const f = fresh();
  f.write("/l0", "end");
  for (let i = 1; i <= 41; i++) f.symlink(`l${i - 1}`, `/l${i}`);
  assert.equal(f.opens("/l40"), "ok");
  assert.equal(f.opens("/l41"), "ELOOP");
  f.symlink("b", "/a");
  f.symlink("a", "/b");
  assert.equal(f.opens("/a"), "ELOOP");
});

Deno.test("trailing slashes and dots want a directory", () => {
  const f = fresh();
  f.mkdir("/d");
  f.write("/f", "");
  f.symlink("f", "/lf");
  f.symlink("d", "/ld");
  for (
    const [name, result] of [
      ["/d/", "ok"],
      ["/d/.", "ok"],
      ["/f/", "ENOTDIR"],
      ["/f/.", "ENOTDIR"],
      ["/f/..", "ENOTDIR"],
      ["/lf/", "ENOTDIR"],
      ["/ld/", "ok"],
      ["//d//", "ok"],
      ["/none/", "ENOENT"],
    ] as const
  ) {
    assert.equal(f.opens(name), result, name);
  }
  assert.equal(f.unlink("/ld/"), "ENOTDIR");
});

Deno.test("search permission is wanted of every directory, read and write of the file, by owner, group and others", () => {
  const f = fresh();
  f.mkdir("/d", 0o750);
  f.write("/d/file", "x", 0o640);
  assert.equal(chownAt(f.caller, null, path("/d"), 10, 20, 0), 0);
  assert.equal(chownAt(f.caller, null, path("/d/file"), 10, 20, 0), 0);
  const as = (uid: number, gid: number, groups: number[] = []): Files =>
    new Files(Object.assign(Object.create(f.caller), { cred: userCred(uid, gid, groups) }));
  const owner = as(10, 99), member = as(11, 99, [20]), other = as(12, 99);
  assert.deepEqual([owner, member, other].map((each) => each.opens("/d/file")), ["ok", "ok", "EACCES"]);
  assert.deepEqual([owner, member].map((each) => each.opens("/d/file", O_WRONLY)), ["ok", "EACCES"]);
  assert.deepEqual([owner, member].map((each) => each.opens("/d/new", O_CREAT | O_WRONLY)), ["ok", "EACCES"]);
  assert.equal(member.unlink("/d/file"), "EACCES");
  assert.equal(chmodAt(member.caller, null, path("/d/file"), 0o777, 0), -1);
});

Deno.test("in a sticky directory only owners remove files", () => {
  const f = fresh();
  f.mkdir("/tmp");
  chmodAt(f.caller, null, path("/tmp"), 0o1777, 0);
  const as = (uid: number): Files =>
    new Files(Object.assign(Object.create(f.caller), { cred: userCred(uid) }));
  as(10).write("/tmp/mine", "");
  assert.equal(as(11).unlink("/tmp/mine"), "EPERM");
  assert.equal(as(11).rename("/tmp/mine", "/tmp/yours"), "EPERM");
  assert.equal(as(10).unlink("/tmp/mine"), 0);
});

Deno.test("RESOLVE_* flags (man 2 openat2)", () => {
  const f = fresh();
  f.mkdir("/base");
  f.mkdir("/base/d");
  f.write("/outside", "");
  f.symlink("/outside", "/base/absolute");
  f.symlink("../outside", "/base/up");
  f.symlink("d", "/base/inner");
  const base = lookupAt(f.caller, null, path("/base"), true);
  assert.ok(typeof base !== "number");
  assert.equal(at(f, "absolute", base, RESOLVE_BENEATH), "EXDEV");
  assert.equal(at(f, "up", base, RESOLVE_BENEATH), "EXDEV");
  assert.equal(at(f, "d/../..", base, RESOLVE_BENEATH), "EXDEV");
  assert.equal(at(f, "/d", base, RESOLVE_BENEATH), "EXDEV");
  assert.equal(at(f, "inner", base, RESOLVE_BENEATH), "/base/d");
  assert.equal(at(f, "/d", base, RESOLVE_IN_ROOT), "/base/d");
  assert.equal(at(f, "absolute", base, RESOLVE_IN_ROOT), "ENOENT");
  assert.equal(at(f, "../../d", base, RESOLVE_IN_ROOT), "/base/d");
  assert.equal(at(f, "inner", base, RESOLVE_NO_SYMLINKS), "ELOOP");
  f.caller.mountNs.attach(f.caller.vfs.newMount(new TmpfsSuper()), {
    ...base,
    dentry: (lookupAt(f.caller, base, path("d"), true) as VPath).dentry,
  });
  assert.equal(at(f, "d", base, RESOLVE_NO_XDEV), "EXDEV");
});

Deno.test("a name removed and made again is another file; a cached absence does not last", () => {
  const f = fresh();
  assert.equal(f.opens("/x"), "ENOENT");
  f.write("/x", "1");
  const { ino } = f.stat("/x");
  f.unlink("/x");
  assert.equal(f.opens("/x"), "ENOENT");
  f.write("/x", "2");
  assert.notEqual(f.stat("/x").ino, ino);
});

Deno.test("asking for many names that do not exist does not fill memory", () => {
  const f = fresh();
  f.mkdir("/d");
  for (let i = 0; i < 50_000; i++) assert.equal(f.exists(`/d/none${i}`), "ENOENT");
  const dir = (lookupAt(f.caller, null, path("/d"), true) as VPath).dentry;
  assert.ok((dir.children?.size ?? 0) <= 2048, `${dir.children?.size} names are kept`);
});

/** A tree as plain data, and the walk as the book has it: a file is "", a link its target, a directory a map. */
type Tree = Map<string, Tree | string>;

function referenceWalk(root: Tree, text: string): string {
  let stack: { name: string; dir: Tree }[] = [];
  let todo = text.split("/");
  let links = 0;
  let current: Tree | "" = root;
  const here = (): Tree => stack.at(-1)?.dir ?? root;
  while (todo.length > 0) {
    const part = todo.shift()!;
    if (current === "") return "ENOTDIR";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      stack.pop();
      current = here();
      continue;
    }
    const next: Tree | string | undefined = here().get(part);
    if (next === undefined) return "ENOENT";
    if (typeof next === "string" && next !== "") {
      if (++links > 40) return "ELOOP";
      if (next.startsWith("/")) {
        stack = [];
        current = root;
      }
      // What comes after a link that ends the path wants what the link leads to.
      todo = [...next.split("/"), ...todo];
      continue;
    }
    if (next === "") {
      current = "";
      if (todo.length === 0) return `/${[...stack.map((each) => each.name), part].join("/")}`;
      continue;
    }
    current = next as Tree;
    stack.push({ name: part, dir: current });
  }
  return current === "" ? "ENOTDIR" : `/${stack.map((each) => each.name).join("/")}`;
}

Deno.test("fuzz: random trees and paths, compared with a simple walker; no path ever leaves the root", () => {
  let seed = 4711;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * n);
  };
  const NAMES = ["a", "b", "c", "d"];
  const part = (): string => ["..", ".", "", ...NAMES, ...NAMES][random(11)]!;
  const randomPath = (): string =>
    `${random(2) === 0 ? "/" : ""}${Array.from({ length: 1 + random(6) }, part).join("/")}` || "/";
  for (let round = 0; round < 300; round++) {
    const f = fresh();
    f.mkdir("/jail");
    f.write("/secret", "");
    const jail = lookupAt(f.caller, null, path("/jail"), true) as VPath;
    const caller = f.caller as { root: VPath; cwd: VPath };
    caller.root = caller.cwd = jail;
    const tree: Tree = new Map();
    const fill = (dir: Tree, at: string, depth: number): void => {
      for (const name of NAMES) {
        const kind = random(5);
        if (kind === 0 || (kind === 1 && depth < 3)) {
          const child: Tree = new Map();
          dir.set(name, child);
          f.mkdir(`${at}/${name}`);
          fill(child, `${at}/${name}`, depth + 1);
        } else if (kind === 2) {
          dir.set(name, "");
          f.write(`${at}/${name}`, "");
        } else if (kind === 3) {
          const target = randomPath();
          dir.set(name, target);
          assert.equal(f.symlink(target, `${at}/${name}`), 0);
        }
      }
    };
    fill(tree, "", 0);
    for (let i = 0; i < 60; i++) {
      const name = randomPath();
      assert.equal(at(f, name), referenceWalk(tree, name), `round ${round}: ${name}`);
      assert.notEqual(at(f, `${name}/secret`), "/secret");
    }
  }
});

Deno.test("opening through a link that does not exist yet makes its target inside the root", () => {
  const f = fresh();
  f.mkdir("/d");
  f.symlink("/d/made", "/link");
  assert.equal(f.opens("/link", O_CREAT | O_WRONLY), "ok");
  assert.equal(f.opens("/d/made", O_RDONLY), "ok");
});
