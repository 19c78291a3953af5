/** The runtime's side of what an init and the runtime tell each other: see program/message.ts. @module */
import { type Descriptor, writeAll } from "../ffi/descriptors.ts";
import { isReadable, readSome } from "../ffi/poll.ts";
import { type Message, MESSAGE_SIZE, parseMessage } from "../program/message.ts";

const WHAT = "talking to the container's init";

/** The next message; null if there will be none. */
export async function receive(report: Descriptor): Promise<Message | null> {
  const bytes = new Uint8Array(MESSAGE_SIZE);
  return await readSome(report.fd, bytes, WHAT) === MESSAGE_SIZE ? parseMessage(bytes) : null;
}

/** What the init has said already; null if that is nothing. */
export const receiveNow = async (report: Descriptor): Promise<Message | null> =>
  isReadable(report.fd) ? await receive(report) : null;

/** Lets the init go on. */
export function goOn(sync: Descriptor): void {
  writeAll(sync.fd, Uint8Array.of(1), WHAT);
}
