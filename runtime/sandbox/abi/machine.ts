/** What personalities need of the machine that runs a guest: its stack, copies of it, its exported functions. @module */
import type { Task } from "../kernel/task.ts";
import type { WasiProcess } from "./wasi_p1/process.ts";

/** A guest's stack, as it saved it. */
export type SavedStack = Uint8Array<ArrayBuffer>;

/** How a guest goes on after its stack was unwound. */
export interface Resumption {
  /** The stack it enters. */
  readonly stack: SavedStack;
  /** What the call answers that the stack was saved in. */
  readonly answer: () => number;
}

/** See the module's comment. */
export interface Machine {
  /** The guest can save its stack (asyncify); not while it handles a signal, which has a stack of its own. */
  readonly canUnwind: boolean;
  /** It can go back to a stack that it saved before, also from a handler of a signal. */
  readonly canJump: boolean;
  /** A copy of it has everything that it has. */
  readonly canFork: boolean;
  /** Asks the guest to unwind when the call it is in returns, after which `action` says how it goes on. False: no memory for that. */
  unwind(action: (stack: SavedStack) => Promise<Resumption>): boolean;
  /** In a call that unwinds: what it answers when the guest has come back to it; null when it is made for the first time. */
  rewound(): (() => number) | null;
  /**
   * Copies the guest into a new instance for `child` and runs it there: it enters `stack`, and `answer` is what the call answers that the
   * stack was saved in. `made` hears of the copy's process before it runs. Throws when the copy does not fit into the host's memory.
   */
  fork(
    child: Task,
    stack: SavedStack,
    answer: (process: WasiProcess) => number,
    made: (process: WasiProcess) => void,
  ): void;
  /** Names an exported function `(i32) -> ()` that is called for signals. False if there is none. */
  setSignalHandler(name: string): boolean;
  /** The stack pointer in linear memory; 0 where it cannot be told. */
  stackPointer: number;
}
