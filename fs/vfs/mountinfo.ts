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
import type { MountNamespace } from "./mount_namespace.ts";
import { dentryPath, isReachable, pathOf } from "./path_of.ts";

/** Space, tab, newline, backslash and "#" as octal escapes. */
function escape(text: string): string {
  return text.replace(/[ \t\n\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

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
  return options.join(",");
}

function superOptions(mount: Mount): string {
  const shown = mount.sb.showOptions();
  return (mount.sb.readOnly ? "ro" : "rw") + (shown === "" ? "" : `,${shown}`);
}

/** A path relative to the root of a bind's filesystem, from its mount root. */
const rootOf = (mount: Mount): string => escape(dentryPath(mount.root));

/** Mounts that can be reached from `root`, with their paths as seen from there. */
function* visible(ns: MountNamespace, root: VPath): Iterable<readonly [Mount, string]> {
  for (const mount of ns.mounts()) {
    const at = { mount, dentry: mount.root };
    if (mount === root.mount) {
      if (root.dentry === mount.root || isReachable(at, root)) yield [mount, "/"];
    } else if (isReachable(at, root)) yield [mount, escape(pathOf(at, root))];
  }
}

/** The text of mountinfo for a reader whose root is `root`. */
export function mountinfo(ns: MountNamespace, root: VPath): string {
  let text = "";
  for (const [mount, path] of visible(ns, root)) {
    const dev = `${major(mount.sb.dev)}:${minor(mount.sb.dev)}`;
    const parent = mount.parent?.id ?? mount.id;
    const tags = (mount.peerGroup !== 0 ? ` shared:${mount.peerGroup}` : "") +
      (mount.master !== 0 ? ` master:${mount.master}` : "") + (mount.unbindable ? " unbindable" : "");
    text += `${mount.id} ${parent} ${dev} ${rootOf(mount)} ${path} ${mountOptions(mount)}${tags} - ` +
      `${escape(mount.sb.type)} ${escape(mount.source)} ${superOptions(mount)}\n`;
  }
  return text;
}

/** The text of /proc/PID/mounts. */
export function mounts(ns: MountNamespace, root: VPath): string {
  let text = "";
  for (const [mount, path] of visible(ns, root)) {
    const shown = mount.sb.showOptions();
    const ro = mount.sb.readOnly ? mountOptions(mount).replace(/^rw/, "ro") : mountOptions(mount);
    text += `${escape(mount.source)} ${path} ${mount.sb.type} ${ro}${shown === "" ? "" : `,${shown}`} 0 0\n`;
  }
  return text;
}
