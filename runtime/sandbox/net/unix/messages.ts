/** Messages of unix sockets. @module */
import { AF_UNIX, MSG_PEEK, MSG_TRUNC } from "../../../abi/linux/socket.ts";
import type { MessageQueue } from "../message_queue.ts";
import type { Incoming } from "../socket_file.ts";
import { type Ancillary, disembark, show } from "./rights.ts";

/** What goes along with a message. */
export interface UnixMessage {
  /** The sender's name; "" for none. */
  readonly from: string;
  /** Files and credentials. */
  readonly ancillary: Ancillary;
}

/** Receives the first message of a queue that is not empty. */
export function takeMessage(
  queue: MessageQueue<UnixMessage>,
  buf: Uint8Array,
  off: number,
  len: number,
  flags: number,
  passCred: boolean,
  more: Incoming | undefined,
): number {
  const peek = (flags & MSG_PEEK) !== 0;
  const { data, extra } = peek ? queue.first! : queue.shift()!;
  const n = Math.min(len, data.length);
  buf.set(n === data.length ? data : data.subarray(0, n), off);
  if (more !== undefined) {
    more.from = { family: AF_UNIX, path: extra.from };
    more.flags = n < data.length ? MSG_TRUNC : 0;
  }
  if (peek) show(extra.ancillary, more, passCred);
  else disembark(extra.ancillary, more, passCred);
  return (flags & MSG_TRUNC) !== 0 ? data.length : n;
}
