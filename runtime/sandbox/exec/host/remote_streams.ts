/** Standard streams of a process of the container that another process of the host has: they come and go over a socket. @module */
import type { Winsize } from "../../../abi/linux/termios.ts";
import { FRAME, type FrameSocket, type Message } from "../container/frames.ts";
import { type ByteSink, type ByteSource, HostInput, HostOutput } from "../host_stream.ts";
import type { Streams } from "./tasks.ts";

/** Bytes of output on their way at most: a writer waits when its reader does not keep up. */
const MAX_QUEUED = 256 * 1024;

/** An input that is at its end. */
export const EMPTY: ByteSource = { readSync: () => null, read: () => Promise.resolve(null) };

/** Standard input: each chunk is asked for, so that nothing piles up here. */
class RemoteInput implements ByteSource {
  #arrived: Uint8Array | null = null;
  #wake: (() => void) | null = null;
  #ended = false;

  constructor(readonly socket: FrameSocket) {}

  /** A chunk has come; an empty one is the end. */
  arrive(bytes: Uint8Array): void {
    if (bytes.length === 0) this.#ended = true;
    else this.#arrived = bytes;
    this.#wake?.();
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#arrived === null && !this.#ended) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      await this.socket.message({ op: "more" });
      await woken;
      this.#wake = null;
    }
    if (this.#arrived === null) return null;
    const n = Math.min(into.length, this.#arrived.length);
    into.set(this.#arrived.subarray(0, n));
    this.#arrived = n === this.#arrived.length ? null : this.#arrived.subarray(n);
    return n;
  }
}

class RemoteOutput implements ByteSink {
  /** Nobody reads it any more. */
  closed = false;

  constructor(readonly socket: FrameSocket, readonly type: number) {}

  writeSync(bytes: Uint8Array): number {
    if (this.closed) throw new Deno.errors.BrokenPipe("the reader has gone");
    if (this.socket.queued >= MAX_QUEUED) throw new Deno.errors.WouldBlock("the reader does not keep up");
    const part = bytes.slice(0, MAX_QUEUED);
    this.socket.send(this.type, part).catch(() => this.closed = true);
    return part.length;
  }
}

/** What is done about what the other process says. */
export interface RemoteEvents {
  /** It was sent a signal. */
  signal(signal: number): void;
  /** Its window has another size. */
  resize(size: Winsize): void;
  /** It has gone. */
  gone(): void;
}

/** The streams of the process at the other end of a socket. */
export class RemoteStreams {
  /** Standard input. */
  readonly input: ByteSource;
  /** Standard output. */
  readonly output: ByteSink;
  readonly #stdin: RemoteInput;
  readonly #outputs: readonly [RemoteOutput, RemoteOutput];

  /** Streams over `socket`. */
  constructor(readonly socket: FrameSocket) {
    this.input = this.#stdin = new RemoteInput(socket);
    this.#outputs = [new RemoteOutput(socket, FRAME.stdout), new RemoteOutput(socket, FRAME.stderr)];
    this.output = this.#outputs[0];
  }

  /** As open files; a process that is to have a terminal gets that in their place. */
  files(terminal: boolean): Streams {
    return [
      new HostInput(terminal ? EMPTY : this.#stdin),
      new HostOutput(this.#outputs[0]),
      new HostOutput(this.#outputs[1]),
    ];
  }

  /** Writes a line to standard error, as far as there is room. */
  say(line: string): void {
    void this.socket.send(FRAME.stderr, new TextEncoder().encode(`${line}\n`)).catch(() => {}); // it has gone
  }

  /** Takes what comes, until the other process goes. */
  async serve(events: RemoteEvents): Promise<void> {
    for (;;) {
      const frame = await this.socket.receive();
      if (frame === null) break;
      if (frame.type === FRAME.stdin) {
        this.#stdin.arrive(frame.bytes);
        continue;
      }
      const message = JSON.parse(new TextDecoder().decode(frame.bytes)) as Message;
      if (message.op === "signal" && typeof message.signal === "number") events.signal(message.signal);
      if (message.op === "resize" && typeof message.rows === "number" && typeof message.cols === "number") {
        events.resize({ rows: message.rows, cols: message.cols, xpixel: 0, ypixel: 0 });
      }
      if (message.op === "closed") {
        for (const output of this.#outputs) output.closed ||= output.type === message.stream;
      }
    }
    for (const output of this.#outputs) output.closed = true;
    this.#stdin.arrive(new Uint8Array(0));
    events.gone();
  }
}
