/**
 * The socket calls of a task (man 2 socket and its kin): numbers and addresses in, numbers or negative errnos out. None waits: where
 * Linux would, a call answers -EAGAIN (connect: -EINPROGRESS) on a blocking socket too, and the `wait…` function of its kind goes on.
 * @module
 */
export * from "./descriptor.ts";
export * from "./naming.ts";
export * from "./connecting.ts";
export * from "./transfer.ts";
export * from "./options.ts";
export * from "./wait.ts";
export * from "./resolve.ts";
