/** Descriptors and sockets of a process that is to be started: what it gets, and by which it hands out its own. @module */
import type { CreateRequest } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { type Descriptor, isInherited } from "../ffi/descriptors.ts";
import { socketPair } from "../ffi/unix_sockets.ts";
import { connectConsole } from "./console.ts";
import { hasCopies } from "./has_copies.ts";
import { type ListenerSockets, listenerSockets } from "./listener.ts";
import type { Prepared } from "./prepare.ts";

/** Throws unless the descriptors that the process is to get are there. */
export function checkPreserved(count: number): void {
  for (let fd = 3; fd < 3 + count; fd++) {
    if (isInherited(fd)) continue;
    throw new LifecycleError(`--preserve-fds ${count}: descriptor ${fd} is not open`, "invalid");
  }
}

/** Throws if a process is to have a terminal that nobody could get hold of. */
export function checkTerminal(terminal: boolean, detached: boolean, consoleSocket: string | undefined): void {
  if (terminal && detached && consoleSocket === undefined) {
    throw new LifecycleError(
      "cannot allocate tty if the caller will detach without setting console socket",
      "invalid",
    );
  }
  if (!terminal && consoleSocket !== undefined) {
    throw new LifecycleError("--console-socket: the process has no terminal", "invalid");
  }
}

/** One of a process, and where it leads. */
export interface Sockets {
  /** The process's. */
  readonly init: Descriptor;
  /** The runtime's, if it is not the caller who has the other end. */
  readonly own?: Descriptor;
}

/** Sockets for a process's terminal. */
export function consoleSockets(terminal: boolean, path: string | undefined): Sockets | undefined {
  if (!terminal) return undefined;
  if (path !== undefined) return { init: connectConsole(path) };
  const [init, own] = socketPair("making a console socket");
  return { init, own };
}

/** Sockets by which an init hands out descriptors. */
export interface InitSockets {
  /** Of its terminal. */
  readonly console?: Sockets | undefined;
  /** Of the listener of its filter. */
  readonly listener?: ListenerSockets | undefined;
  /** Of directories that are to be copied. */
  readonly copies?: ListenerSockets | undefined;
}

/** Those that an init needs. */
export function initSockets({ spec, options }: CreateRequest, { program }: Prepared): InitSockets {
  const [init, own] = hasCopies(program) ? socketPair("making a socket for copies") : [];
  try {
    return {
      console: consoleSockets(spec.process?.terminal ?? false, options.consoleSocket),
      copies: init === undefined ? undefined : { init, own: own! },
      listener: listenerSockets(spec.linux.seccomp),
    };
  } catch (error) {
    init?.close();
    own?.close();
    throw error;
  }
}
