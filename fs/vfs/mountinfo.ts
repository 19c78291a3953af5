/** /proc/PID/mountinfo and /proc/PID/mounts (man 5 proc_pid_mountinfo). @module */
import { major, minor } from "../abi/device.ts";
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
} from "../abi/mount.ts";
import type { Mount, VPath } from "./dentry.ts";
import { isPathReachable, type MountNamespace } from "./mount_namespace.ts";
import { dentryPath } from "./path_of.ts";
import type { PeerGroup } from "./peer_group.ts";
import { superFlagNames } from "./super_flags.ts";

/** Space, tab, newline and backslash as octal escapes: what Linux does to paths. */
function escape(text: string): string {
  return text.replace(/[ \t\n\\]/g, octal);
}

/** The same and "#": what Linux does to sources and types. */
function mangle(text: string): string {
  return text.replace(/[ \t\n\\#]/g, octal);
}

const octal = (c: string): string => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`;

/** Per-mount options in Linux's order. */
function mountOptions(mount: Mount): string {
  const { flags } = mount;
  const options = [(flags & MOUNT_ATTR_RDONLY) !== 0 ? "ro" : "rw"];
  if (flags & MOUNT_ATTR_NOSUID) options.push("nosuid");
  if (flags & MOUNT_ATTR_NODEV) options.push("nodev");
  if (flags & MOUNT_ATTR_NOEXEC) options.push("noexec");
  const atime = flags & MOUNT_ATTR__ATIME;
  if (atime === MOUNT_ATTR_NOATIME) options.push("noatime");
  if (flags & MOUNT_ATTR_NODIRATIME) options.push("nodiratime");
  if (atime === 0) options.push("relatime");
  if (flags & MOUNT_ATTR_NOSYMFOLLOW) options.push("nosymfollow");
  if (mount.idmap !== null) options.push("idmapped");
  return options.join(",");
}

function superOptions(mount: Mount): string {
  const { sb } = mount;
  return [sb.readOnly ? "ro" : "rw", ...superFlagNames(sb.flags), sb.showOptions()].filter((each) =>
    each !== ""
  ).join(",");
}

/** The root of a bind in its filesystem; a namespace's file has a name and no place: "net:[4026531840]". */
function rootOf(mount: Mount): string {
  const { root } = mount;
  const path = root.isRoot && root.name !== "" ? root.name : dentryPath(root);
  return escape(path) + (mount.root.unhashed ? "//deleted" : "");
}

/** Mounts that can be reached from `root`, with their paths as seen from there. */
function* visible(ns: MountNamespace, root: VPath): Iterable<readonly [Mount, string]> {
  for (const mount of ns.mounts()) {
    const path = mountPath(mount, root);
    if (path !== undefined) yield [mount, escape(path)];
  }
}

/** The path of a mount's root below `root`; undefined if it is not there. */
function mountPath(mount: Mount, root: VPath): string | undefined {
  let path = "";
  let at = mount, dentry = mount.root;
  for (;;) {
    if (at === root.mount && dentry === root.dentry) return path === "" ? "/" : path;
    if (dentry === at.root) {
      if (at.parent === null) return undefined;
      dentry = at.mountpoint!;
      at = at.parent;
      continue;
    }
    path = `/${dentry.name}${path}`;
    dentry = dentry.parent;
  }
}

/** The nearest group above a slave's master that has a member the reader can see (man 5 proc_pid_mountinfo, "propagate_from"). */
function dominating(master: PeerGroup, ns: MountNamespace, root: VPath): PeerGroup | undefined {
  for (let group: PeerGroup | null = master; group !== null;) {
    let above: PeerGroup | null = null;
    for (const mount of group.members) {
      if (mount.namespace === ns && isPathReachable({ mount, dentry: mount.root }, root)) return group;
      above = mount.master;
    }
    group = above;
  }
  return undefined;
}

function optionalFields(mount: Mount, ns: MountNamespace, root: VPath): string {
  let text = "";
  if (mount.group !== null) text += ` shared:${mount.group.id}`;
  if (mount.master !== null) {
    text += ` master:${mount.master.id}`;
    const from = dominating(mount.master, ns, root);
    if (from !== undefined && from !== mount.master) text += ` propagate_from:${from.id}`;
  }
  return mount.unbindable ? `${text} unbindable` : text;
}

/** The text of mountinfo for a reader whose root is `root`. */
export function mountinfo(ns: MountNamespace, root: VPath): string {
  let text = "";
  for (const [mount, path] of visible(ns, root)) {
    const dev = `${major(mount.sb.dev)}:${minor(mount.sb.dev)}`;
    const parent = mount.parent?.id ?? mount.id;
    text += `${mount.id} ${parent} ${dev} ${rootOf(mount)} ${path} ${mountOptions(mount)}` +
      `${optionalFields(mount, ns, root)} - ` +
      `${mangle(mount.sb.type)} ${mangle(mount.source)} ${superOptions(mount)}\n`;
  }
  return text;
}

/** The text of /proc/PID/mounts. */
export function mounts(ns: MountNamespace, root: VPath): string {
  let text = "";
  for (const [mount, path] of visible(ns, root)) {
    const { sb } = mount;
    const [access, ...own] = mountOptions(mount).split(",");
    const options = [sb.readOnly ? "ro" : access!, ...superFlagNames(sb.flags), ...own, sb.showOptions()];
    text += `${mangle(mount.source)} ${path} ${mangle(sb.type)} ${
      options.filter((each) => each !== "").join(",")
    } 0 0\n`;
  }
  return text;
}

/** The text of /proc/PID/mountstats. */
export function mountstats(ns: MountNamespace, root: VPath): string {
  let text = "";
  for (const [mount, path] of visible(ns, root)) {
    text += `device ${mangle(mount.source)} mounted on ${path} with fstype ${mangle(mount.sb.type)}\n`;
  }
  return text;
}
