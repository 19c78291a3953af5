/** From a container's configuration to a kernel with its trees, and the program that prepares its process. @module */
import { HostfsSuper } from "../../../../fs/hostfs/mod.ts";
import { compileSpec } from "../../../program/compile.ts";
import type { SyscallProgram } from "../../../program/types.ts";
import type { MountSpec, NamespaceSpec, Process, Spec } from "../../../spec/types.ts";
import { wantsInterruption } from "../interrupt/wanted.ts";
import { Sandbox, type SandboxOptions, type Tree } from "../sandbox.ts";
import { refuseUnavailable } from "./refusals.ts";

/** Where the kernel's initial namespace has what belongs to its first container. */
export const FIRST_PLACE = "/run/umiak";
/** Below that, the container's root filesystem, sources of its binds, and its hooks. */
const ROOTFS = "rootfs", BINDS = "binds", HOOKS = "hooks";

/** What a configuration without a process waits with; it is never started. */
const NO_PROCESS: Process = {
  ...{ terminal: false, cwd: "/", env: [], args: ["/"], rlimits: [], noNewPrivileges: false },
  user: { uid: 0, gid: 0, additionalGids: [] },
};

/** What is to be prepared. */
export interface BundleRequest {
  /** Id of the container. */
  readonly id: string;
  /** Its configuration. */
  readonly spec: Spec;
  /** Absolute path of the bundle. */
  readonly bundle: string;
  /** Absolute path of its root filesystem. */
  readonly rootfs: string;
  /** Where the kernel's initial namespace has what belongs to it. */
  readonly place: string;
}

/** A container before its process. */
export interface Prepared {
  /** Its kernel. */
  readonly sandbox: Sandbox;
  /** What prepares its process. */
  readonly program: SyscallProgram;
  /** Its trees in the kernel's initial namespace. */
  readonly trees: readonly Tree[];
}

/** Where the n-th createContainer hook is found by the init before its root changes. */
export const hookPath = (place: string, n: number): string => `${place}/${HOOKS}/${n}`;

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

function hostTree(path: string, source: string, doing: string): Tree {
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
 * Namespaces that the container gets for itself. Those of the host that are to be joined by path this process is in already: to the container
 * they are the initial ones of its kernel, as are those that it inherits.
 */
function ownNamespaces(spec: Spec): NamespaceSpec[] {
  return spec.linux.namespaces.filter(({ path }) => path === undefined);
}

/** Opens the trees of a container. Its mounts, with sources that the kernel knows, and which of them are files. */
function bindTrees(
  { spec, bundle, rootfs, place }: BundleRequest,
  trees: Tree[],
): { readonly mounts: readonly MountSpec[]; readonly paths: ReadonlySet<string> } {
  const paths = new Set<string>();
  const open = (path: string, source: string, doing: string): string => {
    trees.push(hostTree(path, source, doing));
    return path;
  };
  open(`${place}/${ROOTFS}`, rootfs, `opening the root filesystem ${rootfs}`);
  const mounts = spec.mounts.map((mount, i): MountSpec => {
    if (!isBind(mount)) return mount;
    const source = mount.source.startsWith("/") ? mount.source : `${bundle}/${mount.source}`;
    const path = open(`${place}/${BINDS}/${i}`, source, `mounting ${mount.source} on ${mount.destination}`);
    if (!Deno.statSync(source).isDirectory) paths.add(path);
    return { ...mount, source: path };
  });
  spec.hooks?.createContainer.forEach(({ path }, i) => {
    open(hookPath(place, i), path, `error running createContainer hook #${i}: ${path}`);
  });
  return { mounts, paths };
}

/** Prepares a container on the kernel that `kernelWith` makes or has, with namespaces as told. Throws an Error that says what cannot be had. */
function prepare(
  request: BundleRequest,
  namespaces: readonly NamespaceSpec[],
  kernelWith: (trees: readonly Tree[]) => Sandbox,
): Prepared {
  const { id, spec, place } = request;
  refuseUnavailable(spec);
  const root = `${place}/${ROOTFS}`;
  const trees: Tree[] = [];
  try {
    const files = bindTrees(request, trees);
    const program = compileSpec({
      ...spec,
      process: spec.process ?? NO_PROCESS,
      mounts: [...files.mounts.some(isDev) ? [] : [DEV], ...files.mounts],
      linux: { ...spec.linux, namespaces },
    }, { rootfs: root, isFile: (source) => files.paths.has(source), makeCwd: true, id });
    return { sandbox: kernelWith(trees), program, trees };
  } catch (error) {
    for (const { sb } of trees) sb.end();
    throw error;
  }
}

/** Prepares the container that the process is made for, with a kernel. */
export function prepareFirst(
  request: BundleRequest,
  options: Pick<SandboxOptions, "memoryLimit" | "diagnose">,
): Prepared {
  const { spec } = request;
  return prepare(request, ownNamespaces(spec), (trees) =>
    new Sandbox({
      trees,
      hostname: Deno.hostname(),
      interruptible: wantsInterruption(spec),
      ...options,
    }));
}

/** Prepares a container on a kernel that has others. */
export function prepareBeside(
  request: BundleRequest,
  namespaces: readonly NamespaceSpec[],
  sandbox: Sandbox,
): Prepared {
  return prepare(request, namespaces, (trees) => {
    sandbox.show(trees);
    return sandbox;
  });
}

/** Prepares one that joins others on their kernel. Its programs can be interrupted: its process can be killed whatever they do. */
export function prepareMember(
  request: BundleRequest,
  namespaces: readonly NamespaceSpec[],
  sandbox: Sandbox,
): Prepared {
  sandbox.makeInterruptible();
  return prepareBeside(request, namespaces, sandbox);
}
