/**
 * Memory of what sockets have received and nobody has read (Linux's tcp_mem and the socket memory of a control group): who makes a socket
 * pays, and all together have a limit.
 * @module
 */
import type { MemoryAccount } from "../../../fs/vfs/vfs.ts";

/** Most bytes of all sockets of this process. */
const LIMIT = 512 * 1024 * 1024;
let total = 0;

/** What one socket holds. */
export class BufferMemory {
  /** Who pays; nobody for sockets of the kernel itself. */
  payer: MemoryAccount | null = null;
  #held = 0;

  /** Takes bytes; false if there are none to be had. Nobody is killed for them: the sender waits, or the datagram is lost. */
  take(bytes: number): boolean {
    if (total + bytes > LIMIT) return false;
    if (this.payer !== null && !this.payer.charge(bytes, false)) return false;
    total += bytes;
    this.#held += bytes;
    return true;
  }

  /** Gives bytes back; never more than it has. */
  give(bytes: number): void {
    const some = Math.min(bytes, this.#held);
    if (some === 0) return;
    total -= some;
    this.#held -= some;
    this.payer?.charge(-some, false);
  }
}
