/** `umiak run`: from an image reference to an exit code. @module */
import { ENOENT } from "../../fs/abi/errno.ts";
import { HostfsSuper } from "../../fs/hostfs/mod.ts";
import { SIGNAL } from "../abi/linux/signal.ts";
import { shellStatus } from "../abi/linux/wait_status.ts";
import { compileSpec } from "../program/compile.ts";
import type { SyscallProgram } from "../program/types.ts";
import { Sandbox, type SandboxOptions } from "../sandbox/exec/sandbox.ts";
import { ProgramError } from "../sandbox/kernel/program_runner.ts";
import type { Task } from "../sandbox/kernel/task.ts";
import type { ByteSink } from "../sandbox/exec/host_stream.ts";
import type { Spec } from "../spec/types.ts";
import { convert } from "./conversion.ts";
import { setDeadline } from "./deadline.ts";
import { type BindOption, RunError, type RunOptions } from "./options.ts";
import type { PreparedNetwork } from "./network.ts";
import { type PreparedImage, prepareImage, rootFilesystem } from "./root_filesystem.ts";
import { noStdio, openStdio, type Stdio, terminalOf } from "./stdio.ts";

/** Where the kernel's initial namespace has a container's root filesystem, and the sources of its binds. */
const ROOTFS = "/run/umiak/rootfs", BINDS = "/run/umiak/binds";
/** The latter in messages. */
const BIND = new RegExp(`${BINDS}/(\\d+)`, "g");
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
  /** Its network, where one was asked for. */
  readonly network: PreparedNetwork | undefined;
}

/** Makes the network of a container with this host name. */
export type NetworkMaker = (sandbox: Sandbox, hostname: string) => PreparedNetwork;

function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** A bind, and the tree that the kernel finds its source in. */
interface BindTree {
  readonly tree: SandboxOptions["trees"][number];
  readonly bind: BindOption;
  readonly isFile: boolean;
}

function bindTree(bind: BindOption, i: number): BindTree {
  try {
    const isFile = !Deno.statSync(bind.source).isDirectory;
    const sb = new HostfsSuper({ path: bind.source, readOnly: bind.readOnly });
    return { tree: { path: `${BINDS}/${i}`, sb, source: bind.source }, bind, isFile };
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "no such file or directory"
      : (error as Error).message;
    throw new RunError(`binding ${bind.source} on ${bind.target}: ${why}`, 125, { cause: error });
  }
}

/** The host trees that binds need, in the order of the options. If one cannot be had, none is kept, nor are the image's layers. */
function bindTrees(image: PreparedImage, options: RunOptions): BindTree[] {
  const trees: BindTree[] = [];
  try {
    const binds = (options.mounts ?? []).filter((mount) => mount.kind === "bind");
    for (const bind of binds) trees.push(bindTree(bind, trees.length));
    return trees;
  } catch (error) {
    for (const { tree } of trees) tree.sb.shutdown();
    for (const layer of image.layers) layer.shutdown();
    throw error;
  }
}

