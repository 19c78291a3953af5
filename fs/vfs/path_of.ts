/** A place's path, seen from a root (getcwd(2), /proc/PID/cwd, mountinfo). @module */
import type { Dentry, VPath } from "./dentry.ts";

/** Names from the filesystem's root to a dentry: "/a/b", "/" for the root itself. */
export function dentryPath(dentry: Dentry): string {
  let path = "";
  for (let at = dentry; !at.isRoot; at = at.parent) path = `/${at.name}${path}`;
  return path === "" ? "/" : path;
}

/**
 * The path of a place below `root`. As Linux shows it: " (deleted)" behind a removed name, "(unreachable)" in front when
 * the place is not below the root.
 */
export function pathOf(at: VPath, root: VPath): string {
  let path = "";
  let { mount, dentry } = at;
  const deleted = dentry.unhashed ? " (deleted)" : "";
  for (;;) {
    if (mount === root.mount && dentry === root.dentry) return (path === "" ? "/" : path) + deleted;
    if (dentry === mount.root) {
      if (mount.parent === null) return `(unreachable)${path === "" ? "/" : path}${deleted}`;
      dentry = mount.mountpoint!;
      mount = mount.parent;
      continue;
    }
    if (dentry.isRoot) return `(unreachable)${path === "" ? "/" : path}${deleted}`;
    path = `/${dentry.name}${path}`;
    dentry = dentry.parent;
  }
}

/** True if `at` can be reached from `root`. */
export function isReachable(at: VPath, root: VPath): boolean {
  let { mount, dentry } = at;
  for (;;) {
    if (mount === root.mount) {
      for (let d = dentry;; d = d.parent) {
        if (d === root.dentry) return true;
        if (d === mount.root || d.isRoot) break;
      }
    }
    if (mount.parent === null) return false;
    dentry = mount.mountpoint!;
    mount = mount.parent;
  }
}
