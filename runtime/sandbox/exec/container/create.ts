/** create on the userland kernel: starts the host process, which prepares the program up to its execve. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { exited, signaled } from "../../../abi/linux/wait_status.ts";
import type { Container, CreateRequest, InitProcess } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { listeningSockets } from "../../../lifecycle/host/activation.ts";
import { sendTerminal } from "../../../lifecycle/host/console.ts";
import { identify } from "../../../lifecycle/host/processes.ts";
import type { NamespaceSpec, Spec } from "../../../spec/types.ts";
import { FrameSocket } from "./frames.ts";
import { type Pod, podOf } from "./pod.ts";
import { removeSockets } from "./socket_directory.ts";
import { createPath, failureOf, socketDirectory } from "./sockets.ts";
import { spawnHostProcess } from "./spawn.ts";

/** Host processes that this process has started, by their ids. */
const children: Map<number, Deno.ChildProcess> = new Map();

/** Namespaces of the host that its process can be started in by nsenter(1). */
const ENTERED: Readonly<Record<string, string>> = {
  network: "--net",
  ipc: "--ipc",
  uts: "--uts",
  cgroup: "--cgroup",
  time: "--time",
};

/** True for a namespace file of the one that this process is in, and what it starts will be. */
function isOurs({ type, path }: NamespaceSpec): boolean {
  try {
    const own = Deno.statSync(`/proc/self/ns/${type === "network" ? "net" : type}`),
      there = Deno.statSync(path!);
    return own.ino === there.ino && own.dev === there.dev;
  } catch {
    return false; // entering it says what is wrong
  }
}

/** The start of a command line that enters the host's namespaces that are to be joined (config-linux.md#namespaces, path). */
function enteringNamespaces(spec: Spec): string[] {
  const joined = spec.linux.namespaces.filter((namespace) =>
    namespace.path !== undefined && (namespace.type === "mount" || !isOurs(namespace))
  );
  if (joined.length === 0) return [];
  return [
    "nsenter",
    ...joined.map(({ type, path }) => {
      const option = ENTERED[type];
      if (option === undefined || Deno.build.os !== "linux") {
        throw new LifecycleError(
          `joining the ${type} namespace ${path}: the userland kernel cannot`,
          "unsupported",
        );
      }
      return `${option}=${path}`;
    }),
    "--",
  ];
}

async function checkOptions({ id, spec, options }: CreateRequest): Promise<void> {
  const refuse = (what: string): LifecycleError =>
    new LifecycleError(`creating container ${JSON.stringify(id)}: ${what}`, "unsupported");
  if (options.preserveFds > 0) {
    const { checkPreserved } = await import("../preserved.ts");
    try {
      checkPreserved(options.preserveFds);
    } catch (error) {
      throw refuse((error as Error).message);
    }
  }
  if (!spec.process?.terminal) return;
  if (options.consoleSocket === undefined && options.detached) {
    throw new LifecycleError(
      "cannot allocate tty if the caller will detach without setting console socket",
      "invalid",
    );
  }
}

function spawnHost(request: CreateRequest, sockets: string, pod: Pod | undefined): Deno.ChildProcess {
  const { id, spec, directory, options: { consoleSocket, preserveFds } } = request;
  const before = pod === undefined ? enteringNamespaces(spec) : [];
  // Last: what has been sent cannot be taken back.
  const terminal = consoleSocket !== undefined && spec.process?.terminal
    ? sendTerminal(consoleSocket, { size: spec.process.consoleSize, raw: true })
    : undefined;
  try {
    return spawnHostProcess({
      before,
      args: [pod === undefined ? "host" : "member", directory, sockets],
      terminal,
      preserveFds,
    });
  } catch (error) {
    const why = (error as Error).message;
    throw new LifecycleError(`starting the process of container ${JSON.stringify(id)}: ${why}`, "failed", {
      cause: error,
    });
  }
}

function gone(id: string): LifecycleError {
  return new LifecycleError(
    `creating container ${JSON.stringify(id)}: its process ended unexpectedly`,
    "failed",
  );
}

async function converse(request: CreateRequest, socket: FrameSocket, init: InitProcess): Promise<void> {
  const { id, bundle, rootfs, options } = request;
  // A terminal that was made for it is raw already; its caller's own is not.
  const isRaw = options.consoleSocket !== undefined;
  const { preserveFds } = options;
  await socket.message({
    op: "create",
    id,
    bundle,
    rootfs,
    isRaw,
    preserveFds,
    listening: listeningSockets(),
  });
  for (;;) {
    const message = await socket.receiveMessage();
    if (message === null) throw gone(id);
    const failure = failureOf(message);
    if (failure !== undefined) throw failure;
    if (message.op === "environment") {
      await request.environmentCreated(init);
      await socket.message({ op: "continue" });
    } else if (message.op === "created") {
      await socket.message({ op: "detach" });
      return;
    }
  }
}

/**
 * Makes the host process of a container and has it prepare everything. Once detached, that ends when this one has left (see host/left.ts): the
 * socket stays open.
 */
export async function createInit(request: CreateRequest): Promise<InitProcess> {
  await checkOptions(request);
  const { id, directory } = request;
  const pod = podOf(request.spec, directory);
  if (pod !== undefined && request.options.preserveFds > 0) {
    throw new LifecycleError(
      `creating container ${JSON.stringify(id)}: the process that hosts its pod cannot be given descriptors`,
      "unsupported",
    );
  }
  const sockets = socketDirectory(directory);
  const listener = Deno.listen({ transport: "unix", path: createPath(sockets) });
  let child: Deno.ChildProcess | undefined;
  try {
    child = spawnHost(request, sockets, pod);
    const init = {
      ...identify(child.pid),
      data: { sockets, ...pod === undefined ? {} : { pod: pod.directory } },
    };
    const ended = child.status.then(() => null);
    const conn = await Promise.race([listener.accept(), ended]);
    if (conn === null) throw gone(id);
    const socket = new FrameSocket(conn);
    let stays = false;
    try {
      await converse(request, socket, init);
      stays = request.options.detached;
    } finally {
      if (!stays) await socket.close();
    }
    children.set(child.pid, child);
    child.unref();
    return init;
  } catch (error) {
    if (child !== undefined) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
    }
    removeSockets(sockets, directory);
    throw error;
  } finally {
    listener.close();
    try {
      Deno.removeSync(createPath(sockets));
    } catch {
      // The directory has gone, too.
    }
  }
}

/** Wait status of a process of the host. */
export function waitStatusOf(status: Deno.CommandStatus): number {
  return status.signal === null
    ? exited(status.code)
    : signaled((SIGNAL as Record<string, number>)[status.signal] ?? status.code - 128);
}

/** Waits for the end of a host process that this process has started. */
export async function waitForInit(container: Container): Promise<number> {
  const child = children.get(container.record.init!.pid);
  if (child === undefined) throw new Error(`container ${container.record.id} was created by another process`);
  child.ref();
  const status = await child.status;
  children.delete(child.pid);
  return waitStatusOf(status);
}