/** Where it is said why a process ended by a trap: standard error, the caller's or our own. */
function diagnosis(sink: ByteSink | undefined, tty: boolean): (message: string) => void {
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

/** Builds kernel, specification and program of a container from an image, whose layers are then the kernel's. */
export function prepareContainer(
  image: PreparedImage,
  options: RunOptions,
  stderr?: ByteSink,
  makeNetwork?: NetworkMaker,
): PreparedContainer {
  const binds = bindTrees(image, options);
  const sandbox = new Sandbox({
    trees: [
      { path: ROOTFS, sb: rootFilesystem(image.layers), source: "overlay" },
      ...binds.map((each) => each.tree),
    ],
    memoryLimit: options.memory ?? 0,
    ...image.start === undefined || options.entrypoint !== undefined ? {} : { start: image.start },
    diagnose: diagnosis(stderr, options.tty ?? false),
  });
  let network: PreparedNetwork | undefined;
  try {
    const text = (path: string): string | undefined => {
      const bytes = sandbox.readFile(ROOTFS, path, MAX_USER_FILE);
      return bytes && new TextDecoder().decode(bytes);
    };
    const converted = convert(image.config, options, {
      imageName: image.name,
      users: { passwd: text("/etc/passwd"), group: text("/etc/group") },
      hostname: randomName(),
      hostPath: (path) => binds.find((each) => each.bind.source === path)!.tree.path,
    });
    network = makeNetwork?.(sandbox, converted.hostname ?? "localhost");
    const spec = withMounts(converted, network?.mounts ?? []);
    const files = new Set([
      ...binds.filter((each) => each.isFile).map((each) => each.tree.path),
      ...(network?.mounts ?? []).map((mount) => mount.source),
    ]);
    const program = compileSpec(spec, {
      rootfs: ROOTFS,
      isFile: (source) => files.has(source),
      makeCwd: true,
    });
    return { sandbox, spec, program, network };
  } catch (error) {
    void network?.close();
    sandbox.shutdown();
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

/** What makes the network that the options ask for; undefined where there is to be none. */
async function networkMaker({ network }: RunOptions): Promise<NetworkMaker | undefined> {
  if (network === undefined) return undefined;
  const { modeOf, prepareNetwork } = await import("./network.ts");
  const bare = modeOf(network) === "none" && (network.listen?.length ?? 0) === 0;
  return bare ? undefined : (sandbox, name) => prepareNetwork(sandbox, network, name);
}

/** Connects a container's namespaces, when createRuntime hooks would (config.md#posix-platform-hooks). */
function attach(image: PreparedImage, network: PreparedNetwork | undefined, task: Task): void {
  try {
    network?.attach(task);
  } catch (error) {
    throw new RunError(`${image.name}: ${(error as Error).message}`, 125, { cause: error });
  }
}

/** Docker's exit code for a program that could not be started. */
function exitCodeOf(error: ProgramError): number {
  if (error.call !== null && error.call !== "execve") return 125;
  return error.errno === ENOENT ? 127 : error.call === "execve" ? 126 : 125;
}

/** Opens the image; whatever is wrong with it is umiak's error 125, unless it says otherwise. */
async function open(options: RunOptions): Promise<PreparedImage> {
  try {
    return await prepareImage(options.image, options.platform, options.prepare);
  } catch (error) {
    throw error instanceof RunError ? error : new RunError((error as Error).message, 125, { cause: error });
  }
}

/**
 * Runs a container in the foreground. The exit code: the program's own, or 128 + the signal that ended it. Throws a RunError, with
 * docker's exit code, when the program could not be started.
 */
export async function runImage(options: RunOptions, stdio: Stdio = {}): Promise<number> {
  const terminal = options.tty && options.engine !== "wasmer" ? await terminalOf(options, stdio) : undefined;
  const makeNetwork = await networkMaker(options);
  const image = await open(options);
  if (options.engine === "wasmer") {
    const { runWithWasmer } = await import("./wasmer.ts");
    return runWithWasmer(image, options, stdio);
  }
  const { sandbox, program, network } = prepareContainer(image, options, stdio.stderr, makeNetwork);
  try {
    const files = terminal === undefined ? openStdio(options.interactive ?? false, stdio) : noStdio();
    const listeners = network?.listeners ?? [];
    const ready = await sandbox.prepare(program, [...files, ...listeners], (stage, task, fd) => {
      if (stage === "environment") attach(image, network, task);
      if (stage === "terminal") terminal?.show(task, fd);
      return Promise.resolve();
    });
    for (const output of [files[1], files[2]]) output.onBroken = () => ready.task.raise(SIGNAL.SIGPIPE);
    const cancel = options.timeout === undefined
      ? undefined
      : setDeadline(ready.task, options.timeout, options.stopSignal);
    try {
      return shellStatus(await sandbox.run(ready));
    } finally {
      cancel?.();
    }
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const binds = (options.mounts ?? []).filter((mount) => mount.kind === "bind");
    const message = error.message.replace(BIND, (path, i) => binds[Number(i)]?.source ?? path);
    throw new RunError(`${image.name}: ${message}`, exitCodeOf(error), { cause: error });
  } finally {
    await terminal?.finish();
    await network?.close();
    sandbox.shutdown();
  }
}
