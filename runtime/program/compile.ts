/** A Spec as a SyscallProgram: what a config.json means, in the order the specification asks for (runtime.md#lifecycle). @module */
import {
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  OPEN_TREE_CLONE,
} from "../../fs/abi/mount.ts";
import { AT_EMPTY_PATH, AT_FDCWD, AT_RECURSIVE, O_CLOEXEC } from "../../fs/abi/open.ts";
import { refusal } from "../spec/refusal.ts";
import type { Spec } from "../spec/types.ts";
import { ProgramBuilder } from "./builder.ts";
import { compileCgroup } from "./compile_cgroup.ts";
import { compileDevices } from "./compile_devices.ts";
import { cloneFlagsOf, compileJoins, compileOwnNamespaces, compileParent } from "./compile_namespaces.ts";
import { compileOverlayRoot, splitRoot } from "./compile_overlay.ts";
import { compileMask, compileMount, compileReadOnly, mountAttr, openNull } from "./compile_mounts.ts";
import { compileExec, compileIdentity } from "./compile_process.ts";
import { compileDomain } from "./compile_scheduling.ts";
import { compileChroot, compilePivot } from "./compile_root_change.ts";
import { compileSeccomp } from "./compile_seccomp.ts";
import { compileSysctl } from "./compile_sysctl.ts";
import { compileTerminal } from "./compile_terminal.ts";
import { propagationOf } from "./mount_options.ts";
import { asksListener } from "./seccomp_rules.ts";
import type { Ref, Step, SyscallProgram } from "./types.ts";

/** What a Spec does not say. */
export interface CompileOptions {
  /** Absolute path of the root filesystem where the program runs. */
  readonly rootfs: string;
  /** Whether a bind's source is a file; by default every source is a directory. */
  readonly isFile?: (source: string) => boolean;
  /** Make the working directory if it is missing, as engines do for WORKDIR. */
  readonly makeCwd?: boolean;
  /** The root is not to be pivoted; then the places where the old root has procfs and sysfs. */
  readonly noPivot?: readonly string[];
  /** The container's id: the name of its cgroup, unless the configuration has a path for it. */
  readonly id?: string;
}

/** What rootfsPropagation asks for; undefined if it asks for nothing. */
function rootPropagation({ linux }: Spec): readonly [type: number, recursive: boolean] | undefined {
  return linux.rootfsPropagation ? propagationOf(linux.rootfsPropagation) : undefined;
}

/**
 * The root filesystem as a mount of its own, and what is mounted in it. Nothing of it may reach the host: its mounts stay in the container
 * (private), or receive what the host mounts (slave). Where they are to be shared with the host, only the place of the root is private, which
 * pivot_root wants.
 */
function compileRoot(b: ProgramBuilder, spec: Spec, options: CompileOptions): Ref {
  const what = `binding the root filesystem ${options.rootfs}`;
  const rule = { spec: "config-linux.md#rootfs-mount-propagation" };
  const type = rootPropagation(spec)?.[0] ?? MS_PRIVATE;
  const shared = type === MS_SHARED;
  const outer = type === MS_SLAVE ? MS_SLAVE : MS_PRIVATE;
  const below = shared ? 0 : AT_RECURSIVE;
  b.call(
    "mount_setattr",
    [AT_FDCWD, "/", below, mountAttr(0, 0, outer)],
    "setting the propagation of /",
    rule,
  );
  const { overlay, mounts } = splitRoot(spec);
  if (overlay !== undefined) {
    // It is mounted before anything of it could be kept from the host.
    if (shared) {
      throw refusal("linux.rootfsPropagation", "a root filesystem that is an overlay cannot be shared");
    }
    const made = compileOverlayRoot(b, overlay, options.rootfs);
    for (const mount of mounts) {
      compileMount(
        b,
        made,
        mount,
        options.isFile ?? (() => false),
        spec.linux.mountLabel,
      );
    }
    return made;
  }
  const tree = OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE;
  const root = b.call("open_tree", [AT_FDCWD, options.rootfs, tree], what, {
    keep: "root",
    spec: "config.md#root",
  });
  if (shared) {
    b.call(
      "mount_setattr",
      [root, "", AT_EMPTY_PATH | AT_RECURSIVE, mountAttr(0, 0, MS_PRIVATE)],
      what,
      rule,
    );
  }
  b.call("move_mount", [root, "", AT_FDCWD, shared ? "/" : options.rootfs, MOVE_MOUNT_F_EMPTY_PATH], what);
  for (const mount of mounts) {
    compileMount(
      b,
      root,
      mount,
      options.isFile ?? (() => false),
      spec.linux.mountLabel,
    );
  }
  return root;
}

/** What the runtime does while the init waits: its user ids, its OOM score and its cgroup. */
function compileWaiting(spec: Spec, id: string | undefined): readonly Step[] {
  const b = new ProgramBuilder("cgroup");
  compileCgroup(b, spec, id);
  return [...compileParent(spec), ...b.steps];
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
  // Before kernel parameters are set: theirs may be among them.
  if ((spec.linux.netDevices?.length ?? 0) > 0) b.steps.push({ stage: "network" });
  const root = compileRoot(b, spec, options);
  const inUserNamespace = spec.linux.namespaces.some(({ type }) => type === "user");
  compileDevices(b, root, spec.linux.devices, process.terminal, inUserNamespace);
  if (options.makeCwd) b.directory(root, process.cwd.slice(1), `making the working directory ${process.cwd}`);
  const null_ = spec.linux.maskedPaths.length > 0 ? openNull(b) : null;
  compileSysctl(b, spec);
  b.steps.push({ stage: "environment" });
  if (options.noPivot === undefined) compilePivot(b, root);
  else compileChroot(b, root, options.noPivot, rootPropagation(spec)?.[0] === MS_SHARED);
  compileTerminal(b, process, true);
  const propagation = rootPropagation(spec);
  if (propagation !== undefined) {
    const [type, recursive] = propagation;
    const flags = recursive ? AT_RECURSIVE : 0;
    b.call(
      "mount_setattr",
      [AT_FDCWD, "/", flags, mountAttr(0, 0, type)],
      "setting the propagation of the root",
      {
        spec: "config-linux.md#rootfs-mount-propagation",
      },
    );
  }
  if (spec.hostname !== undefined) {
    b.call("sethostname", [spec.hostname], "setting the host name", { spec: "config.md#hostname" });
  }
  if (spec.domainname !== undefined) {
    b.call("setdomainname", [spec.domainname], "setting the domain name", { spec: "config.md#domainname" });
  }
  for (const path of spec.linux.readonlyPaths) compileReadOnly(b, path);
  for (const path of spec.linux.maskedPaths) compileMask(b, path, null_!, spec.linux.mountLabel);
  if (null_ !== null) b.call("close", [null_], "taking the null device");
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
  compileDomain(b, spec.linux);
  compileIdentity(b, process, spec.linux.seccomp);
  // Calls that follow a filter must pass it: as late as can be, but create is where a listener is told of it.
  const { seccomp } = spec.linux, early = seccomp !== undefined && asksListener(seccomp);
  if (process.noNewPrivileges && early) compileSeccomp(b, seccomp);
  b.steps.push({ stage: "created" });
  if (process.noNewPrivileges && !early) compileSeccomp(b, seccomp);
  compileExec(b, process);
  return {
    before: compileJoins(spec.linux.namespaces),
    cloneFlags: cloneFlagsOf(spec.linux.namespaces),
    parent: compileWaiting(spec, options.id),
    init: b.steps,
  };
}
