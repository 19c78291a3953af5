/** Mounts of a container as system calls (config.md#mounts). Targets are opened inside the root and mounted on by descriptor. @module */
import { EEXIST, EINVAL, ENOENT, ENOTDIR } from "../../fs/abi/errno.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_CMD_RECONFIGURE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSPICK_EMPTY_PATH,
  MOUNT_ATTR_IDMAP,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  OPEN_TREE_CLONE,
} from "../../fs/abi/mount.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_WRONLY,
  RESOLVE_IN_ROOT,
} from "../../fs/abi/open.ts";
import type { MountSpec } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";
import { contextOptions, labelQueues, withMountLabel } from "./compile_labels.ts";
import { type MountOptions, parseMountOptions } from "./mount_options.ts";
import type { MountAttr, Ref } from "./types.ts";
import { refusal } from "../spec/refusal.ts";

const CLOEXEC = 1;
const EMPTY = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;

/** struct mount_attr without an id map. */
export function mountAttr(set: number, clear: number, propagation = 0): MountAttr {
  return { attr_set: set, attr_clr: clear, propagation, userns_fd: 0 };
}

/** A detached mount of a new filesystem. */
export function newFilesystem(
  b: ProgramBuilder,
  type: string,
  source: string,
  data: readonly string[],
  attributes: number,
  what: string,
): Ref {
  const { context, mount } = openFilesystem(b, type, source, data, attributes, what);
  b.call("close", [context], what);
  return mount;
}

/** A detached mount of a new filesystem, and the descriptor by which its options can be changed. */
function openFilesystem(
  b: ProgramBuilder,
  type: string,
  source: string,
  data: readonly string[],
  attributes: number,
  what: string,
): { readonly context: Ref; readonly mount: Ref } {
  const context = b.call("fsopen", [type, CLOEXEC], what, { keep: "fs", spec: "config.md#mounts" });
  if (source !== "") b.call("fsconfig", [context, FSCONFIG_SET_STRING, "source", source, 0], what);
  configure(b, context, data, what);
  b.call("fsconfig", [context, FSCONFIG_CMD_CREATE, null, null, 0], what);
  const mount = b.call("fsmount", [context, CLOEXEC, attributes], what, { keep: "mnt" });
  return { context, mount };
}

/** Hands options to a filesystem. */
function configure(b: ProgramBuilder, context: Ref, options: readonly string[], what: string): void {
  for (const option of options) {
    const at = option.indexOf("=");
    const doing = `${what}: option ${option}`;
    if (at < 0) b.call("fsconfig", [context, FSCONFIG_SET_FLAG, option, null, 0], doing);
    else {
      const value = option.slice(at + 1);
      b.call("fsconfig", [context, FSCONFIG_SET_STRING, option.slice(0, at), value, 0], doing);
    }
  }
}

/** Options of a superblock: those it shares with every other, read-only or not, and its own. */
function superOptions({ set, clear, superOptions, data }: MountOptions): string[] {
  const access = (set & MOUNT_ATTR_RDONLY) !== 0 ? ["ro"] : (clear & MOUNT_ATTR_RDONLY) !== 0 ? ["rw"] : [];
  return [...access, ...superOptions, ...data];
}

/** A detached tmpfs that has what is at its target (tmpcopyup): read-only, if it is to be, when it has it. */
function copyUp(b: ProgramBuilder, mount: MountSpec, options: MountOptions, at: Ref, what: string): Ref {
  const writable = { ...options, set: options.set & ~MOUNT_ATTR_RDONLY };
  const { context, mount: tree } = openFilesystem(
    b,
    mount.type,
    mount.source,
    superOptions(writable),
    writable.set,
    what,
  );
  b.steps.push({ copy: { from: at, to: tree }, what: `${what}: copying what is there` });
  if (options.set !== writable.set) {
    b.call("fsconfig", [context, FSCONFIG_SET_FLAG, "ro", null, 0], what);
    b.call("fsconfig", [context, FSCONFIG_CMD_RECONFIGURE, null, null, 0], what);
    b.call("mount_setattr", [tree, "", AT_EMPTY_PATH, mountAttr(MOUNT_ATTR_RDONLY, 0)], what);
  }
  b.call("close", [context], what);
  return tree;
}

