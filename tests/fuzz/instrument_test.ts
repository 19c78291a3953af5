/** Random programs do the same after they have been made interruptible: as many results, the same memory, the same traps. @module */
import assert from "node:assert/strict";
import { CHECK_EXPORT, instrument } from "../../runtime/sandbox/exec/interrupt/instrument.ts";
import { ModuleEditor } from "../../runtime/sandbox/exec/wasm/editor.ts";
import { WasmWriter } from "../../runtime/sandbox/exec/wasm/writer.ts";
import { fuzz, type Random } from "./random.ts";

const I32 = 0x7f, VOID = 0x40;
const FUNCTIONS = 4, LOCALS = 3;
/** Type indices: (i32) -> i32, () -> (), (i32) -> i32 again for blocks with a parameter. */
const UNARY = 0, NOTHING = 1;

/** Writes the code of random functions: any nesting, any branches, always valid, always ending (each loop and call takes fuel). */
class Generator {
  readonly #w = new WasmWriter();
  /** Values that a branch to each open block takes, innermost last. */
  readonly #labels: number[] = [];
  #budget: number;

  constructor(readonly random: Random, budget: number) {
    this.#budget = budget;
  }

  #below(limit: number): number {
    return this.random.below(limit);
  }

  /** Bytes of a function's body. */
  body(): WasmWriter {
    this.#w.raw([1, LOCALS, I32]);
    this.#takeFuel();
    for (let i = this.#below(6) + 1; i > 0; i--) this.#statement();
    this.#value();
    this.#w.u8(0x0b);
    return this.#w;
  }

  /** global 0 -= 1; below zero: unreachable. */
  #takeFuel(): void {
    this.#w.raw([0x23, 0, 0x41, 1, 0x6b, 0x24, 0, 0x23, 0, 0x41, 0, 0x48, 0x04, VOID, 0x00, 0x0b]);
  }

  #value(): void {
    const w = this.#w;
    if (this.#budget-- <= 0) return w.raw([0x20, this.#below(LOCALS + 1)]);
    switch (this.#below(9)) {
      case 0:
        return w.raw([0x41, this.#below(64)]);
      case 1:
      case 2:
        this.#value();
        this.#value();
        return w.u8([0x6a, 0x6b, 0x6c, 0x71, 0x73, 0x48, 0x4b][this.#below(7)]!);
      case 3:
        this.#value();
        return w.raw([0x10, this.#below(FUNCTIONS)]); // call
      case 4:
        w.raw([0x41, this.#below(64), 0x28, 2, this.#below(64)]);
        return; // i32.load
      case 5: // block or loop with a result
        return this.#block(this.#below(2) === 0 ? 0x02 : 0x03, I32, 1, true);
      case 6: // loop or block with a parameter
        this.#value();
        return this.#block(this.#below(2) === 0 ? 0x02 : 0x03, UNARY, 1, true);
      case 7:
        this.#value();
        w.raw([0x04, I32]);
        this.#labels.push(1);
        this.#value();
        w.u8(0x05);
        this.#value();
        this.#labels.pop();
        return w.u8(0x0b);
    }
    w.raw([0x20, this.#below(LOCALS + 1)]);
  }

  /** A block or loop; `takesOne`: its parameter is on the stack, and dropped first. */
  #block(op: number, type: number, results: number, value: boolean): void {
    const w = this.#w;
    w.raw([op, type]);
    if (type === UNARY) w.u8(0x1a);
    this.#labels.push(op === 0x03 ? (type === UNARY ? 1 : 0) : results);
    if (op === 0x03) this.#takeFuel();
    for (let i = this.#below(3); i > 0; i--) this.#statement();
    if (value) this.#value();
    this.#labels.pop();
    w.u8(0x0b);
  }

  /** The values that a branch to a label takes. */
  #operands(label: number): void {
    if (this.#labels[this.#labels.length - 1 - label] === 1) this.#value();
  }

  #branch(): void {
    const w = this.#w;
    if (this.#labels.length === 0) return;
    const label = this.#below(this.#labels.length);
    switch (this.#below(3)) {
      case 0: // br_if; what it leaves behind goes
        this.#operands(label);
        this.#value();
        w.raw([0x0d, label]);
        if (this.#labels[this.#labels.length - 1 - label] === 1) w.u8(0x1a);
        return;
      case 1: { // if: br
        this.#value();
        w.raw([0x04, VOID]);
        this.#labels.push(0);
        const inner = this.#below(this.#labels.length);
        this.#operands(inner);
        w.raw([0x0c, inner]);
        this.#labels.pop();
        return w.u8(0x0b);
      }
    }
    // block: br_table over labels that take nothing
    w.raw([0x02, VOID]);
    this.#labels.push(0);
    const plain = this.#labels.flatMap((arity, i) => arity === 0 ? [this.#labels.length - 1 - i] : []);
    const targets = Array.from({ length: this.#below(4) + 1 }, () => plain[this.#below(plain.length)]!);
    this.#value();
    w.u8(0x0e);
    w.leb(targets.length - 1);
    for (const target of targets) w.leb(target);
    this.#labels.pop();
    w.u8(0x0b);
  }

  #statement(): void {
    const w = this.#w;
    if (this.#budget-- <= 0) return;
    switch (this.#below(9)) {
      case 0:
      case 1:
        this.#value();
        return w.raw([0x21, this.#below(LOCALS + 1)]);
      case 2:
        w.raw([0x41, this.#below(64)]);
        this.#value();
        return w.raw([0x36, 2, this.#below(64)]); // i32.store
      case 3:
        return this.#block(0x03, VOID, 0, false);
      case 4:
        return this.#block(0x02, [VOID, NOTHING][this.#below(2)]!, 0, false);
      case 5:
        return this.#branch();
      case 6: // memory.fill
        return w.raw([0x41, this.#below(64), 0x41, this.#below(64), 0x41, this.#below(9), 0xfc, 11, 0]);
      case 7: // block: try_table (catch_all 0); throw
        w.raw([0x02, VOID, 0x1f, VOID, 1, 2, 0]);
        this.#labels.push(0, 0);
        this.#statement();
        this.#value();
        w.raw([0x04, VOID, 0x08, 0, 0x0b]); // if: throw
        this.#labels.splice(-2);
        return w.raw([0x0b, 0x0b]);
    }
    this.#value();
    w.u8(0x1a);
  }
}

function section(out: WasmWriter, id: number, bytes: ArrayLike<number>): void {
  out.u8(id);
  out.leb(bytes.length);
  out.raw(bytes);
}

function randomModule(random: Random): Uint8Array<ArrayBuffer> {
  const out = new WasmWriter();
  out.raw([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  section(out, 1, [2, 0x60, 1, I32, 1, I32, 0x60, 0, 0]);
  section(out, 3, [FUNCTIONS, ...new Array<number>(FUNCTIONS).fill(UNARY)]);
  section(out, 5, [1, 0, 1]);
  section(out, 13, [1, 0, NOTHING]); // a tag
  section(out, 6, [1, I32, 1, 0x41, 0xe4, 0x00, 0x0b]); // fuel: 100
  section(out, 7, [4, 1, 0x66, 0, 0, 1, 0x67, 0, 1, 1, 0x6d, 2, 0, 1, 0x75, 3, 0]); // f, g, m, u
  const code = new WasmWriter();
  code.u8(FUNCTIONS);
  for (let i = 0; i < FUNCTIONS; i++) {
    const body = new Generator(random, 60).body();
    code.leb(body.length);
    code.raw(body.view());
  }
  section(out, 10, code.view());
  return out.view().slice();
}

const CHECK = new WebAssembly.Module(Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0],
  ...[7, 5, 1, 1, 0x63, 0, 0],
]));

/** What calls of a module's functions do. */
function behaviour(bytes: Uint8Array<ArrayBuffer>, check: () => void): string[] {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const table = exports[CHECK_EXPORT] as WebAssembly.Table | undefined;
  table?.set(0, new WebAssembly.Instance(CHECK, { a: { b: check } }).exports["c"] as () => void);
  const fuel = exports["u"] as WebAssembly.Global;
  const log: string[] = [];
  for (let i = 0; i < 6; i++) {
    fuel.value = 1000;
    try {
      log.push(String((exports[i % 2 === 0 ? "f" : "g"] as (n: number) => number)(i * 7)));
    } catch (error) {
      log.push(error instanceof WebAssembly.RuntimeError ? error.message : "exception");
    }
    log.push(String(fuel.value));
  }
  let sum = 0;
  for (const byte of new Uint8Array((exports["m"] as WebAssembly.Memory).buffer, 0, 256)) {
    sum = Math.imul(sum, 31) + byte | 0;
  }
  return [...log, String(sum)];
}

let checks = 0;

fuzz("instrument(): random modules behave as they did", 500, (random) => {
  const bytes = randomModule(random);
  const editor = new ModuleEditor(bytes);
  instrument(editor);
  assert.deepEqual(behaviour(editor.finish(), () => checks++), behaviour(bytes, () => {}));
});

Deno.test("the random modules were interrupted", () => assert.ok(checks > 0));
