/**
 * A small WebAssembly module between guest and host functions. It does three things cheaper than JavaScript can:
 *
 * - A call that need not block takes the plain import (15 ns); only when that answers WOULD_BLOCK is the suspending import
 *   called (100 ns more, whether or not it waits).
 * - 64-bit arguments reach JavaScript as numbers (a double, or two halves) and never as bigint.
 * - A guest that must end is ended by a real trap: an exception thrown from JavaScript could be caught by the guest's
 *   own `catch_all`.
 * - Every call is a safe point: when a global says that something wants attention (a signal, a stop), the guest's stack is suspended
 *   before the call returns.
 * @module
 */

/**
 * How a parameter reaches JavaScript: `i32` as it is; `u64`, `s64` as a double (exact below 2^53, rounded above);
 * `lo` as the low 32 bits; `pair` as two numbers, low then high 32 bits; `unused` (64 bits) not at all.
 */
export type ShimParam = "i32" | "u64" | "s64" | "lo" | "pair" | "unused";

/** One function of an interface. */
export interface ShimFunction {
  /** Import name in the guest. */
  readonly name: string;
  /** Parameters in order. */
  readonly params: readonly ShimParam[];
  /** It may block: a second function finishes the call when the first answers WOULD_BLOCK. */
  readonly blocks?: boolean;
  /** A handler of a signal ends it for good: SA_RESTART does not hold for sleeping and polling (man 7 signal). */
  readonly interrupts?: boolean;
  /** It has no result and never returns (proc_exit). */
  readonly noreturn?: boolean;
  /** With `noreturn`: it returns after all, to a guest that then unwinds its stack (stack_restore). */
  readonly unwinds?: boolean;
  /** It has no result, but returns. */
  readonly noresult?: boolean;
}

/** Answer of a plain function: call the blocking one. */
export const WOULD_BLOCK = -1;
/** Answer of either function: the guest ends here. */
export const END_GUEST = -2;
/** Answer of `attend`: the call is made again. */
export const AGAIN = -3;

const I32 = 0x7f, I64 = 0x7e, F64 = 0x7c;

function leb(n: number): number[] {
  const out: number[] = [];
  do {
    const byte = n & 0x7f;
    n >>>= 7;
    out.push(n === 0 ? byte : byte | 0x80);
  } while (n !== 0);
  return out;
}

const text = (s: string): number[] => {
  const bytes = new TextEncoder().encode(s);
  return [...leb(bytes.length), ...bytes];
};
const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, items: readonly (readonly number[])[]): number[] => {
  const body = vector(items);
  return [id, ...leb(body.length), ...body];
};

function hostTypes(params: readonly ShimParam[]): number[] {
  return params.flatMap((p) => {
    switch (p) {
      case "u64":
      case "s64":
        return [F64];
      case "pair":
        return [I32, I32];
      case "unused":
        return [];
      default:
        return [I32];
    }
  });
}

function pushArguments(params: readonly ShimParam[]): number[] {
  return params.flatMap((p, i) => {
    const get = [0x20, ...leb(i)];
    switch (p) {
      case "i32":
        return get;
      case "u64":
        return [...get, 0xba]; // f64.convert_i64_u
      case "s64":
        return [...get, 0xb9]; // f64.convert_i64_s
      case "unused":
        return [];
      case "lo":
        return [...get, 0xa7]; // i32.wrap_i64
      case "pair":
        return [...get, 0xa7, ...get, 0x42, 32, 0x88, 0xa7]; // low; i64.shr_u 32, high
    }
  });
}

/** i32.const of a bit that no errno has: a result with it is not taken for one that begins the call again. */
const FINAL = [0x41, 0x80, 0x80, 0x04];

