/** A guest that runs: an instance of a module, its process, its stack; and copies of it (fork). @module */
import { ENOEXEC } from "../../../fs/abi/errno.ts";
import type { Machine, Resumption, SavedStack } from "../abi/machine.ts";
import { WasiProcess } from "../abi/wasi_p1/process.ts";
import { guestMemory } from "../kernel/cgroup_host.ts";
import { linkImports } from "./link.ts";
import type { LoadedImage, LoadFailure } from "../kernel/binfmt.ts";
import { type Program, SA_RESTART } from "../kernel/sigaction.ts";
import type { Task } from "../kernel/task.ts";
import { runTask } from "../kernel/task_run.ts";
import { nextTurn } from "../kernel/turn.ts";
import { Asyncify } from "./asyncify.ts";
import type { GuestModule } from "./guest_module.ts";
import { connectCheck } from "./interrupt/check.ts";
import type { Ticker } from "./interrupt/ticker.ts";
import { signalOfTrap } from "./trap.ts";
import { GLOBAL_EXPORT, START_EXPORT } from "./wasm/edits.ts";

/** What a guest is run with, beside its module. */
export interface ProgramOptions {
  /** The function that starts it; where it is not `_start`, `_initialize` is called before. */
  readonly start: string;
  /** The clock of interruption; undefined: the module is not interruptible. */
  readonly ticker?: Ticker | undefined;
  /** Hears why a guest ended by a trap: one line without a newline. */
  readonly diagnose: (message: string) => void;
}

interface Promising {
  promising<A extends unknown[]>(f: (...args: A) => void): (...args: A) => Promise<void>;
}
const { promising } = WebAssembly as unknown as Promising;

type GuestFunction = (...args: number[]) => void;

/** See the module's comment. */
export class WasmProgram implements LoadedImage, Program, Machine {
  readonly #exports: WebAssembly.Exports;
  readonly #memory: WebAssembly.Memory;
  readonly #asyncify: Asyncify | null;
  readonly #stackPointer: WebAssembly.Global | null;
  /** Which of the functions that start it is running. */
  #phase = 0;
  #resumption: Resumption | null = null;
  #handler: GuestFunction | null = null;
  #handlerName = "";
  /** It is interrupted in the middle of its own code, where a stack cannot be unwound. */
  #checking = false;
  /** Handlers that are running. */
  #handling = 0;

  private constructor(
    readonly guest: GuestModule,
    readonly process: WasiProcess,
    readonly options: ProgramOptions,
    parent?: WasmProgram,
  ) {
    const { module } = guest;
    const limits = guest.importedMemory;
    const size = parent === undefined ? 0 : parent.#memory.buffer.byteLength / 65536;
    const own = limits === null ? undefined : new WebAssembly.Memory({
      initial: Math.max(limits.min, size),
      ...limits.max === undefined ? {} : { maximum: limits.max },
      shared: limits.shared,
    });
    const instance = new WebAssembly.Instance(module, linkImports(guest, process, this, own));
    const exports = this.#exports = instance.exports;
    this.#memory = own ??
      Object.values(exports).find((e): e is WebAssembly.Memory => e instanceof WebAssembly.Memory)!;
    guestMemory.set(process.task, () => process.memory.size);
    process.memory.grown = () => process.task.kernel.cgroups.of(process.task).memory.grown();
    process.memory.attach(this.#memory);
    const at = parent === undefined || parent.#asyncify === null ? 0 : parent.#asyncify.at;
    this.#asyncify = guest.asyncify ? new Asyncify(exports, this.#memory, at) : null;
    const stackPointer = exports["__stack_pointer"] ?? exports[`${GLOBAL_EXPORT}0`];
    this.#stackPointer = stackPointer instanceof WebAssembly.Global ? stackPointer : null;
    if (options.ticker !== undefined) this.#connect(instance, options.ticker);
    if (parent !== undefined) this.#copyFrom(parent);
  }

  /** An instance for `process`; a failure where the module does not fit what it imports, or its data its memory. */
  static load(guest: GuestModule, process: WasiProcess, options: ProgramOptions): WasmProgram | LoadFailure {
    try {
      const program = new WasmProgram(guest, process, options);
      process.task.program = program;
      return program;
    } catch (error) {
      return { errno: ENOEXEC, message: error instanceof Error ? error.message : String(error) };
    }
  }

  #connect(instance: WebAssembly.Instance, ticker: Ticker): void {
    const { task } = this.process;
    connectCheck(instance, ticker, async () => {
      this.#checking = true;
      await task.pass(nextTurn());
      this.#checking = false;
      return task.dying;
    });
  }

