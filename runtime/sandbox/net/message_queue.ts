/** A queue of messages, each by itself: what datagram and seqpacket sockets receive into. @module */

import type { BufferMemory } from "./buffer_memory.ts";

/** One message. */
export interface Message<T> {
  /** Its bytes. */
  readonly data: Uint8Array;
  /** What goes along. */
  readonly extra: T;
}

/** What a message costs beside its bytes: small ones must not be free (Linux's skb truesize). */
export const MESSAGE_COST = 768;
/** Memory is taken in pieces of this size, so that not every message asks for some. */
const PIECE = 16 * 1024;
/** Messages taken from the front before the array is cut. */
const SLACK = 256;

/** See the module's comment. */
export class MessageQueue<T> {
  #messages: Message<T>[] = [];
  #head = 0;
  #cost = 0;
  #paid = 0;

  /** A queue whose memory is taken from `memory`. */
  constructor(readonly memory: BufferMemory | null = null) {}

  /** Bytes that the messages cost. */
  get cost(): number {
    return this.#cost;
  }
  /** Number of messages. */
  get length(): number {
    return this.#messages.length - this.#head;
  }
  /** The oldest message. */
  get first(): Message<T> | undefined {
    return this.#messages[this.#head];
  }

  /** Appends a message, unless the queue costs `limit` already or there is no memory for it. `data` is the queue's afterwards. */
  push(data: Uint8Array, extra: T, limit: number): boolean {
    if (this.#cost >= limit) return false;
    const cost = this.#cost + data.length + MESSAGE_COST;
    if (this.memory !== null && cost > this.#paid) {
      const more = Math.ceil((cost - this.#paid) / PIECE) * PIECE;
      if (!this.memory.take(more)) return false;
      this.#paid += more;
    }
    this.#cost = cost;
    this.#messages.push({ data, extra });
    return true;
  }

  /** Removes the oldest message. */
  shift(): Message<T> | undefined {
    const message = this.#messages[this.#head];
    if (message === undefined) return undefined;
    this.#cost -= message.data.length + MESSAGE_COST;
    this.#head++;
    if (this.#head >= SLACK || this.#head === this.#messages.length) {
      this.#messages.splice(0, this.#head);
      this.#head = 0;
      if (this.#messages.length === 0) this.#pay(PIECE);
    }
    return message;
  }

  /** Keeps at most `bytes` of what was taken. */
  #pay(bytes: number): void {
    if (this.#paid <= bytes) return;
    this.memory?.give(this.#paid - bytes);
    this.#paid = bytes;
  }

  /** Empties it and gives its memory back; `drop` sees what goes. */
  clear(drop?: (message: Message<T>) => void): void {
    for (let message = this.shift(); message !== undefined; message = this.shift()) drop?.(message);
    this.#pay(0);
  }
}
