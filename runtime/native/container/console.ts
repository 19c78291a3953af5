/** Sockets by which an init hands out its terminal: the caller's, or one of this process. @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import type { Descriptor } from "../ffi/descriptors.ts";
import { connectTo, receiveDescriptors } from "../ffi/unix_sockets.ts";

/** Connects to the console socket of a caller. */
export function connectConsole(path: string): Descriptor {
  try {
    return connectTo(path, `connecting to the console socket ${path}`);
  } catch (error) {
    throw new LifecycleError((error as Error).message, "invalid");
  }
}

/** Receives a terminal that has been sent. */
export function receiveTerminal(socket: Descriptor): Descriptor {
  return receiveDescriptors(socket, 1, "receiving the container's terminal")[0]!;
}
