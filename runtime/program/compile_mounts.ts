/** Mounts of a container as system calls (config.md#mounts). Targets are opened inside the root and mounted on by descriptor. @module */
import { EEXIST } from "../../fs/abi/errno.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
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
  O_NOFOLLOW,
  O_PATH,
  O_WRONLY,
  RESOLVE_IN_ROOT,
} from "../../fs/abi/open.ts";
import type { MountSpec } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";
import { type MountOptions, parseMountOptions } from "./mount_options.ts";
import type { MountAttr, Ref } from "./types.ts";

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
  const context = b.call("fsopen", [type, CLOEXEC], what, { keep: "fs", spec: "config.md#mounts" });
  if (source !== "") b.call("fsconfig", [context, FSCONFIG_SET_STRING, "source", source, 0], what);
  for (const option of data) {
    const at = option.indexOf("=");
    const doing = `${what}: option ${option}`;
    if (at < 0) b.call("fsconfig", [context, FSCONFIG_SET_FLAG, option, null, 0], doing);
    else {b.call(
        "fsconfig",
        [context, FSCONFIG_SET_STRING, option.slice(0, at), option.slice(at + 1), 0],
        doing,
      );}
  }
  b.call("fsconfig", [context, FSCONFIG_CMD_CREATE, null, null, 0], what);
  const mount = b.call("fsmount", [context, CLOEXEC, attributes], what, { keep: "mnt" });
  b.call("close", [context], what);
  return mount;
}

/** A detached copy of what is at a path of the host. */
function bind(b: ProgramBuilder, source: string, options: MountOptions, what: string): Ref {
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
    const directory = b.directory(root, path, what);
    b.openIn(root, path, O_PATH | O_NOFOLLOW, what);
    return directory;
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

/** Mounts one entry of `mounts`. `isFile` tells whether a bind's source is a file. */
export function compileMount(
  b: ProgramBuilder,
  root: Ref,
  mount: MountSpec,
  isFile: (source: string) => boolean,
): void {
  const options = parseMountOptions(mount.options);
  const binds = options.bind || mount.type === "bind";
  const what = `mounting ${binds ? mount.source : mount.type} on ${mount.destination}`;
  const at = target(b, root, mount, binds && isFile(mount.source), what);
  const tree = binds
    ? bind(b, mount.source, options, what)
    : newFilesystem(b, mount.type, mount.source, options.data, options.set, what);
  if (options.recursiveSet !== 0 || options.recursiveClear !== 0) {
    const attr = mountAttr(options.recursiveSet, options.recursiveClear);
    b.call("mount_setattr", [tree, "", AT_EMPTY_PATH | AT_RECURSIVE, attr], what);
  }
  b.call("move_mount", [tree, "", at, "", EMPTY], what);
  for (const [type, recursive] of options.propagation) {
    b.call(
      "mount_setattr",
      [tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), mountAttr(0, 0, type)],
      what,
    );
  }
  b.call("close", [tree], what);
  b.call("close", [at], what);
}

/** Hides a path: a file behind /dev/null, a directory behind an empty read-only one (config-linux.md#masked-paths). */
export function compileMask(b: ProgramBuilder, path: string): void {
  const what = `masking ${path}`;
  const directory = b.newLabel("mask"), done = b.newLabel("masked");
  const how = { flags: O_PATH | O_CLOEXEC, mode: 0, resolve: 0 };
  const at = b.call("openat2", [AT_FDCWD, path, how], what, {
    keep: "fd",
    onError: done,
    spec: "config-linux.md#masked-paths",
  });
  const device = b.call("open_tree", [AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | O_CLOEXEC], what, {
    keep: "mnt",
  });
  b.call("move_mount", [device, "", at, "", EMPTY], what, { onError: directory });
  b.jump(done);
  b.label(directory);
  const empty = newFilesystem(b, "tmpfs", "tmpfs", ["size=0", "mode=755"], MOUNT_ATTR_RDONLY, what);
  b.call("move_mount", [empty, "", at, "", EMPTY], what);
  b.label(done);
}

/** Makes a path read only (config-linux.md#readonly-paths). */
export function compileReadOnly(b: ProgramBuilder, path: string): void {
  const what = `making ${path} read-only`;
  const done = b.newLabel("readonly");
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE;
  const tree = b.call("open_tree", [AT_FDCWD, path, flags], what, {
    keep: "mnt",
    onError: done,
    spec: "config-linux.md#readonly-paths",
  });
  b.call("mount_setattr", [tree, "", AT_EMPTY_PATH | AT_RECURSIVE, mountAttr(MOUNT_ATTR_RDONLY, 0)], what);
  b.call("move_mount", [tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH], what);
  b.label(done);
}
