/** From a container's configuration to a kernel with its trees, and the program that prepares its process. @module */
import { HostfsSuper } from "../../../../fs/hostfs/mod.ts";
import { compileSpec } from "../../../program/compile.ts";
import type { SyscallProgram } from "../../../program/types.ts";
import type { MountSpec, NamespaceSpec, Process, Spec } from "../../../spec/types.ts";
import { Sandbox, type SandboxOptions } from "../sandbox.ts";
import { refuseUnavailable } from "./refusals.ts";

/** Where the kernel's initial namespace has the container's root filesystem, sources of its binds, and its hooks. */
const ROOTFS = "/run/umiak/rootfs", BINDS = "/run/umiak/binds", HOOKS = "/run/umiak/hooks";

/** What a configuration without a process waits with; it is never started. */
const NO_PROCESS: Process = {
  ...{ terminal: false, cwd: "/", env: [], args: ["/"], rlimits: [], noNewPrivileges: false },
  user: { uid: 0, gid: 0, additionalGids: [] },
};

/** A container before its process. */
export interface Prepared {
  /** Its kernel. */
  readonly sandbox: Sandbox;
  /** What prepares its process. */
  readonly program: SyscallProgram;
}

/** Where the n-th createContainer hook is found by the init before its root changes. */
export const hookPath = (n: number): string => `${HOOKS}/${n}`;

/**
 * A directory of the host cannot have device nodes made in it. The runtime may supply devices however it likes (config-linux.md#devices): where
 * nothing is mounted on /dev, a filesystem that can have them is.
 */
const DEV: MountSpec = {
  destination: "/dev",
  type: "tmpfs",
  source: "tmpfs",
  options: ["nosuid", "strictatime", "mode=755"],
};

const isDev = ({ destination }: MountSpec): boolean => /^\/+dev\/*$/.test(destination);

const isBind = ({ type, options }: MountSpec): boolean =>
  type === "bind" || options.includes("bind") || options.includes("rbind");

function hostTree(path: string, source: string, doing: string): SandboxOptions["trees"][number] {
  try {
    return { path, sb: new HostfsSuper({ path: source }), source };
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "no such file or directory"
      : (error as Error).message;
    throw new Error(`${doing}: ${why}`, { cause: error });
  }
}

/**
 * Namespaces of the userland kernel. Those that are to be joined by path are the host's: this process is in them already, and the guest
 * gets its own inside, but for the host name, which is the one of the namespace.
 */
function ownNamespaces(spec: Spec): NamespaceSpec[] {
  return spec.linux.namespaces.filter(({ type, path }) => type !== "uts" || path === undefined)
    .map(({ type }) => ({ type }));
}

/** Asks for guests that can be interrupted while they compute, which costs speed. */
const INTERRUPTIBLE = "umiak.interruptible";

/** A quota or a limit of CPU time means nothing for guests that cannot be interrupted. */
const isInterruptible = ({ annotations, linux, process }: Spec): boolean =>
  annotations[INTERRUPTIBLE] === "true" || (linux.resources?.cpu?.quota ?? 0n) > 0n ||
  (process?.rlimits.some(({ type }) => type === "RLIMIT_CPU") ?? false);

/** Prepares a container. Throws an Error that says what cannot be had. */
export function prepareBundle(
  id: string,
  spec: Spec,
  bundle: string,
  rootfs: string,
  diagnose: (message: string) => void,
): Prepared {
  refuseUnavailable(spec);
  const trees = [hostTree(ROOTFS, rootfs, `opening the root filesystem ${rootfs}`)];
  const files = new Set<string>();
  const mounts = spec.mounts.map((mount, i): MountSpec => {
    if (!isBind(mount)) return mount;
    const source = mount.source.startsWith("/") ? mount.source : `${bundle}/${mount.source}`;
    const tree = hostTree(`${BINDS}/${i}`, source, `mounting ${mount.source} on ${mount.destination}`);
    trees.push(tree);
    if (!Deno.statSync(source).isDirectory) files.add(tree.path);
    return { ...mount, source: tree.path };
  });
  spec.hooks?.createContainer.forEach(({ path }, i) => {
    trees.push(hostTree(hookPath(i), path, `error running createContainer hook #${i}: ${path}`));
  });
  const limit = spec.linux.resources?.memory?.limit ?? -1n;
  const sandbox = new Sandbox({
    trees,
    memoryLimit: limit > 0n ? Number(limit) : 0,
    hostname: Deno.hostname(),
    interruptible: isInterruptible(spec),
    diagnose,
  });
  const program = compileSpec({
    ...spec,
    process: spec.process ?? NO_PROCESS,
    mounts: [...mounts.some(isDev) ? [] : [DEV], ...mounts],
    linux: { ...spec.linux, namespaces: ownNamespaces(spec) },
  }, { rootfs: ROOTFS, isFile: (source) => files.has(source), makeCwd: true, id });
  return { sandbox, program };
}