function body(f: ShimFunction, plain: number, blocking: number): number[] {
  const args = pushArguments(f.params);
  if (f.noreturn && f.blocks) { // it always blocks: call, drop, unreachable
    const code = [0, ...args, 0x10, ...leb(blocking), 0x1a, 0x00, 0x0b];
    return [...leb(code.length), ...code];
  }
  if (f.noreturn || f.noresult) {
    // call; drop, unreachable. One that unwinds or just returns does so unless the guest ends: call; < 0: if, unreachable.
    const end = f.unwinds || f.noresult ? [0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b, 0x0b] : [0x1a, 0x00, 0x0b];
    const code = [0, ...args, 0x10, ...leb(plain), ...end];
    return [...leb(code.length), ...code];
  }
  const r = leb(f.params.length);
  const code = [
    ...[1, 1, I32, 0x03, 0x40], // one local: the result; loop
    ...args,
    ...[0x10, ...leb(plain), 0x22, ...r, 0x41, 0, 0x48, 0x04, 0x40], // call; tee r; r < 0: if
    ...(f.blocks
      ? [
        ...[0x20, ...r, 0x41, 0x7f, 0x46, 0x04, 0x40], // r == -1: if
        ...args,
        ...[0x10, ...leb(blocking), 0x21, ...r, 0x0b],
      ]
      : []),
    ...[0x20, ...r, 0x41, 0x7e, 0x46, 0x04, 0x40, 0x00, 0x0b], // r == -2: unreachable
    0x0b,
    ...[0x23, 0, 0x04, 0x40], // attention: if
    ...[0x20, ...r, ...f.interrupts ? [...FINAL, 0x72] : []], // i32.or
    ...[0x10, 0, 0x22, ...r, 0x41, 0x7e, 0x46, 0x04, 0x40, 0x00, 0x0b], // r = attend(r); r == -2: unreachable
    ...[0x20, ...r, 0x41, 0x7d, 0x46, 0x0d, 1], // r == -3: again
    ...f.interrupts ? [0x20, ...r, ...FINAL, 0x73, 0x21, ...r] : [], // i32.xor
    ...[0x0b, 0x0b],
    ...[0x20, ...r, 0x0b],
  ];
  return [...leb(code.length), ...code];
}

/**
 * Assembles the module: imports `host.attend`, `host.attention`, `plain.NAME` and, for blocking functions, `blocking.NAME`; exports every
 * NAME with the guest's own signature.
 */
export function assembleShim(functions: readonly ShimFunction[]): Uint8Array<ArrayBuffer> {
  const types: number[][] = [];
  const imports: number[][] = [];
  const bodies: [ShimFunction, number, number][] = [];
  const type = (params: number[], result: number[]): number =>
    types.push([0x60, ...leb(params.length), ...params, ...leb(result.length), ...result]) - 1;
  imports.push([...text("host"), ...text("attend"), 0, ...leb(type([I32], [I32]))]); // function 0
  for (const f of functions) {
    const t = type(hostTypes(f.params), [I32]);
    const plain = imports.push([...text("plain"), ...text(f.name), 0, ...leb(t)]) - 1;
    const blocking = f.blocks ? imports.push([...text("blocking"), ...text(f.name), 0, ...leb(t)]) - 1 : -1;
    bodies.push([f, plain, blocking]);
  }
  const guest = functions.map((f) =>
    leb(type(f.params.map((p) => p === "i32" ? I32 : I64), f.noreturn || f.noresult ? [] : [I32]))
  );
  const functionImports = imports.length;
  imports.push([...text("host"), ...text("attention"), 3, I32, 1]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, imports),
    ...section(3, guest),
    ...section(7, functions.map((f, i) => [...text(f.name), 0, ...leb(functionImports + i)])),
    ...section(10, bodies.map((b) => body(...b))),
  ]);
}

/** A host function as the shim calls it: numbers in, errno or WOULD_BLOCK or END_GUEST out. */
export type PlainFunction = (...args: number[]) => number;
/** The half that may suspend. */
export type BlockingFunction = (...args: number[]) => number | Promise<number>;

interface Jspi {
  Suspending: new (f: BlockingFunction) => WebAssembly.ImportValue;
}

/** What every function of a shim has in common. */
export interface SafePoint {
  /** Not 0: `attend` is called before a call returns. */
  readonly attention: WebAssembly.Global;
  /** Attends to signals and stops; gets the call's result, and answers with it, END_GUEST or AGAIN. */
  readonly attend: (result: number) => Promise<number>;
  /** What stands before all functions; null for nothing. */
  readonly screen: ((functions: Record<string, PlainFunction>) => Record<string, PlainFunction>) | null;
}

/** Connects a shim module with the functions of one process; the result is what the guest imports. Functions that it has no use for do no harm. */
export function connectShim(
  module: WebAssembly.Module,
  plain: Record<string, PlainFunction>,
  blocking: Record<string, BlockingFunction>,
  { attention, attend, screen }: SafePoint,
): WebAssembly.ModuleImports {
  const { Suspending } = WebAssembly as unknown as Jspi;
  const suspending: WebAssembly.ModuleImports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from === "blocking") suspending[name] = new Suspending(blocking[name]!);
  }
  const host = { attention, attend: new Suspending(attend as BlockingFunction) };
  const calls = screen === null ? plain : screen(plain);
  return new WebAssembly.Instance(module, { host, plain: calls, blocking: suspending }).exports;
}
