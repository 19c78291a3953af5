/** A queue of messages, each by itself: what datagram and seqpacket sockets receive into. @module */

/** One message. */
export interface Message<T> {
  /** Its bytes. */
  readonly data: Uint8Array;
  /** What goes along. */
  readonly extra: T;
}

/** What a message costs beside its bytes: small ones must not be free (Linux's skb truesize). */
export const MESSAGE_COST = 768;
/** Messages taken from the front before the array is cut. */
const SLACK = 256;

/** See the module's comment. */
export class MessageQueue<T> {
  #messages: Message<T>[] = [];
  #head = 0;
  #cost = 0;

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

  /** Appends a message, unless the queue costs `limit` already. `data` is the queue's afterwards. */
  push(data: Uint8Array, extra: T, limit: number): boolean {
    if (this.#cost >= limit) return false;
    this.#cost += data.length + MESSAGE_COST;
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
    }
    return message;
  }

  /** Empties it; `drop` sees what goes. */
  clear(drop?: (message: Message<T>) => void): void {
    for (let message = this.shift(); message !== undefined; message = this.shift()) drop?.(message);
  }
}