/** Changes what is mounted at a place: its flags, and unless it is a bind the options of its filesystem (man 2 mount, MS_REMOUNT). */
function compileRemount(b: ProgramBuilder, root: Ref, mount: MountSpec, options: MountOptions): void {
  const what = `remounting ${mount.destination}`;
  const at = b.openIn(root, mount.destination.replace(/^\/+/, ""), O_PATH, what, {
    spec: "config.md#mounts",
  });
  if (!options.bind) {
    const context = b.call("fspick", [at, "", FSPICK_EMPTY_PATH | CLOEXEC], what, { keep: "fs" });
    configure(b, context, superOptions(options), what);
    b.call("fsconfig", [context, FSCONFIG_CMD_RECONFIGURE, null, null, 0], what);
    b.call("close", [context], what);
  }
  if ((options.set | options.clear) !== 0) {
    b.call("mount_setattr", [at, "", AT_EMPTY_PATH, mountAttr(options.set, options.clear)], what);
  }
  finishMount(b, at, options, what);
  b.call("close", [at], what);
}

/** Recursive attributes and propagation types of a mount that is in its place, or is to be. */
function finishMount(b: ProgramBuilder, tree: Ref, options: MountOptions, what: string): void {
  if (options.recursiveSet !== 0 || options.recursiveClear !== 0) {
    const attr = mountAttr(options.recursiveSet, options.recursiveClear);
    b.call("mount_setattr", [tree, "", AT_EMPTY_PATH | AT_RECURSIVE, attr], what);
  }
  for (const [type, recursive] of options.propagation) {
    const flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    b.call("mount_setattr", [tree, "", flags, mountAttr(0, 0, type)], what);
  }
}

/** A detached copy of what is at a path of the host. */
function bind(b: ProgramBuilder, mount: MountSpec, options: MountOptions, what: string): Ref {
  const { source } = mount;
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | (options.recursive ? AT_RECURSIVE : 0);
  const tree = b.call("open_tree", [AT_FDCWD, source, flags], `${what}: source ${source}`, {
    keep: "mnt",
    spec: "config.md#mounts",
  });
  if (options.set !== 0 || options.clear !== 0) {
    b.call("mount_setattr", [tree, "", AT_EMPTY_PATH, mountAttr(options.set, options.clear)], what);
  }
  return tree;
}

/** Opens the target, made if it is missing: a directory, or for a file's bind a file. */
function target(b: ProgramBuilder, root: Ref, mount: MountSpec, file: boolean, what: string): Ref {
  const path = mount.destination.replace(/^\/+/, "");
  // A link in the place of /proc or /sys would have masks and sysctls land elsewhere (CVE-2019-19921).
  if (mount.type === "proc" || mount.type === "sysfs") {
    b.call("close", [b.directory(root, path, what)], what);
    return b.openIn(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, what);
  }
  if (!file) return b.directory(root, path, what);
  const slash = path.lastIndexOf("/");
  const parent = b.directory(root, path.slice(0, Math.max(slash, 0)), what);
  const how = { flags: O_CREAT | O_WRONLY | O_CLOEXEC, mode: 0o644, resolve: RESOLVE_IN_ROOT };
  const there = b.newLabel("there");
  const found = b.newLabel("make");
  const name = b.openIn(root, path, O_PATH, what, { onError: found });
  b.jump(there);
  b.label(found);
  const made = b.call(
    "openat2",
    [parent, path.slice(slash + 1), how],
    `${what}: making ${mount.destination}`,
    {
      keep: "fd",
      ok: [EEXIST],
    },
  );
  b.call("close", [made], what);
  b.steps.push({
    call: "openat2",
    args: [root, path, { flags: O_PATH | O_CLOEXEC, mode: 0, resolve: RESOLVE_IN_ROOT }],
    result: name.ref,
    what,
  });
  b.label(there);
  return name;
}

/**
 * Gives a mount its own owners (idmap, ridmap). The maps are the mount's: those of the container's user namespace would be
 * allowed too, but its init may not map what belongs to the host.
 */
function mapIds(b: ProgramBuilder, tree: Ref, mount: MountSpec, options: MountOptions, what: string): void {
  const { uidMappings, gidMappings } = mount;
  if (uidMappings === undefined || gidMappings === undefined) {
    if (options.idmap !== "") {
      throw refusal("mounts", `${options.idmap} without mappings on ${mount.destination}`);
    }
    return;
  }
  const flags = AT_EMPTY_PATH | (options.idmap === "ridmap" ? AT_RECURSIVE : 0);
  const attr = {
    attr_set: MOUNT_ATTR_IDMAP,
    attr_clr: 0,
    propagation: 0,
    userns_fd: { uidMappings, gidMappings },
  };
  b.call("mount_setattr", [tree, "", flags, attr], `${what}: mapping its ids`, {
    spec: "config.md#posix-platform-mounts",
  });
}

