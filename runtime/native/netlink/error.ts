/** What can go wrong between this process and the kernel: it says no, or something that cannot be understood. @module */
import { errnoText } from "../../../fs/abi/errno_text.ts";

/** A reply that is no netlink message, or has not what its kind must have. */
export class ReplyError extends Error {
  /** `message` says what is wrong with it. */
  constructor(message: string) {
    super(`netlink reply: ${message}`);
    this.name = "ReplyError";
  }
}

/** The kernel's refusal of a request. */
export class NetlinkError extends Error {
  /** `what` was being done; `errno` is positive; `said` is the kernel's own reason, if it gave one. */
  constructor(what: string, readonly errno: number, readonly said?: string) {
    super(`${what}: ${errnoText(errno)}${said ? `: ${said}` : ""}`);
    this.name = "NetlinkError";
  }
}

/** Runs `body`. True; false if the kernel refused it with one of these errnos. */
export function unlessErrno(errnos: readonly number[], body: () => void): boolean {
  try {
    body();
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && errnos.includes(error.errno)) return false;
    throw error;
  }
}
