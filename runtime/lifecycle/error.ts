/** Errors of operations on containers. @module */

/** Why an operation was refused: what callers of runtimes tell apart. */
export type LifecycleReason =
  /** There is no container of that id. */
  | "absent"
  /** There is one already. */
  | "exists"
  /** It is in a state that does not allow the operation (runtime.md#operations). */
  | "state"
  /** A hook failed, or took too long. */
  | "hook"
  /** What was asked for is wrong or cannot be had. */
  | "invalid"
  /** The userland kernel or the native one has no such operation. */
  | "unsupported"
  /** The program could not be started. */
  | "start"
  /** Something else. */
  | "failed";

/** See the module's comment. */
export class LifecycleError extends Error {
  /** `message` says what was being done, to what, and why it failed. */
  constructor(message: string, readonly reason: LifecycleReason, options?: ErrorOptions) {
    super(message, options);
    this.name = "LifecycleError";
  }
}

/** The error about an id without a container. Callers look for "does not exist". */
export function absent(id: string): LifecycleError {
  return new LifecycleError(`container ${JSON.stringify(id)} does not exist`, "absent");
}
