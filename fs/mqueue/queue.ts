/** A POSIX message queue: messages by priority, and whoever waits for one or for room (man 7 mq_overview). @module */
import { EAGAIN, EBUSY, EMSGSIZE } from "../abi/errno.ts";
import { POLLIN, POLLOUT } from "../abi/poll.ts";
import { WaitQueue } from "../vfs/wait_queue.ts";

/** A message. */
export interface QueuedMessage {
  /** 0 to 32767; higher ones are received first. */
  readonly priority: number;
  /** Content. */
  readonly bytes: Uint8Array;
}

/** Who wants to be told of the next message in an empty queue (man 3 mq_notify). */
export interface Notification {
  /** Who asked; identity only. */
  readonly owner: object;
  /** SIGEV_SIGNAL 0, SIGEV_NONE 1, SIGEV_THREAD 2: as a read of the file shows it. */
  readonly method: number;
  /** The signal. */
  readonly signal: number;
  /** The owner's process id. */
  readonly pid: number;
  /** Tells it. */
  notify(): void;
}

/** See the module's comment. */
export class MessageQueue {
  readonly #messages: QueuedMessage[] = [];
  #waitingReceivers = 0;
  /** Bytes of all messages. */
  bytes = 0;
  /** Who wants to be told. */
  notification: Notification | null = null;
  /** Told when messages or room appear. */
  readonly changed: WaitQueue = new WaitQueue();

  /** An empty queue of at most `maxMessages` messages of at most `messageSize` bytes. */
  constructor(readonly maxMessages: number, readonly messageSize: number) {}

  /** Messages in it (mq_curmsgs). */
  get length(): number {
    return this.#messages.length;
  }

  /** Puts a message behind all of its priority or higher. -EAGAIN when it is full, -EMSGSIZE when it is too long. */
  send(message: QueuedMessage): number {
    if (message.bytes.length > this.messageSize) return -EMSGSIZE;
    if (this.#messages.length >= this.maxMessages) return -EAGAIN;
    const wasEmpty = this.#messages.length === 0;
    let at = this.#messages.length;
    while (at > 0 && this.#messages[at - 1]!.priority < message.priority) at--;
    this.#messages.splice(at, 0, message);
    this.bytes += message.bytes.length;
    this.changed.wake(POLLIN);
    // Only for a message that nobody waits for.
    if (wasEmpty && this.#waitingReceivers === 0 && this.notification !== null) {
      const { notification } = this;
      this.notification = null;
      notification.notify();
    }
    return 0;
  }

  /** The oldest message of the highest priority. -EAGAIN when there is none, -EMSGSIZE for a buffer below the queue's message size. */
  receive(room: number): QueuedMessage | number {
    if (room < this.messageSize) return -EMSGSIZE;
    const message = this.#messages.shift();
    if (message === undefined) return -EAGAIN;
    this.bytes -= message.bytes.length;
    this.changed.wake(POLLOUT);
    return message;
  }

  /** Somebody waits in a receive (+1), or no more (-1). */
  waiting(change: 1 | -1): void {
    this.#waitingReceivers += change;
  }

  /** Registers who is to be told, or with null takes `owner`'s registration away. -EBUSY when somebody else is registered. */
  register(notification: Notification | null, owner: object): number {
    if (notification === null) {
      if (this.notification?.owner === owner) this.notification = null;
      return 0;
    }
    if (this.notification !== null) return -EBUSY;
    this.notification = notification;
    return 0;
  }

  /** POLL* events that are true now. */
  poll(): number {
    return (this.length > 0 ? POLLIN : 0) | (this.length < this.maxMessages ? POLLOUT : 0);
  }

  /** What a read of its file gives. */
  describe(): string {
    const { method = 0, signal = 0, pid = 0 } = this.notification ?? {};
    const field = (name: string, value: number, width: number): string =>
      `${name}:${String(value).padEnd(width)} `;
    return `${field("QSIZE", this.bytes, 10)}${field("NOTIFY", method, 5)}${field("SIGNO", signal, 5)}${
      field("NOTIFY_PID", pid, 6).trimEnd().padEnd(17)
    }\n`;
  }
}
