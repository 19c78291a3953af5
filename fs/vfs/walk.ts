/** The path walk (man 7 path_resolution). @module */
import { ELOOP, ENOENT, ENOTDIR, EXDEV } from "../abi/errno.ts";
import { isDir, isLnk, S_IFDIR, S_IFMT } from "../abi/mode.ts";
import { MAXSYMLINKS } from "../abi/limits.ts";
import { MOUNT_ATTR_NOSYMFOLLOW } from "../abi/mount.ts";
import {
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  X_OK,
} from "../abi/open.ts";
import { lookupChild } from "./dcache.ts";
import type { Dentry, Mount, VPath } from "./dentry.ts";
import { credOn } from "./mount_idmap.ts";
import { parsePath, type PathName } from "./path_name.ts";
import { permission } from "./permission.ts";
import type { Caller } from "./vfs.ts";

/**
 * State of a walk, and its result: like Linux's nameidata. One object serves a whole Vfs (walks are synchronous and do
 * not nest), so that a walk allocates nothing.
 */
export class WalkState {
  /** Where the walk stands; at its end the result. */
  mount!: Mount;
  /** Where the walk stands; at its end the result. */
  dentry!: Dentry;
  /** Of a walk to the parent: the name that was not looked up; null if the path ends in "." or "..". */
  last: string | null = null;
  /** The path (or a link that ended it) wants a directory. */
  mustBeDir = false;
  #caller!: Caller;
  #rootMount!: Mount;
  #rootDentry!: Dentry;
  #beneathMount: Mount | null = null;
  #beneathDentry: Dentry | null = null;
  #resolve = 0;
  #links = 0;

  /** Who walks, or walked last: how procfs knows whose `self` is meant. */
  get caller(): Caller {
    return this.#caller;
  }

  /** Begins: from `base` (the working directory if null), with RESOLVE_* flags. */
  begin(c: Caller, base: VPath | null, resolve: number): void {
    const start = base ?? c.cwd;
    const root = (resolve & RESOLVE_IN_ROOT) !== 0 ? start : c.root;
    this.#caller = c;
    this.mount = start.mount;
    this.dentry = start.dentry;
    this.#rootMount = root.mount;
    this.#rootDentry = root.dentry;
    this.#resolve = resolve;
    this.#links = 0;
    if ((resolve & RESOLVE_BENEATH) !== 0) {
      this.#beneathMount = start.mount;
      this.#beneathDentry = start.dentry;
    } else this.#beneathMount = this.#beneathDentry = null;
  }

  /**
   * Walks `path` from where the state stands. With `toParent` the last name is left in `last`, not looked up. With
   * `follow` a link at the end is followed. 0, or a negative errno: -ENOENT if a name does not exist.
   */
  run(path: PathName, follow: boolean, toParent: boolean): number {
    this.last = null;
    this.mustBeDir = path.mustBeDir;
    if (path.absolute) {
      const error = this.#toRoot();
      if (error < 0) return error;
    }
    let parts = path.parts;
    let i = 0;
    let pending: [readonly string[], number][] | null = null;
    const parentOnly = toParent && !path.endsInDot;
    for (;;) {
      while (i === parts.length) {
        const outer = pending?.pop();
        if (outer === undefined) return this.#end();
        [parts, i] = outer;
      }
      const inode = this.dentry.inode!;
      if ((inode.mode & S_IFMT) !== S_IFDIR) return -ENOTDIR;
      const { idmap } = this.mount;
      const { cred } = this.#caller;
      const error = permission(idmap === null ? cred : idmap.cred(cred), inode, X_OK);
      if (error < 0) return error;
      const name = parts[i++]!;
      const isLast = i === parts.length && (pending === null || pending.every(([p, at]) => at === p.length));
      if (name === "..") {
        const error = this.#up();
        if (error < 0) return error;
        continue;
      }
      if (isLast && parentOnly) {
        this.last = name;
        return 0;
      }
      const child = lookupChild(this.dentry, name);
      if (typeof child === "number") return child;
      if (child.inode === null) return -ENOENT;
      if (isLnk(child.inode.mode) && (!isLast || follow || this.mustBeDir) && child.mounted === 0) {
        const target = this.#link(child);
        if (typeof target === "number") {
          if (target < 0) return target;
          continue; // a magic link: the walk stands at its target
        }
        if (isLast) this.mustBeDir ||= target.mustBeDir;
        if (i < parts.length) (pending ??= []).push([parts, i]);
        parts = target.parts;
        i = 0;
        continue;
      }
      const crossed = this.#enter(child);
      if (crossed < 0) return crossed;
    }
  }

