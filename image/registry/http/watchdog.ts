/** Ends an exchange that makes no progress. @module */
import { NetworkError } from "./errors.ts";

/** How long to wait, in milliseconds. */
export interface Timeouts {
  /** For the connection and the head of the answer. */
  readonly answer: number;
  /** Between two pieces of a body, in either direction. */
  readonly idle: number;
  /** For the answer to an upload, which the registry may have to check and copy first. */
  readonly commit: number;
  /** For a whole answer that is small: a manifest, a token, a list. */
  readonly small: number;
}

/** Unless told otherwise. */
export const TIMEOUTS: Timeouts = { answer: 30_000, idle: 30_000, commit: 300_000, small: 120_000 };

/** What an exchange tells its watchdog. */
export interface Progress {
  /** Something came, or went. */
  touch(): void;
  /** The other side is not to blame for what follows, until the next touch. */
  rest(): void;
}

/** Watches over one exchange. Its signal is aborted by the caller's signal, or by too long a silence. */
export class Watchdog implements Progress {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #host: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = performance.now();
  #patience = 0;
  #why = "";
  #resting = false;
  readonly #end: number;
  readonly #forward = (): void => this.#controller.abort(this.#outer!.reason);

  /** Watches an exchange with `host`; `outer` is the caller's signal, `total` the most that it may take. */
  constructor(host: string, outer: AbortSignal | undefined, total = Infinity) {
    this.#host = host;
    this.#outer = outer;
    this.#end = this.#last + total;
    outer?.throwIfAborted();
    outer?.addEventListener("abort", this.#forward, { once: true });
  }

  /** Aborted when the exchange must end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on every `ms` something must come; `why` says what is awaited. */
  expect(ms: number, why: string): void {
    this.#patience = ms;
    this.#why = why;
    this.touch();
    this.#arm();
  }

  /** See Progress. */
  touch(): void {
    this.#resting = false;
    this.#last = performance.now();
  }

  /** See Progress. */
  rest(): void {
    this.#resting = true;
  }

  // The timer is not set anew for every piece: when it fires, it looks how long ago the last one was.
  #arm(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    if (this.#resting) this.#last = now;
    const due = Math.min(this.#last + this.#patience, this.#end);
    if (now < due) {
      this.#timer = setTimeout(() => this.#arm(), Math.min(due - now, 2 ** 31 - 1));
      return;
    }
    const why = now >= this.#end ? "its answer takes too long" : this.#why;
    this.#controller.abort(new NetworkError(`${this.#host}: ${why}`, "often"));
  }

  /** The exchange is over. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#forward);
  }
}
