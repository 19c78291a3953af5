/** Where the sockets of a container's host process are. @module */
import type { Container } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { FrameSocket, type Message } from "./frames.ts";
import { socketsOf } from "./socket_directory.ts";

/** Longest path of a socket: sun_path has 108 bytes on Linux, 104 elsewhere, with the NUL (man 7 unix). */
const MAX_PATH = 103;
const CONTROL = "control.sock", CREATE = "create.sock";

/** A directory for the sockets: the container's own, or one with a shorter path. */
export function socketDirectory(directory: string): string {
  const longest = new TextEncoder().encode(`${directory}/${CONTROL}`).length;
  return longest <= MAX_PATH ? directory : Deno.makeTempDirSync({ prefix: "umiak-" });
}

/** The socket on which a host process takes orders. */
export const controlPath = (sockets: string): string => `${sockets}/${CONTROL}`;
/** The socket on which a create waits for its host process. */
export const createPath = (sockets: string): string => `${sockets}/${CREATE}`;

/** Connects to a container's host process. */
export async function connectTo(container: Container): Promise<FrameSocket> {
  const path = controlPath(socketsOf(container));
  try {
    return new FrameSocket(await Deno.connect({ transport: "unix", path }));
  } catch (error) {
    const message = `container ${JSON.stringify(container.record.id)}: its process has gone: ${
      (error as Error).message
    }`;
    throw new LifecycleError(message, "failed", { cause: error });
  }
}

/** The error that a message carries; undefined if it is an answer. */
export function failureOf(message: Message): LifecycleError | undefined {
  if (message.op !== "error") return undefined;
  return new LifecycleError(String(message.message), message.reason as LifecycleError["reason"]);
}
