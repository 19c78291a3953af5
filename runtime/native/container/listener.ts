/** The listener of a filter: from the process that is filtered to the socket that config.json names (config-linux.md#containerprocessstate). @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import { asksListener } from "../../program/seccomp_rules.ts";
import type { Seccomp } from "../../spec/types.ts";
import { OCI_VERSION, type State } from "../../spec/state.ts";
import { type Descriptor, whileOpenAsync } from "../ffi/descriptors.ts";
import { connectTo, receiveDescriptors, sendDescriptors, socketPair } from "../ffi/unix_sockets.ts";
import { awaitReadable } from "../ffi/poll.ts";

/** By which the process sends it, and where it is received. */
export interface ListenerSockets {
  /** The process's. */
  readonly init: Descriptor;
  /** The runtime's. */
  readonly own: Descriptor;
}

/** Sockets for the listener of a filter, if it has one. */
export function listenerSockets(filter: Seccomp | undefined): ListenerSockets | undefined {
  if (filter === undefined || !asksListener(filter)) return undefined;
  const [init, own] = socketPair("making a socket for the seccomp listener");
  return { init, own };
}

/**
 * Takes the listener of a process and sends it on. When this returns, what handed it out has ended. `pid`: the process, as this one sees it. Throws
 * a LifecycleError if it cannot be sent: "If sending to this socket fails, the runtime MUST generate an error" (config-linux.md#seccomp).
 */
export async function passListener(
  { own: socket }: ListenerSockets,
  { listenerPath = "", listenerMetadata }: Seccomp,
  pid: number,
  state: State,
): Promise<void> {
  await whileOpenAsync(async (own) => {
    const [listener, helper] = receiveDescriptors(socket, 2, "receiving the seccomp listener");
    own(listener!);
    own(helper!);
    const message = {
      ...{ ociVersion: OCI_VERSION, fds: ["seccompFd"], pid },
      ...listenerMetadata === undefined ? {} : { metadata: listenerMetadata },
      state,
    };
    const what = `sending the seccomp listener to ${listenerPath}`;
    try {
      const connection = own(connectTo(listenerPath, what));
      sendDescriptors(connection, [listener!.fd], JSON.stringify(message), what);
    } catch (error) {
      throw new LifecycleError(
        `config.json: linux.seccomp.listenerPath: ${(error as Error).message}`,
        "failed",
      );
    }
    await awaitReadable(helper!.fd);
  });
}