  /** Follows the link `child` of where the walk stands to its last name's parent or target: used by open with O_CREAT. */
  followLast(child: Dentry): PathName | number {
    const target = this.#link(child);
    return target;
  }

  /** Looks up the last name of a walk to the parent: a dentry (crossed into mounts), negative or not, or an errno. */
  child(): Dentry | number {
    const child = lookupChild(this.dentry, this.last!);
    if (typeof child === "number" || child.mounted === 0) return child;
    const error = this.#enter(child);
    return error < 0 ? error : this.dentry;
  }

  #end(): number {
    return this.mustBeDir && !isDir(this.dentry.inode!.mode) ? -ENOTDIR : 0;
  }

  #toRoot(): number {
    if ((this.#resolve & RESOLVE_BENEATH) !== 0) return -EXDEV;
    if ((this.#resolve & RESOLVE_NO_XDEV) !== 0 && this.#rootMount !== this.mount) return -EXDEV;
    this.mount = this.#rootMount;
    this.dentry = this.#rootDentry;
    return 0;
  }

  #atRoot(): boolean {
    return this.dentry === this.#rootDentry && this.mount === this.#rootMount;
  }

  #up(): number {
    if (this.dentry === this.#beneathDentry && this.mount === this.#beneathMount) return -EXDEV;
    if (this.#atRoot()) return 0;
    let { mount, dentry } = this;
    while (dentry === mount.root) {
      if (mount.parent === null) return 0;
      if ((this.#resolve & RESOLVE_NO_XDEV) !== 0) return -EXDEV;
      dentry = mount.mountpoint!;
      mount = mount.parent;
      if (dentry === this.#rootDentry && mount === this.#rootMount) break;
    }
    this.mount = mount;
    if (dentry === this.#rootDentry && mount === this.#rootMount) {
      this.dentry = dentry;
      return 0;
    }
    return this.#enter(dentry.parent);
  }

  /** Stands at `dentry`, on top of whatever is mounted there. */
  #enter(dentry: Dentry): number {
    while (dentry.mounted > 0) {
      const mount = this.mount.children.get(dentry);
      if (mount === undefined) break;
      if ((this.#resolve & RESOLVE_NO_XDEV) !== 0) return -EXDEV;
      this.mount = mount;
      dentry = mount.root;
    }
    this.dentry = dentry;
    return 0;
  }

  /** Reads a link: the path to go on with (the walk stands where it begins), 0 after a magic link, or an errno. */
  #link(child: Dentry): PathName | number {
    if (++this.#links > MAXSYMLINKS || (this.#resolve & RESOLVE_NO_SYMLINKS) !== 0) return -ELOOP;
    if ((this.mount.flags & MOUNT_ATTR_NOSYMFOLLOW) !== 0) return -ELOOP;
    const inode = child.inode!;
    const magic = inode.followMagic();
    if (magic !== undefined) {
      if (typeof magic === "number") return magic;
      if ((this.#resolve & RESOLVE_NO_MAGICLINKS) !== 0) return -ELOOP;
      if ((this.#resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH)) !== 0) return -EXDEV;
      this.mount = magic.mount;
      this.dentry = magic.dentry;
      return 0;
    }
    const text = inode.readlink();
    if (typeof text === "number") return text;
    const target = parsePath(text);
    if (typeof target === "number") return target;
    if (target.absolute) {
      const error = this.#toRoot();
      if (error < 0) return error;
    }
    return target;
  }
}

/** The place a path leads to. `follow`: a link at the end is followed. */
export function lookupAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  follow: boolean,
  resolve = 0,
): VPath | number {
  const walk = c.vfs.walk;
  walk.begin(c, base, resolve);
  const error = walk.run(path, follow, false);
  return error < 0 ? error : { mount: walk.mount, dentry: walk.dentry };
}

/** Walks to the parent of a path's last name; the result is in `c.vfs.walk`. */
export function walkToParent(c: Caller, base: VPath | null, path: PathName, resolve: number): number {
  const walk = c.vfs.walk;
  walk.begin(c, base, resolve);
  const error = walk.run(path, false, true);
  if (error < 0) return error;
  if (walk.last === null) return 0;
  const inode = walk.dentry.inode!;
  return isDir(inode.mode) ? permission(credOn(c.cred, walk.mount), inode, X_OK) : -ENOTDIR;
}