/** Mounts one entry of `mounts`. `isFile` tells whether a bind's source is a file; `label` is for what can have one. */
export function compileMount(
  b: ProgramBuilder,
  root: Ref,
  entry: MountSpec,
  isFile: (source: string) => boolean,
  label?: string,
): void {
  const mount = withMountLabel(entry, label);
  const options = parseMountOptions(mount.options);
  if (options.remount) return compileRemount(b, root, mount, options);
  const binds = options.bind || mount.type === "bind";
  // There is one hierarchy of control groups (config-linux.md#control-groups).
  const type = mount.type === "cgroup" ? "cgroup2" : mount.type;
  if (options.copyUp && (binds || type !== "tmpfs")) {
    throw refusal(
      "mounts",
      `tmpcopyup is for a new tmpfs, not for ${binds ? "a bind mount" : type} on ${mount.destination}`,
    );
  }
  const what = `mounting ${binds ? mount.source : mount.type} on ${mount.destination}`;
  const at = target(b, root, mount, binds && isFile(mount.source), what);
  const tree = binds
    ? bind(b, mount, options, what)
    : options.copyUp
    ? copyUp(b, mount, options, at, what)
    : newFilesystem(b, type, mount.source, superOptions(options), options.set, what);
  mapIds(b, tree, mount, options, what);
  const { propagation, ...attributes } = options;
  finishMount(b, tree, { ...attributes, propagation: [] }, what);
  b.call("move_mount", [tree, "", at, "", EMPTY], what);
  if (label && type === "mqueue" && !binds) labelQueues(b, tree, label, what);
  finishMount(b, tree, { ...attributes, recursiveSet: 0, recursiveClear: 0, propagation }, what);
  b.call("close", [tree], what);
  b.call("close", [at], what);
}

/**
 * The null device that files are hidden behind: the one outside, taken before the root changes. What the container has as /dev/null may be
 * anything (CVE-2025-31133).
 */
export function openNull(b: ProgramBuilder): Ref {
  return b.call("open_tree", [AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | O_CLOEXEC], "taking the null device", {
    keep: "null",
    spec: "config-linux.md#masked-paths",
  });
}

/** What is not there needs no protection; a path that cannot be looked at for another reason may well be there later. */
const MISSING = [ENOENT, ENOTDIR];

/**
 * Hides a path: a file behind the null device, a directory behind an empty read-only one (config-linux.md#masked-paths). Before Linux 6.15 a mount
 * can only be copied when it is somewhere: the first file has the null device itself then.
 */
export function compileMask(b: ProgramBuilder, path: string, null_: Ref, label?: string): void {
  const what = `masking ${path}`;
  const itself = b.newLabel("itself"), close = b.newLabel("close");
  const directory = b.newLabel("mask"), masked = b.newLabel("masked"), done = b.newLabel("done");
  const how = { flags: O_PATH | O_CLOEXEC, mode: 0, resolve: 0 };
  const at = b.call("openat2", [AT_FDCWD, path, how], what, {
    keep: "fd",
    onError: done,
    errors: MISSING,
    spec: "config-linux.md#masked-paths",
  });
  const clone = OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH;
  const device = b.call("open_tree", [null_, "", clone], what, {
    keep: "mnt",
    onError: itself,
    errors: [EINVAL],
  });
  b.call("move_mount", [device, "", at, "", EMPTY], what, { onError: close, errors: [EINVAL] });
  b.call("close", [device], what);
  b.jump(masked);
  b.label(close);
  b.call("close", [device], what);
  b.jump(directory);
  b.label(itself);
  b.call("move_mount", [null_, "", at, "", EMPTY], what, { onError: directory, errors: [EINVAL] });
  b.jump(masked);
  b.label(directory);
  const options = ["nr_blocks=1", "nr_inodes=1", "mode=755", ...contextOptions(label)];
  const empty = newFilesystem(b, "tmpfs", "tmpfs", options, MOUNT_ATTR_RDONLY, what);
  b.call("move_mount", [empty, "", at, "", EMPTY], what);
  b.call("close", [empty], what);
  b.label(masked);
  b.call("close", [at], what);
  b.label(done);
}

/** Makes a path read only, where links lead to in the container (config-linux.md#readonly-paths). */
export function compileReadOnly(b: ProgramBuilder, path: string): void {
  const what = `making ${path} read-only`;
  const done = b.newLabel("readonly");
  const how = { flags: O_PATH | O_CLOEXEC, mode: 0, resolve: 0 };
  const at = b.call("openat2", [AT_FDCWD, path, how], what, {
    keep: "fd",
    onError: done,
    errors: MISSING,
    spec: "config-linux.md#readonly-paths",
  });
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH;
  const tree = b.call("open_tree", [at, "", flags], what, { keep: "mnt" });
  b.call("mount_setattr", [tree, "", AT_EMPTY_PATH | AT_RECURSIVE, mountAttr(MOUNT_ATTR_RDONLY, 0)], what);
  b.call("move_mount", [tree, "", at, "", EMPTY], what);
  b.call("close", [tree], what);
  b.call("close", [at], what);
  b.label(done);
}
