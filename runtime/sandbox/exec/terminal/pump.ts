/** Carries bytes between a pty's master and streams of the host: what a terminal emulator does. @module */
import { EAGAIN } from "../../../../fs/abi/errno.ts";
import { POLLHUP, POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import type { Waiter } from "../../../../fs/vfs/wait_queue.ts";
import { VEOF } from "../../../abi/linux/termios.ts";
import type { MasterFile } from "../../kernel/tty/pty_files.ts";
import type { ByteSink, ByteSource } from "../host_stream.ts";

/** Bytes that are carried at once. */
const CHUNK = 16 * 1024;
/** How long to wait for room where the host cannot tell when there is some. */
const RETRY_MS = 1;

/** What is at the other side of the master. */
export interface Streams {
  /** Where keys come from; without it nobody types. */
  readonly source?: ByteSource | undefined;
  /** The source is a terminal: its end is a hangup. That of any other source is an end of file, typed as script(1) does. */
  readonly isTerminal: boolean;
  /** Where output goes. */
  readonly sink: ByteSink;
  /** Called when the terminal has gone: nobody reads the output, or the keyboard is at its end. */
  readonly hungUp: () => void;
}

/** See the module's comment. */
export class TerminalPump {
  readonly #buffer = new Uint8Array(CHUNK);
  /** Output that the host has not taken. */
  #left: Uint8Array = this.#buffer.subarray(0, 0);
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  readonly #output: Waiter = {
    wake: (events) => {
      if ((events & POLLIN) !== 0) this.#drain();
    },
  };

  /** Carries between `master`, which it closes in the end, and `streams`. */
  constructor(readonly master: MasterFile, readonly streams: Streams) {
    master.waitQueue().add(this.#output);
    if (streams.source !== undefined) void this.#keys(streams.source);
  }

  /** Output goes on at once: it is with the host before the program's write is over. */
  #drain(): void {
    if (this.#retry !== undefined || this.#closed) return;
    try {
      for (;;) {
        while (this.#left.length > 0) {
          this.#left = this.#left.subarray(this.streams.sink.writeSync(this.#left));
        }
        const n = this.master.read(this.#buffer, 0, CHUNK);
        if (n <= 0) return;
        this.#left = this.#buffer.subarray(0, n);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) return this.#hangUp();
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#drain();
      }, RETRY_MS);
    }
  }

  #hangUp(): void {
    if (this.#closed) return;
    this.close();
    this.streams.hungUp();
  }

  async #keys(source: ByteSource): Promise<void> {
    const chunk = new Uint8Array(CHUNK);
    for (;;) {
      const n = await source.read(chunk).catch(() => null);
      if (this.#closed) return;
      if (n === null) break;
      await this.#type(chunk.subarray(0, n));
    }
    if (this.streams.isTerminal) return this.#hangUp();
    const end = this.master.tty.discipline.termios.cc[VEOF]!;
    await this.#type(Uint8Array.of(end));
  }

  /** Types, and waits where the program does not keep up. What is typed while nobody has the terminal open is lost. */
  async #type(keys: Uint8Array): Promise<void> {
    while (keys.length > 0 && !this.#closed) {
      const n = this.master.write(keys, 0, keys.length);
      if (n > 0) keys = keys.subarray(n);
      else if (n !== -EAGAIN) return;
      else await this.#room();
    }
  }

  #room(): Promise<void> {
    const queue = this.master.waitQueue();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        wake: (events) => {
          if ((events & (POLLOUT | POLLHUP)) === 0) return;
          queue.remove(waiter);
          resolve();
        },
      };
      queue.add(waiter);
    });
  }

  /** Everything that has been written goes out before the terminal is closed. */
  async finish(): Promise<void> {
    this.#drain();
    while (this.#retry !== undefined) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    this.close();
  }

  /** Closes the master. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const queue = this.master.waitQueue();
    queue.remove(this.#output);
    this.master.close();
    queue.wake(POLLHUP);
  }
}
