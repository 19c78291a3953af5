/** The runtime's side of what an init and the runtime tell each other: see program/protocol.ts. @module */
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { type Descriptor, writeAll } from "../ffi/descriptors.ts";
import { readSome } from "../ffi/poll.ts";
import { LifecycleError, type LifecycleReason } from "../../lifecycle/error.ts";
import { type Message, MESSAGE_SIZE, parseMessage } from "../program/protocol.ts";
import type { Note } from "../table/compile_table.ts";

const WHAT = "talking to the container's init";

/** The next message; null if there will be none. */
export async function receive(report: Descriptor): Promise<Message | null> {
  const bytes = new Uint8Array(MESSAGE_SIZE);
  return await readSome(report.fd, bytes, WHAT) === MESSAGE_SIZE ? parseMessage(bytes) : null;
}

/** Lets the init go on. */
export function goOn(sync: Descriptor): void {
  writeAll(sync.fd, Uint8Array.of(1), WHAT);
}

/** A step of an init that failed. */
export class StepError extends LifecycleError {
  /** `errno` of the call that was made for `note`. */
  constructor(readonly errno: number, readonly note: Note | undefined, reason: LifecycleReason) {
    super(failureText(errno, note), reason);
  }
}

/** A failure in words: what was being done, and why it failed. */
export function failureText(errno: number, note: Note | undefined): string {
  if (note === undefined) return `the container's init: ${errnoText(errno)}`;
  return note.call === null ? note.what : `${note.what}: ${errnoText(errno)}`;
}
