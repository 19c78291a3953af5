/** Worker threads that compress blocks, as many at a time as the host has processors. @module */
import { type BlockKind, type BlockZlib, compressBlock } from "./block_codec.ts";

/** Blocks compressed where the caller is, before threads are started: most layers are smaller than a thread's start. */
const INLINE_BLOCKS = 4;
/** Most threads: each takes about ten megabytes. */
const MAX_WORKERS = 4;

/** As text, so that it is found in a bundle of one file, too. `node:zlib`'s streams do their work in the calling thread on Deno. */
const workerSource = (): string =>
  `import zlib from "node:zlib";
const compressBlock = ${compressBlock};
self.onmessage = ({ data }) => {
  const packed = compressBlock(zlib, data.kind, data.level, data.block, data.before).slice();
  self.postMessage(packed, [packed.buffer]);
};`;

interface Task {
  readonly block: Uint8Array<ArrayBuffer>;
  readonly before: Uint8Array;
  readonly done: (packed: Uint8Array) => void;
  readonly failed: (error: Error) => void;
}

class Thread {
  readonly #worker: Worker;
  #task: Task | null = null;

  constructor(idle: (thread: Thread) => void) {
    const url = `data:application/javascript,${encodeURIComponent(workerSource())}`;
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data }) => {
      const task = this.#task!;
      this.#task = null;
      idle(this);
      task.done(data as Uint8Array);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.fail(`compressing: ${event.message}`);
    };
  }

  start(task: Task, kind: BlockKind, level: number): void {
    this.#task = task;
    const { block, before } = task;
    this.#worker.postMessage({ kind, level, block, before }, [block.buffer]);
  }

  fail(message: string): void {
    this.#task?.failed(new Error(message));
    this.#task = null;
  }

  stop(): void {
    this.#worker.terminate();
    this.fail("compressing: it was ended");
  }
}

/** See the module's comment. Whoever makes one closes it. */
export class BlockPool {
  readonly #threads: Thread[] = [];
  readonly #idle: Thread[] = [];
  readonly #waiting: Task[] = [];
  readonly #most: number;
  #blocks = 0;

  /** A pool for blocks of one kind. Starts no thread yet. */
  constructor(readonly zlib: BlockZlib, readonly kind: BlockKind, readonly level: number) {
    const processors = typeof navigator === "undefined" ? 1 : navigator.hardwareConcurrency ?? 1;
    this.#most = typeof Worker === "undefined" ? 0 : Math.min(processors, MAX_WORKERS);
  }

  /** Blocks that are worth having under way at the same time. */
  get depth(): number {
    return this.#most + 1;
  }

  /** Compresses a block, which is the pool's from now on; `before` stays the caller's. */
  compress(block: Uint8Array<ArrayBuffer>, before: Uint8Array): Promise<Uint8Array> {
    if (this.#most === 0 || this.#blocks++ < INLINE_BLOCKS) {
      return Promise.resolve(compressBlock(this.zlib, this.kind, this.level, block, before));
    }
    return new Promise((done, failed) => {
      this.#waiting.push({ block, before, done, failed });
      if (this.#idle.length === 0 && this.#threads.length < this.#most) {
        const thread = new Thread((idle) => this.#next(idle));
        this.#threads.push(thread);
        this.#next(thread);
      } else if (this.#idle.length > 0) this.#next(this.#idle.pop()!);
    });
  }

  #next(thread: Thread): void {
    const task = this.#waiting.shift();
    if (task === undefined) this.#idle.push(thread);
    else thread.start(task, this.kind, this.level);
  }

  /** Ends the threads; blocks under way are lost. */
  close(): void {
    for (const thread of this.#threads) thread.stop();
    for (const task of this.#waiting.splice(0)) task.failed(new Error("compressing: it was ended"));
  }
}
