/** exec on Linux: a process that joins the namespaces of the container's init. @module */
import type { Container, ExecOptions, ExecProcess } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { listenForSignals } from "../../lifecycle/host/signals.ts";
import { exists } from "../cgroups/files.ts";
import { pidsOf } from "../cgroups/members.ts";
import { compileProcess } from "../../program/compile_exec.ts";
import type { State } from "../../spec/state.ts";
import type { Process } from "../../spec/types.ts";
import { sys, thisMachine } from "../ffi/kernel.ts";
import { execTable, namespaceFlags } from "../program/enter.ts";
import { whileOpen } from "../ffi/descriptors.ts";
import { connectTo, sendDescriptors } from "../ffi/unix_sockets.ts";
import type { Child } from "../ffi/spawn.ts";
import { end } from "./process_conversation.ts";
import { keepChild, type KnownChild, waitForChild } from "./children.ts";
import { receiveTerminal } from "./console.ts";
import { checkPreserved, checkTerminal, consoleSockets } from "./init_sockets.ts";
import { enterContainer, openProcess } from "./enter.ts";
import { grantable } from "./grantable.ts";
import { withoutGroups } from "./rootless.ts";
import { listenerSockets, passListener } from "./listener.ts";
import { checkKernel, refuseProcess } from "./refuse.ts";

/** Signals for a process that this one stands for: those that come before it is there are held back until it is. */
interface HeldSignals {
  /** Passes them on from now on. */
  passTo(child: KnownChild): void;
  /** Lets this process have them again. */
  stop(): void;
}

function holdSignals(): HeldSignals {
  const held: number[] = [];
  let send = (signal: number): void => void held.push(signal);
  const stop = listenForSignals((signal) => send(signal));
  return {
    passTo(child) {
      send = (signal) => void sys("pidfd_send_signal", child.pidfd.fd, signal, 0, 0);
      for (const signal of held.splice(0)) send(signal);
    },
    stop,
  };
}

/** The path of --cgroup below the container's cgroup. */
function innerCgroup(directory: string, path: string, what: string): string {
  if (path === "") return "";
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (pidsOf(directory) === undefined) {
    throw new LifecycleError(`${what}: --cgroup: the container has no cgroup of its own`, "unsupported");
  }
  if (parts.includes("..")) {
    throw new LifecycleError(
      `${what}: --cgroup: ${JSON.stringify(path)} is not in the container's`,
      "invalid",
    );
  }
  return parts.join("/");
}

/** Sends a descriptor of the process to a socket; without that there is no process. */
function passPidfd(child: Child, path: string): void {
  const what = `sending a descriptor of the process to the socket ${path}`;
  try {
    whileOpen((own) => sendDescriptors(own(connectTo(path, what)), [child.pidfd.fd], "setns", what));
  } catch (error) {
    end(child);
    throw error;
  }
}

/** The state of a container in which something can be executed. */
function runningState({ record, directory }: Container): State {
  const { ociVersion, id, init, bundle, annotations } = record;
  const status = exists(`${directory}/started`) ? "running" : "created";
  return { ociVersion, id, status, pid: init!.pid, bundle, annotations };
}

/** Starts a process in a container. */
export async function execIn(
  container: Container,
  wanted: Process,
  options: ExecOptions,
): Promise<ExecProcess> {
  const { record, directory } = container;
  const what = `exec in container ${JSON.stringify(record.id)}`;
  checkKernel();
  refuseProcess(wanted, what);
  const cgroup = innerCgroup(directory, options.cgroup, what);
  checkPreserved(options.preserveFds);
  checkTerminal(wanted.terminal, options.detached, options.consoleSocket);
  const spec = await container.spec(), { linux } = spec;
  const process = grantable(wanted, linux.namespaces, options.warn);
  const program = withoutGroups(compileProcess(process, linux.seccomp), spec, process);
  const pidfd = openProcess(record.init!);
  const listener = listenerSockets(linux.seccomp);
  let sockets: ReturnType<typeof consoleSockets>;
  const signals = options.detached ? undefined : holdSignals();
  try {
    sockets = consoleSockets(process.terminal, options.consoleSocket);
    const preserved = Array.from({ length: options.preserveFds }, (_, i) => 3 + i);
    const own = {
      ...sockets === undefined ? {} : { console: sockets.init.fd },
      ...listener === undefined ? {} : { listener: listener.init.fd },
    };
    const child = await enterContainer({
      name: "umiak-exec",
      descriptors: [...preserved, pidfd.fd, ...Object.values(own)],
      directory,
      cgroup,
      announced: process.execCPUAffinity?.initial !== undefined,
      takeListener: (pid) => passListener(listener!, linux.seccomp!, pid, runningState(container)),
      table: (report, sync, cgroups) =>
        execTable({
          ...{ program, process, report, sync, cgroups, ...own },
          ...{ namespaces: namespaceFlags(linux.namespaces), pidfd: pidfd.fd },
          ...process.execCPUAffinity === undefined ? {} : { affinity: process.execCPUAffinity },
          ...{ preserveFds: options.preserveFds, architecture: thisMachine().architecture },
        }),
    });
    if (options.pidfdSocket !== undefined) passPidfd(child, options.pidfdSocket);
    const known = {
      pidfd: child.pidfd,
      ...sockets?.own === undefined ? {} : { terminal: receiveTerminal(sockets.own) },
    };
    keepChild(child.pid, known);
    signals?.passTo(known);
    const wait = (): Promise<number> => waitForChild(child.pid, known).finally(() => signals?.stop());
    return { pid: child.pid, wait };
  } catch (error) {
    signals?.stop();
    throw error;
  } finally {
    pidfd.close();
    for (const socket of [sockets?.init, sockets?.own, listener?.init, listener?.own]) socket?.close();
  }
}
