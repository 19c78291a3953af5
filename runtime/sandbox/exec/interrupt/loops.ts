/**
 * Puts counting into loops. The call that happens when the count is over stands outside of the loop, which the engine can then still
 * unroll and keep in registers:
 *
 *     loop                                loop
 *       …                                   block
 *     end                                     block
 *                                               loop
 *                                                 (counting; br_if 1)
 *                                                 …
 *                                               end
 *                                               br 1
 *                                             end
 *                                             (check, counter = 0)
 *                                             br 1
 *                                           end
 *                                         end
 *
 * Labels that lead out of such a loop are three deeper. A loop with parameters is left as it is and checks inside.
 * @module
 */
import { lastPrefixed, OP, skipCatch, skipImmediates } from "../wasm/instructions.ts";
import type { WasmReader } from "../wasm/reader.ts";
import type { WasmWriter } from "../wasm/writer.ts";

/** What a function may have that takes time. */
export const FOUND = { LOOPS: 1, CALLS: 2, BULK: 4 } as const;

/** Code to insert, encoded. */
export interface Inserts {
  /** Counts; leaves whether the count is over. */
  readonly count: readonly number[];
  /** Calls the check and sets the counter back. */
  readonly reset: readonly number[];
  /** Calls the check. */
  readonly check: readonly number[];
}

/** Which of FOUND a function has; calls are those of functions from index `imported` on: a recursion is a loop too. */
export function survey(r: WasmReader, imported: number): number {
  let found = 0;
  while (r.at < r.end) {
    const op = r.u8();
    switch (op) {
      case OP.CALL:
      case OP.RETURN_CALL:
        if (r.leb() >= imported) found |= FOUND.CALLS;
        continue;
      case OP.LOOP:
        found |= FOUND.LOOPS;
        break;
      case OP.CALL_INDIRECT:
      case OP.RETURN_CALL_INDIRECT:
      case OP.CALL_REF:
      case OP.RETURN_CALL_REF:
        found |= FOUND.CALLS;
    }
    skipImmediates(r, op);
    if (isBulk(op)) found |= FOUND.BULK;
  }
  return found;
}

/** Instructions that take as long as their operands say: filling and copying memories, tables and arrays. */
function isBulk(op: number): boolean {
  const second = lastPrefixed;
  if (op === OP.PREFIX_MISC) {
    return second >= 8 && second <= 17 && second !== 9 && second !== 13 && second !== 16;
  }
  return op === OP.PREFIX_GC &&
    (second === 6 || second === 7 || (second >= 9 && second <= 19 && second !== 15)) &&
    !(second >= 11 && second <= 14);
}

/** How many labels a wrapped loop has around its own. */
const WRAP = 3;
const BLOCK = 0x02, BR = 0x0c, BR_IF = 0x0d, END = 0x0b, IF = 0x04, VOID = 0x40;

/** The blocks that are open, innermost last: by how much the labels beyond each are deeper now. */
class Labels {
  readonly #wraps: number[] = [];
  #wrapped = 0;

  push(wrap: number): void {
    this.#wraps.push(wrap);
    this.#wrapped += wrap;
  }
  /** By how much the innermost block is wrapped, which ends. 0 for the function itself. */
  pop(): number {
    const wrap = this.#wraps.pop() ?? 0;
    this.#wrapped -= wrap;
    return wrap;
  }
  /** True when no label changes. */
  get same(): boolean {
    return this.#wrapped === 0;
  }
  /** The new number of a label. Its own wrapping is around the label's block, so only those within it count. */
  map(label: number): number {
    const wraps = this.#wraps;
    let shift = 0;
    for (let i = 1; i <= label && i <= wraps.length; i++) shift += wraps[wraps.length - i]!;
    return label + shift;
  }
}

/** True if the block type at the reader, which it passes, has no parameters: empty, one result, never a type index. */
function passPlainType(r: WasmReader): boolean {
  const first = r.bytes[r.at]!;
  r.skipType();
  return first >= VOID && first < 0x80;
}

/** Rewrites the instructions of a function, from the first to its last `end`. */
export function rewriteInstructions(out: WasmWriter, r: WasmReader, inserts: Inserts): void {
  const module = r.bytes;
  const labels = new Labels();
  let copied = r.at;
  const inside = [...inserts.count, IF, VOID, ...inserts.reset, END];
  const before = [...inserts.count, BR_IF, 1];
  const after = [BR, 1, END, ...inserts.reset, BR, 1, END, END];
  /** Writes what has been passed up to here. */
  const flush = (): void => {
    out.copy(module, copied, r.at);
    copied = r.at;
  };
  /** Passes a label, writing its new number. */
  const label = (): void => {
    const at = r.at;
    const old = r.leb(), now = labels.map(old);
    if (now === old) return;
    out.copy(module, copied, at);
    out.leb(now);
    copied = r.at;
  };
  const loop = (): void => {
    const start = r.at - 1;
    if (!passPlainType(r)) {
      labels.push(0);
      flush();
      return out.raw(inside);
    }
    labels.push(WRAP);
    out.copy(module, copied, start);
    const type = module.subarray(start + 1, r.at);
    out.u8(OP.LOOP);
    out.raw(type);
    out.u8(BLOCK);
    out.raw(type);
    out.raw([BLOCK, VOID, OP.LOOP]);
    out.raw(type);
    out.raw(before);
    copied = r.at;
  };
  while (r.at < r.end) {
    const op = r.u8();
    switch (op) {
      case OP.LOOP:
        loop();
        continue;
      case OP.BLOCK:
      case OP.IF:
      case OP.TRY:
        r.skipType();
        labels.push(0);
        continue;
      case OP.TRY_TABLE:
        r.skipType();
        // The labels of its clauses are those around it.
        if (labels.same) { for (let count = r.leb(); count > 0; count--) skipCatch(r); }
        else {
          for (let count = r.leb(); count > 0; count--) {
            if (r.u8() < 2) r.skipLeb();
            label();
          }
        }
        labels.push(0);
        continue;
      case OP.END:
        if (labels.pop() !== 0) {
          flush();
          out.raw(after);
        }
        continue;
      case OP.DELEGATE:
        labels.pop();
        if (labels.same) r.skipLeb();
        else label();
        continue;
    }
    if (!labels.same) {
      switch (op) {
        case OP.BR:
        case OP.BR_IF:
        case OP.RETHROW:
        case OP.BR_ON_NULL:
        case OP.BR_ON_NON_NULL:
          label();
          continue;
        case OP.BR_TABLE:
          for (let count = r.leb() + 1; count > 0; count--) label();
          continue;
        case OP.PREFIX_GC: {
          const start = r.at;
          const second = r.leb();
          if (second === 24 || second === 25) { // br_on_cast, br_on_cast_fail: flags, label, two heap types
            r.skip(1);
            label();
            r.skipHeapType();
            r.skipHeapType();
            continue;
          }
          r.at = start;
        }
      }
    }
    skipImmediates(r, op);
    if (isBulk(op)) {
      flush();
      out.raw(inserts.check);
    }
  }
  flush();
}
