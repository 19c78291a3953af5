/**
 * The clock of interruption: a thread that raises a flag in shared memory every few milliseconds while somebody lowers it. Guests look at
 * the flag at safe points (see check.ts). When nobody lowers it, nothing runs that could be interrupted, and the thread sleeps.
 * @module
 */

/** Milliseconds between two interruptions: how long a busy process keeps the others, and the host's events, waiting. */
const PERIOD_MS = 4;

/** Numbers in the shared memory: the flag that guests read, and what ends the thread. */
const FLAG = 0, CLOSED = 1;

const source = `onmessage = ({ data: words }) => {
  while (Atomics.load(words, ${CLOSED}) === 0) {
    Atomics.wait(words, ${FLAG}, 1);
    Atomics.wait(words, ${CLOSED}, 0, ${PERIOD_MS});
    Atomics.store(words, ${FLAG}, 1);
  }
  close();
};`;

/** See the module's comment. */
export class Ticker {
  /** The memory whose first word is the flag. */
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  readonly #words = new Int32Array(this.memory.buffer);

  /** Starts the thread. */
  constructor() {
    const worker = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, { type: "module" });
    worker.postMessage(this.#words);
  }

  /** Lowers the flag: it is raised again after the period. */
  lower(): void {
    if (Atomics.exchange(this.#words, FLAG, 0) !== 0) Atomics.notify(this.#words, FLAG);
  }

  /** Ends the thread. */
  close(): void {
    Atomics.store(this.#words, CLOSED, 1);
    Atomics.store(this.#words, FLAG, 0);
    Atomics.notify(this.#words, CLOSED);
    Atomics.notify(this.#words, FLAG);
  }
}