  /** Gives a new instance the memory and the globals of another. */
  #copyFrom(parent: WasmProgram): void {
    const from = parent.#memory.buffer, pages = from.byteLength / 65536;
    const missing = pages - this.#memory.buffer.byteLength / 65536;
    if (missing > 0) this.#memory.grow(missing);
    Asyncify.copyMemory(parent.#memory, this.#memory, parent.#asyncify!.at);
    for (const [name, value] of Object.entries(parent.#exports)) {
      if (name.startsWith(GLOBAL_EXPORT)) {
        (this.#exports[name] as WebAssembly.Global).value = (value as WebAssembly.Global).value;
      }
    }
    this.#phase = parent.#phase;
    if (parent.#handler !== null) this.setSignalHandler(parent.#handlerName);
  }

  /** Functions that run it, in their order. */
  #functions(): GuestFunction[] {
    const { start } = this.options;
    const names = [START_EXPORT, ...start === "_start" ? [] : ["_initialize"], start];
    return names.flatMap((name) => {
      const f = this.#exports[name];
      return typeof f === "function" ? [f as GuestFunction] : [];
    });
  }

  /** See LoadedImage. */
  async run(): Promise<number> {
    const { process } = this;
    const { task } = process;
    try {
      const functions = this.#functions();
      for (; this.#phase < functions.length; this.#phase++) await this.#call(functions[this.#phase]!);
      return task.exitStatus ?? 0;
    } catch (error) {
      if (process.exited !== null) return process.exited;
      if (task.dying) return task.exitStatus ?? 0;
      const message = error instanceof Error ? error.message : String(error);
      this.options.diagnose(`${task.argv[0] ?? "module"}: ${message}`);
      return signalOfTrap(error);
    }
  }

  /** Calls a function of the guest; it may unwind and go on as often as it wants. */
  async #call(f: GuestFunction): Promise<void> {
    const asyncify = this.#asyncify;
    for (;;) {
      if (this.#resumption !== null) {
        asyncify!.rewind(this.#resumption);
        this.#resumption = null;
      }
      await promising(f)();
      if (asyncify === null || !asyncify.unwinding) return;
      this.#resumption = await asyncify.unwound();
    }
  }

  /** See Program. */
  attention(): void {
    this.process.attention.value = 1;
  }

  /** See Program. */
  async deliver(): Promise<boolean> {
    const { signals } = this.process.task;
    if (this.#checking && this.#asyncify !== null) return true; // at its next call, where it can jump out of a handler
    let restart = true;
    for (let delivery = signals.take(); delivery !== null; delivery = signals.take()) {
      const { info, action, oldMask } = delivery;
      if ((action.flags & SA_RESTART) === 0) restart = false;
      if (this.#handler === null) continue;
      this.#handling++;
      try {
        await promising(this.#handler)(info.signal);
      } finally {
        this.#handling--;
      }
      signals.sigreturn(oldMask);
      if (this.#asyncify?.unwinding) return false; // longjmp out of the handler
    }
    return restart;
  }

  /** See Machine. */
  get canUnwind(): boolean {
    return this.#asyncify !== null && this.#handling === 0;
  }
  /** See Machine. */
  get canFork(): boolean {
    return this.canUnwind && !this.guest.hidesGlobals;
  }
  /** See Machine. */
  get canJump(): boolean {
    return this.#asyncify !== null;
  }
  /** See Machine. */
  unwind(action: (stack: SavedStack) => Promise<Resumption>): boolean {
    return this.#asyncify!.unwind(action);
  }
  /** See Machine. */
  rewound(): (() => number) | null {
    return this.#asyncify?.rewound() ?? null;
  }

  /** See Machine. */
  fork(
    child: Task,
    stack: SavedStack,
    answer: (process: WasiProcess) => number,
    made: (process: WasiProcess) => void,
  ): void {
    const process = new WasiProcess(child, this.process.options, this.process);
    made(process);
    const copy = new WasmProgram(this.guest, process, this.options, this);
    copy.#resumption = { stack, answer: () => answer(process) };
    child.program = copy;
    void runTask(child, copy);
  }

  /** See Machine. */
  setSignalHandler(name: string): boolean {
    const f = this.#exports[name];
    if (typeof f !== "function") return false;
    this.#handler = f as GuestFunction;
    this.#handlerName = name;
    return true;
  }

  /** See Machine. */
  get stackPointer(): number {
    return this.#stackPointer?.value ?? 0;
  }
  set stackPointer(value: number) {
    if (this.#stackPointer !== null) this.#stackPointer.value = value;
  }
}
