/** From an image and what a caller asks for to a container that is ready to be started. @module */
import { HostfsSuper } from "../../fs/hostfs/mod.ts";
import { compileSpec } from "../program/compile.ts";
import type { SyscallProgram } from "../program/types.ts";
import { FIRST_PLACE } from "../sandbox/exec/host/prepare.ts";
import type { ByteSink } from "../sandbox/exec/host_stream.ts";
import { wantsInterruption } from "../sandbox/exec/interrupt/wanted.ts";
import { Sandbox, type Tree } from "../sandbox/exec/sandbox.ts";
import type { Spec } from "../spec/types.ts";
import { convert } from "./conversion.ts";
import type { PreparedNetwork } from "./network.ts";
import { type BindOption, RunError, type RunOptions } from "./options.ts";
import type { PodKernel } from "./pod_kernel.ts";
import { type PreparedImage, rootFilesystem } from "./root_filesystem.ts";

/** Where the place of a container has its root filesystem, the sources of its binds, and the files of its network. */
const ROOTFS = "rootfs", BINDS = "binds", NETWORK = "network";
/** Binds in messages. */
const BIND = new RegExp(`${FIRST_PLACE}/(?:members/\\d+/)?${BINDS}/(\\d+)`, "g");
/** Largest /etc/passwd or /etc/group that is read. */
const MAX_USER_FILE = 1024 * 1024;

/** A container that is ready to be started. */
export interface PreparedContainer {
  /** Its kernel. */
  readonly sandbox: Sandbox;
  /** Its specification. */
  readonly spec: Spec;
  /** What prepares its process. */
  readonly program: SyscallProgram;
  /** Where the kernel's initial namespace has what belongs to it. */
  readonly place: string;
  /** Its trees there. */
  readonly trees: readonly Tree[];
  /** Its network, where one was asked for. */
  readonly network: PreparedNetwork | undefined;
}

/** Makes the network of a container with this host name; the kernel has its files at a path. */
export type NetworkMaker = (sandbox: Sandbox, hostname: string, files: string) => PreparedNetwork;

/** A container's name when nobody gives it one: as docker's short ids. */
export function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** A bind, and the tree that the kernel finds its source in. */
interface BindTree {
  readonly tree: Tree;
  readonly bind: BindOption;
  readonly isFile: boolean;
}

function bindTree(bind: BindOption, path: string): BindTree {
  try {
    const isFile = !Deno.statSync(bind.source).isDirectory;
    const sb = new HostfsSuper({ path: bind.source, readOnly: bind.readOnly });
    return { tree: { path, sb, source: bind.source }, bind, isFile };
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "no such file or directory"
      : (error as Error).message;
    throw new RunError(`binding ${bind.source} on ${bind.target}: ${why}`, 125, { cause: error });
  }
}

/** The host trees that binds need, in the order of the options. If one cannot be had, none is kept, nor are the image's layers. */
function bindTrees(image: PreparedImage, options: RunOptions, place: string): BindTree[] {
  const trees: BindTree[] = [];
  try {
    const binds = (options.mounts ?? []).filter((mount) => mount.kind === "bind");
    for (const bind of binds) trees.push(bindTree(bind, `${place}/${BINDS}/${trees.length}`));
    return trees;
  } catch (error) {
    for (const { tree } of trees) tree.sb.shutdown();
    for (const layer of image.layers) layer.shutdown();
    throw error;
  }
}

/** A message in which binds have the names that the caller knows. */
export function withBindNames(message: string, { mounts = [] }: RunOptions): string {
  const binds = mounts.filter((mount) => mount.kind === "bind");
  return message.replace(BIND, (path, i) => binds[Number(i)]?.source ?? path);
}

/** Where it is said why a process ended by a trap: standard error, the caller's or our own. */
export function diagnosis(sink: ByteSink | undefined, tty: boolean): (message: string) => void {
  const end = tty ? "\r" : ""; // the host's terminal is in raw mode: a newline alone does not go back to the left
  if (sink === undefined) return (message) => console.error(`umiak: ${message}${end}`);
  return (message) => {
    try {
      sink.writeSync(new TextEncoder().encode(`umiak: ${message}\n`));
    } catch {
      // Nobody reads it.
    }
  };
}

/** The kernel of a container that is alone on it. */
function ownKernel(options: RunOptions, trees: readonly Tree[], stderr: ByteSink | undefined): Sandbox {
  const { interruptible = options.signal !== undefined } = options;
  return new Sandbox({
    trees,
    memoryLimit: options.memory ?? 0,
    interruptible,
    diagnose: diagnosis(stderr, options.tty ?? false),
  });
}

/** Builds kernel, specification and program of a container from an image, whose layers are then the kernel's. In a pod the kernel is that. */
export function prepareContainer(
  image: PreparedImage,
  options: RunOptions,
  stderr?: ByteSink,
  makeNetwork?: NetworkMaker,
  pod?: PodKernel,
): PreparedContainer {
  const place = pod === undefined ? FIRST_PLACE : pod.containers.nextPlace();
  const rootfs = `${place}/${ROOTFS}`;
  const binds = bindTrees(image, options, place);
  const trees = [
    { path: rootfs, sb: rootFilesystem(image.layers), source: "overlay" },
    ...binds.map((each) => each.tree),
  ];
  const sandbox = pod?.sandbox ?? ownKernel(options, trees, stderr);
  pod?.sandbox.show(trees);
  let network: PreparedNetwork | undefined;
  try {
    const text = (path: string): string | undefined => {
      const bytes = sandbox.readFile(rootfs, path, MAX_USER_FILE);
      return bytes && new TextDecoder().decode(bytes);
    };
    const id = randomName();
    const converted = convert(image.config, options, {
      imageName: image.name,
      users: { passwd: text("/etc/passwd"), group: text("/etc/group") },
      hostname: pod?.hostname ?? id,
      hostPath: (path) => binds.find((each) => each.bind.source === path)!.tree.path,
    });
    network = makeNetwork?.(sandbox, converted.hostname ?? "localhost", `${place}/${NETWORK}`);
    const mounts = network?.mounts ?? pod?.network?.mounts ?? [];
    const joined = pod === undefined ? converted : pod.join(converted);
    const spec = withMounts(joined, mounts);
    if (wantsInterruption(spec)) sandbox.makeInterruptible();
    const files = new Set([
      ...binds.filter((each) => each.isFile).map((each) => each.tree.path),
      ...mounts.map((mount) => mount.source),
    ]);
    const program = compileSpec(spec, {
      rootfs,
      isFile: (source) => files.has(source),
      makeCwd: true,
      // A control group of its own: where there are limits, or others.
      ...spec.linux.resources === undefined && pod === undefined ? {} : { id },
    });
    return { sandbox, spec, program, network, place, trees };
  } catch (error) {
    void network?.close();
    if (pod === undefined) sandbox.shutdown();
    else sandbox.hide(trees);
    throw error instanceof RunError
      ? error
      : new RunError(`${image.name}: ${(error as Error).message}`, 125, { cause: error });
  }
}

/** The specification with binds before the caller's own, which may cover them. */
function withMounts(spec: Spec, mounts: Spec["mounts"]): Spec {
  const own = spec.mounts.findIndex((mount) => mount.type === "bind");
  const at = own < 0 ? spec.mounts.length : own;
  return mounts.length === 0
    ? spec
    : { ...spec, mounts: [...spec.mounts.slice(0, at), ...mounts, ...spec.mounts.slice(at)] };
}
