/**
 * The path walk against a model of it: random trees that change, links, mounts and bind mounts, a root below the tree's own, "..", bases,
 * RESOLVE_* flags. The model keeps the way it came as a list, so that ".." is the last item less: no parent pointers, no dentries, no mount table of
 * the code under test.
 * @module
 */
import assert from "node:assert/strict";
import { errnoName } from "../../fs/abi/errno.ts";
import { RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_XDEV } from "../../fs/abi/open.ts";
import { Files, named, path, testCaller } from "../../fs/testing/mod.ts";
import { TmpfsSuper } from "../../fs/tmpfs/mod.ts";
import { lookupAt, type Mount, statAt, type VPath } from "../../fs/vfs/mod.ts";
import { Stat } from "../../fs/abi/stat.ts";
import { fuzz, type Random } from "./random.ts";

/** A file, a link with its target, or a directory; the number is the inode's. */
interface Node {
  id: string;
  target?: string;
  children?: Map<string, Node>;
}

/** A tree that is mounted somewhere, and what is mounted in it. */
interface ModelMount {
  readonly root: Node;
  readonly on: Map<Node, ModelMount>;
  readonly real: Mount;
}

interface Step {
  readonly name: string;
  readonly mount: ModelMount;
  readonly node: Node;
}

const NAMES = ["a", "b", "c"];

/** On top of what is mounted at a place. */
function entered(name: string, mount: ModelMount, node: Node): Step {
  for (let on = mount.on.get(node); on !== undefined; on = mount.on.get(node)) {
    mount = on;
    node = on.root;
  }
  return { name, mount, node };
}

/** Where a path leads from `base` (a way from the root), or the error's name. The last link is followed if `follow`. */
function modelWalk(
  root: Step,
  base: readonly Step[],
  text: string,
  follow: boolean,
  resolve: number,
): Step[] | string {
  const beneath = (resolve & RESOLVE_BENEATH) !== 0, inRoot = (resolve & RESOLVE_IN_ROOT) !== 0;
  const noXdev = (resolve & RESOLVE_NO_XDEV) !== 0;
  const floor = beneath || inRoot ? base.length : 1;
  let way = [...base];
  const todo: string[] = [];
  const startAt = (path: string): string | undefined => {
    if (!path.startsWith("/")) return undefined;
    if (beneath) return "EXDEV";
    const to = inRoot ? base.slice() : [root];
    if (noXdev && to.at(-1)!.mount !== way.at(-1)!.mount) return "EXDEV";
    way = to;
    return undefined;
  };
  const split = (path: string): string[] =>
    path.split("/").filter((part, i, all) => part !== "" || i === all.length - 1);
  const bad = startAt(text);
  if (bad !== undefined) return bad;
  todo.push(...split(text));
  let links = 0;
  while (todo.length > 0) {
    const name = todo.shift()!;
    const here = way.at(-1)!;
    // "" is what a slash at the end leaves: what stands there must be a directory.
    if (name === "" && todo.length > 0) continue;
    if (here.node.children === undefined) return "ENOTDIR";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (way.length <= floor) {
        if (beneath) return "EXDEV";
        continue;
      }
      if (noXdev && way.at(-2)!.mount !== here.mount) return "EXDEV";
      way.pop();
      continue;
    }
    const child = here.node.children.get(name);
    if (child === undefined) return "ENOENT";
    const rest = todo.filter((part) => part !== "" || todo.length === 1);
    if (child.target !== undefined && (follow || rest.length > 0)) {
      if (++links > 40) return "ELOOP";
      const error = startAt(child.target);
      if (error !== undefined) return error;
      const parts = split(child.target);
      // "link/" and "x/" as a target both end in a slash; one is enough, and it counts only at the very end.
      if (parts.at(-1) === "" && todo.length > 0) parts.pop();
      todo.unshift(...parts);
      continue;
    }
    const next = entered(name, here.mount, child);
    if (noXdev && next.mount !== here.mount) return "EXDEV";
    way.push(next);
  }
  return way;
}

const said = (way: readonly Step[]): string => `/${way.slice(1).map((step) => step.name).join("/")}`;

/** A kernel's filesystem and its model, changed together. */
class World {
  readonly f: Files;
  readonly outer: Step;
  /** The root of the walks: "/jail" of the tree. */
  readonly root: Step;
  readonly jail: VPath;

