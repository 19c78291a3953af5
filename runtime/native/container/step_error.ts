/** Steps of inits that failed. @module */
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { LifecycleError, type LifecycleReason } from "../../lifecycle/error.ts";
import type { Note } from "../table/compile_table.ts";

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
