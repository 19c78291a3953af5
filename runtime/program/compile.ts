/** A Spec as a SyscallProgram: what a config.json means, in the order the specification asks for (runtime.md#lifecycle). @module */
import {
  MNT_DETACH,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_PRIVATE,
  OPEN_TREE_CLONE,
} from "../../fs/abi/mount.ts";
import { AT_FDCWD, AT_RECURSIVE, O_CLOEXEC, O_DIRECTORY, O_PATH, O_WRONLY } from "../../fs/abi/open.ts";
import type { Spec } from "../spec/types.ts";
import { ProgramBuilder } from "./builder.ts";
import { compileDevices } from "./compile_devices.ts";
import { cloneFlagsOf, compileJoins, compileOwnNamespaces, compileParent } from "./compile_namespaces.ts";
import { compileMask, compileMount, compileReadOnly, mountAttr } from "./compile_mounts.ts";
import { compileExec, compileIdentity } from "./compile_process.ts";
import { propagationOf } from "./mount_options.ts";
import type { Ref, SyscallProgram } from "./types.ts";

/** What a Spec does not say. */
export interface CompileOptions {
  /** Absolute path of the root filesystem where the program runs. */
  readonly rootfs: string;
  /** Whether a bind's source is a file; by default every source is a directory. */
  readonly isFile?: (source: string) => boolean;
  /** Make the working directory if it is missing, as engines do for WORKDIR. */
  readonly makeCwd?: boolean;
}

/** The root filesystem as a mount of its own, and what is mounted in it. */
function compileRoot(b: ProgramBuilder, spec: Spec, options: CompileOptions): Ref {
  const what = `binding the root filesystem ${options.rootfs}`;
  const [type, recursive] = propagationOf(spec.linux.rootfsPropagation ?? "rprivate") ?? [MS_PRIVATE, true];
  // Nothing that is mounted from here on may reach the host.
  const flags = recursive ? AT_RECURSIVE : 0;
  b.call("mount_setattr", [AT_FDCWD, "/", flags, mountAttr(0, 0, type)], "setting the propagation of /", {
    spec: "config-linux.md#rootfs-mount-propagation",
  });
  const tree = OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE;
  const root = b.call("open_tree", [AT_FDCWD, options.rootfs, tree], what, {
    keep: "root",
    spec: "config.md#root",
  });
  b.call("move_mount", [root, "", AT_FDCWD, options.rootfs, MOVE_MOUNT_F_EMPTY_PATH], what);
  for (const mount of spec.mounts) compileMount(b, root, mount, options.isFile ?? (() => false));
  return root;
}

/** pivot_root(".", "."), and the old root gone (man 2 pivot_root, NOTES). */
function compilePivot(b: ProgramBuilder, root: Ref): void {
  const what = "changing the root filesystem";
  const how = { flags: O_PATH | O_DIRECTORY | O_CLOEXEC, mode: 0, resolve: 0 };
  const old = b.call("openat2", [AT_FDCWD, "/", how], what, { keep: "fd" });
  b.call("fchdir", [root], what);
  b.call("pivot_root", [".", "."], what, { spec: "config.md#root" });
  b.call("fchdir", [old], what);
  b.call("umount2", [".", MNT_DETACH], what);
  b.call("chdir", ["/"], what);
  b.call("close", [old], what);
  b.call("close", [root], what);
}

function compileSysctl(b: ProgramBuilder, sysctl: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(sysctl)) {
    const path = `/proc/sys/${key.replaceAll(".", "/")}`;
    const what = `setting sysctl ${key}`;
    const how = { flags: O_WRONLY | O_CLOEXEC, mode: 0, resolve: 0 };
    const fd = b.call("openat2", [AT_FDCWD, path, how], what, { keep: "fd", spec: "config-linux.md#sysctl" });
    b.call("write", [fd, value], what);
    b.call("close", [fd], what);
  }
}

/** Compiles a Spec that has a process. Throws if it has none. */
export function compileSpec(spec: Spec, options: CompileOptions): SyscallProgram {
  const { process } = spec;
  if (process === undefined) {
    throw new Error("config.json: process: a process is required to run a container");
  }
  const b = new ProgramBuilder();
  b.call("umask", [0], "clearing the umask");
  compileOwnNamespaces(b, spec.linux);
  b.call("setsid", [], "beginning a session");
  const root = compileRoot(b, spec, options);
  const inUserNamespace = spec.linux.namespaces.some(({ type }) => type === "user");
  compileDevices(b, root, spec.linux.devices, process.terminal, inUserNamespace);
  if (options.makeCwd) b.directory(root, process.cwd.slice(1), `making the working directory ${process.cwd}`);
  b.steps.push({ stage: "environment" });
  compilePivot(b, root);
  if (spec.hostname !== undefined) {
    b.call("sethostname", [spec.hostname], "setting the host name", { spec: "config.md#hostname" });
  }
  if (spec.domainname !== undefined) {
    b.call("setdomainname", [spec.domainname], "setting the domain name", { spec: "config.md#domainname" });
  }
  compileSysctl(b, spec.linux.sysctl);
  for (const path of spec.linux.readonlyPaths) compileReadOnly(b, path);
  for (const path of spec.linux.maskedPaths) compileMask(b, path);
  if (spec.root?.readonly) {
    b.call(
      "mount_setattr",
      [AT_FDCWD, "/", 0, mountAttr(MOUNT_ATTR_RDONLY, 0)],
      "making the root filesystem read-only",
      {
        spec: "config.md#root",
      },
    );
  }
  compileIdentity(b, process);
  b.steps.push({ stage: "created" });
  compileExec(b, process);
  return {
    before: compileJoins(spec.linux.namespaces),
    cloneFlags: cloneFlagsOf(spec.linux.namespaces),
    parent: compileParent(spec),
    init: b.steps,
  };
}