  constructor() {
    const sb = new TmpfsSuper();
    this.f = new Files(testCaller(sb));
    const children = new Map<string, Node>();
    const caller = this.f.caller as { root: VPath; cwd: VPath };
    const mount: ModelMount = {
      root: { id: this.#id("/"), children },
      on: new Map(),
      real: caller.root.mount,
    };
    this.f.write("/secret", "");
    this.f.mkdir("/jail");
    const jail: Node = { id: this.#id("/jail"), children: new Map() };
    children.set("jail", jail);
    children.set("secret", { id: this.#id("/secret") });
    this.outer = { name: "", mount, node: mount.root };
    this.root = { name: "", mount, node: jail };
    this.jail = lookupAt(this.f.caller, null, path("/jail"), true) as VPath;
    caller.root = caller.cwd = this.jail;
  }

  #id(name: string): string {
    const { dev, ino } = this.f.stat(name, 0x100);
    return `${dev}:${ino}`;
  }

  /** Identity of the file that a walk of ours finds, or the error's name. */
  real(text: string, base: VPath | null, follow: boolean, resolve: number): string {
    const out = new Stat();
    const error = statAt(this.f.caller, base, path(text), follow ? 0 : 0x100, out, resolve);
    return error < 0 ? errnoName(error) : `${out.dev}:${out.ino}`;
  }

  /** Every directory that can be reached without links. */
  directories(): Step[][] {
    const found: Step[][] = [];
    const visit = (way: Step[]): void => {
      found.push(way);
      if (way.length > 6) return; // bind mounts can repeat a tree without end
      for (const [name, node] of way.at(-1)!.node.children!) {
        if (node.children !== undefined) visit([...way, entered(name, way.at(-1)!.mount, node)]);
      }
    };
    visit([this.root]);
    return found;
  }

  /** One change, made in both. */
  change(random: Random): void {
    const { f } = this;
    const way = random.pick(this.directories());
    const { mount, node } = way.at(-1)!;
    const name = random.pick(NAMES);
    const at = `${said(way) === "/" ? "" : said(way)}/${name}`;
    const old = node.children!.get(name);
    const busy = old !== undefined && this.#mounted(old);
    switch (random.below(9)) {
      case 0:
      case 1:
        assert.equal(f.mkdir(at), old === undefined ? 0 : "EEXIST", `mkdir ${at}`);
        if (old === undefined) node.children!.set(name, { id: this.#id(at), children: new Map() });
        return;
      case 2:
        if (old !== undefined) return;
        f.write(at, "");
        node.children!.set(name, { id: this.#id(at) });
        return;
      case 3:
      case 4: {
        const target = randomPath(random);
        assert.equal(f.symlink(target, at), old === undefined ? 0 : "EEXIST", `symlink ${at}`);
        if (old === undefined) node.children!.set(name, { id: this.#id(at), target });
        return;
      }
      case 5: {
        if (old === undefined || busy) return;
        if (old.children === undefined) assert.equal(f.unlink(at), 0, `unlink ${at}`);
        else {
          assert.equal(f.rmdir(at), old.children.size > 0 ? "ENOTEMPTY" : 0, `rmdir ${at}`);
          if (old.children.size > 0) return;
        }
        node.children!.delete(name);
        return;
      }
      case 6: {
        const to = random.pick(this.directories()), newName = random.pick(NAMES);
        const target = to.at(-1)!.node.children!.get(newName);
        if (old === undefined || target !== undefined || busy) return;
        const crossed = to.findLastIndex((step) => step.mount !== to.at(-1)!.mount);
        const inside = to.slice(crossed + 1).some((step) => step.node === old);
        const result = f.rename(at, `${said(to)}/${newName}`);
        if (to.at(-1)!.mount !== mount) {
          assert.equal(result, "EXDEV", `rename ${at} to ${said(to)}/${newName}`);
        } else assert.equal(result, inside ? "EINVAL" : 0, `rename ${at} to ${said(to)}/${newName}`);
        if (result !== 0) return;
        node.children!.delete(name);
        to.at(-1)!.node.children!.set(newName, old);
        return;
      }
      case 7:
      case 8: {
        if (old?.children === undefined || way.length > 4) return;
        const place = lookupAt(f.caller, null, path(at), false) as VPath;
        const step = entered(name, mount, old);
        const source = random.oneIn(2) ? undefined : random.pick(this.directories());
        const vfs = f.caller.vfs;
        if (source === undefined) {
          const real = vfs.newMount(new TmpfsSuper());
          assert.equal(f.caller.mountNs.attach(real, place), 0);
          const root: Node = { id: "", children: new Map() };
          root.id = this.#id(at);
          step.mount.on.set(step.node, { root, on: new Map(), real });
          return;
        }
        const from = source.at(-1)!;
        const dentry = (lookupAt(f.caller, null, path(said(source)), false) as VPath).dentry;
        const real = vfs.newMount(from.mount.real.sb, { root: dentry });
        assert.equal(f.caller.mountNs.attach(real, place), 0);
        step.mount.on.set(step.node, { root: from.node, on: new Map(), real });
        return;
      }
    }
  }

  /** True if something is mounted on a node, or it is itself mounted elsewhere. */
  #mounted(node: Node): boolean {
    const seen = new Set<ModelMount>();
    const visit = (mount: ModelMount): boolean => {
      if (seen.has(mount)) return false;
      seen.add(mount);
      for (const [on, child] of mount.on) if (on === node || child.root === node || visit(child)) return true;
      return false;
    };
    return visit(this.outer.mount);
  }
}

function randomPath(random: Random): string {
  const parts = Array.from(
    { length: 1 + random.below(6) },
    () => random.pick(["..", "..", ".", "", ...NAMES, ...NAMES]),
  );
  return `${random.oneIn(2) ? "/" : ""}${parts.join("/")}` || "/";
}

fuzz(
  "the path walk and its model agree, while trees and mounts change; nothing leads out of the root",
  250,
  (random) => {
    const world = new World();
    const secret = world.outer.node.children!.get("secret")!.id, outside = world.outer.node.id;
    for (let i = 0; i < 120; i++) {
      world.change(random);
      const text = randomPath(random), follow = random.oneIn(2);
      const way = random.oneIn(2) ? [world.root] : random.pick(world.directories());
      const base = lookupAt(world.f.caller, null, path(said(way)), false) as VPath;
      const resolve = random.pick([0, 0, 0, RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_XDEV]);
      const model = modelWalk(world.root, way, text, follow, resolve);
      const want = typeof model === "string" ? model : model.at(-1)!.node.id;
      const got = world.real(text, base, follow, resolve);
      const what = `${JSON.stringify(text)} from ${said(way)}, follow ${follow}, resolve ${resolve}`;
      assert.equal(got, want, what);
      assert.ok(got !== secret && got !== outside, what);
      assert.ok(
        named(statAt(world.f.caller, base, path(`${text}/secret`), 0, new Stat(), resolve)) !== 0,
        what,
      );
    }
  },
);
