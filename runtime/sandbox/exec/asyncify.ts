/**
 * Binaryen's asyncify, which some modules carry: the guest itself saves its stack into its memory and enters it again. It is what
 * fork(2) and longjmp(3) need; waiting needs no such thing (JSPI).
 * @module
 */
import type { Resumption, SavedStack } from "../abi/machine.ts";

const PAGE = 65536;
/** Pages for a stack being saved: as much as the engine's own stack could hold. */
const BUFFER_PAGES = 16;
/** The structure asyncify is given: where to write next, and where the room ends. */
const HEADER_SIZE = 8;

type Control =
  | "asyncify_start_unwind"
  | "asyncify_stop_unwind"
  | "asyncify_start_rewind"
  | "asyncify_stop_rewind";

/** One instance's stack. */
export class Asyncify {
  /** Address of the structure; 0 before the first use. */
  #at: number;
  #action: ((stack: SavedStack) => Promise<Resumption>) | null = null;
  #answer: (() => number) | null = null;

  /** Of an instance with asyncify's exports. `at`: where a forked instance's parent has its buffer. */
  constructor(
    readonly exports: WebAssembly.Exports,
    readonly memory: WebAssembly.Memory,
    at = 0,
  ) {
    this.#at = at;
  }

  /** Where the buffer is; 0 if there is none yet. */
  get at(): number {
    return this.#at;
  }

  /** Copies the memory of another instance into this one's, which is fresh: all but the buffer, whose content is nobody's. */
  static copyMemory(from: WebAssembly.Memory, to: WebAssembly.Memory, buffer: number): void {
    const source = new Uint8Array(from.buffer), target = new Uint8Array(to.buffer);
    if (buffer === 0) return target.set(source);
    const behind = buffer + BUFFER_PAGES * PAGE;
    target.set(source.subarray(0, buffer));
    target.set(source.subarray(behind), behind);
  }

  /** The guest is on its way out of its functions. */
  get unwinding(): boolean {
    return this.#action !== null;
  }

  #call(name: Control, ...args: number[]): void {
    (this.exports[name] as (...args: number[]) => void)(...args);
  }

  #words(): DataView {
    return new DataView(this.memory.buffer, this.#at, HEADER_SIZE);
  }

  /** Asks the guest to unwind once the call it is in returns, then `action` says how it goes on. False if there is no memory for it. */
  unwind(action: (stack: SavedStack) => Promise<Resumption>): boolean {
    if (this.#at === 0) {
      try {
        this.#at = this.memory.grow(BUFFER_PAGES) * PAGE;
      } catch {
        return false;
      }
    }
    const words = this.#words();
    words.setUint32(0, this.#at + HEADER_SIZE, true);
    words.setUint32(4, this.#at + BUFFER_PAGES * PAGE, true);
    this.#action = action;
    this.#call("asyncify_start_unwind", this.#at);
    return true;
  }

  /** After the guest's functions have returned: saves the stack and acts. */
  async unwound(): Promise<Resumption> {
    this.#call("asyncify_stop_unwind");
    const action = this.#action!;
    this.#action = null;
    const start = this.#at + HEADER_SIZE;
    // The guest wrote it: whatever it says, a stack is not longer than its room.
    const end = Math.min(this.#words().getUint32(0, true), this.#at + BUFFER_PAGES * PAGE);
    return await action(new Uint8Array(this.memory.buffer).slice(start, Math.max(start, end)));
  }

  /** Puts a stack in place: the guest enters it again when its start function is called. */
  rewind({ stack, answer }: Resumption): void {
    new Uint8Array(this.memory.buffer).set(stack, this.#at + HEADER_SIZE);
    const words = this.#words();
    words.setUint32(0, this.#at + HEADER_SIZE + stack.length, true);
    words.setUint32(4, this.#at + BUFFER_PAGES * PAGE, true);
    this.#answer = answer;
    this.#call("asyncify_start_rewind", this.#at);
  }

  /** In the call that the stack was saved in: what it answers, now that the guest is back; null when it is made for the first time. */
  rewound(): (() => number) | null {
    const answer = this.#answer;
    if (answer === null) return null;
    this.#answer = null;
    this.#call("asyncify_stop_rewind");
    return answer;
  }
}
