/** Steps as a table: records, and the data behind them, for one architecture. @module */
import { syscallNumber } from "../../abi/linux/syscall_numbers.ts";
import { RESOLVE_BENEATH, RESOLVE_IN_ROOT } from "../../../fs/abi/open.ts";
import type { Architecture } from "../asm/machine.ts";
import { Data, type Relocation } from "./data.ts";
import { marshal, type Word, word } from "./marshal.ts";
import {
  AGAIN,
  encodeRecords,
  FATAL,
  FATAL_RECORD,
  IGNORE,
  OP,
  RECORD_SIZE,
  SLOT,
  type TableRecord,
} from "./record.ts";
import type { NativeArg, NativeStep } from "./types.ts";

/** What failed: the start of the message, and the system call if there was one. */
export interface Note {
  /** What was being done, to what. */
  readonly what: string;
  /** The system call. */
  readonly call: string | null;
}

/** A table that has no address yet. */
export interface Table {
  /** The records, and the data behind them. Addresses in it are distances from its beginning, or numbers of slots. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many records there are. */
  readonly records: number;
  /** How many slots it uses. */
  readonly slots: number;
  /** Words that become addresses by adding where the table is. */
  readonly relocations: readonly Relocation[];
  /** Words that become addresses of slots: `to` is the slot. */
  readonly slotRelocations: readonly Relocation[];
  /** What a record does, for the message when it fails. */
  readonly notes: ReadonlyMap<number, Note>;
  /** Slots by the names of results. */
  readonly names: ReadonlyMap<string, number>;
}

interface Line {
  readonly op: number;
  readonly nr?: number;
  readonly ok?: number;
  /** It is made again after EAGAIN. */
  readonly again?: boolean;
  readonly result?: string | number;
  readonly onError?: string;
  readonly target?: string;
  readonly words: readonly Word[];
}

const value = (n: number): Word => ({ value: BigInt(n) });

/** True for a struct open_how with which `..` is EAGAIN where something is renamed or mounted meanwhile (man 2 openat2). */
const staysInside = (arg: NativeArg): boolean =>
  typeof arg === "object" && arg !== null && "resolve" in arg &&
  (arg.resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH)) !== 0;

class Writer {
  readonly lines: Line[] = [];
  readonly labels = new Map<string, number>();
  readonly notes = new Map<number, Note>();
  readonly data = new Data();

  constructor(readonly architecture: Architecture) {}

  #call(
    step: Extract<NativeStep, { what: string; args: unknown }>,
    name: string,
    nr: number,
    words: Word[],
  ): void {
    if ((step.ok?.length ?? 0) > 1) {
      throw new TypeError(`table: ${step.what}: only one errno can count as success`);
    }
    const at = this.lines.length;
    this.notes.set(at, { what: step.what, call: name });
    const which = step.onError === undefined ? undefined : step.errors;
    this.lines.push({
      op: OP.SYS,
      nr,
      words,
      ...step.ok === undefined ? {} : { ok: step.ok[0]! },
      again: step.args.some(staysInside),
      ...step.result === undefined ? {} : { result: step.result },
      ...step.onError === undefined ? {} : { onError: which === undefined ? step.onError : `\0which${at}` },
    });
    if (which !== undefined) this.#distinguish(at, which, step.onError!);
  }

  /** After a call: with the errnos that count it goes on at `target`, and with others it has failed. */
  #distinguish(at: number, errors: readonly number[], target: string): void {
    const went = `\0went${at}`, errno = { slotOf: SLOT.ERRNO };
    this.lines.push({ op: OP.JMP, target: went, words: [] });
    this.labels.set(`\0which${at}`, this.lines.length);
    this.lines.push(
      ...errors.map((each) => ({ op: OP.JEQ, words: [errno, value(each)], target })),
      { op: OP.MOV, words: [value(at)], result: SLOT.FAILED },
      { op: OP.JMP, words: [value(FATAL_RECORD)] },
    );
    this.labels.set(went, this.lines.length);
  }

  step(step: NativeStep): void {
    if ("label" in step) {
      if (this.labels.has(step.label)) throw new TypeError(`table: label ${step.label} is there twice`);
      this.labels.set(step.label, this.lines.length);
    } else if ("jump" in step) this.lines.push({ op: OP.JMP, target: step.jump, words: [] });
    else if ("fail" in step) {
      const at = this.lines.length;
      this.notes.set(at, { what: step.what, call: null });
      this.lines.push(
        { op: OP.MOV, words: [value(step.fail)], result: SLOT.ERRNO },
        { op: OP.MOV, words: [value(at)], result: SLOT.FAILED },
        { op: OP.JMP, words: [value(FATAL_RECORD)] },
      );
    } else if ("call" in step) {
      const nr = syscallNumber(step.call, this.architecture);
      this.#call(step, step.call, nr, marshal(step, this.data, this.architecture));
    } else if ("native" in step) {
      const nr = syscallNumber(step.native, this.architecture);
      this.#call(step, step.native, nr, step.args.map((arg) => word(arg, this.data)));
    } else {
      const { op, args, result, target, width } = step;
      this.lines.push({
        op: OP[op],
        words: args.map((arg) => word(arg, this.data)),
        ...result === undefined ? {} : { result },
        ...target === undefined ? {} : { target },
        ...width === undefined ? {} : { nr: width },
      });
    }
  }
}

/**
 * Compiles steps. `fatal` is what is done when a step fails whose failure nothing is said about: its number is in SLOT.FAILED then, its errno
 * in SLOT.ERRNO.
 */
export function compileTable(
  steps: readonly NativeStep[],
  fatal: readonly NativeStep[],
  architecture: Architecture,
): Table {
  const writer = new Writer(architecture);
  const begin = "\0begin";
  writer.step({ jump: begin });
  for (const step of fatal) writer.step(step);
  writer.step({ label: begin });
  for (const step of steps) writer.step(step);
  return place(writer);
}

function place({ lines, labels, notes, data }: Writer): Table {
  const names = new Map<string, number>();
  const slotOf = (name: string | number | undefined): number => {
    if (typeof name === "number") return name;
    if (name === undefined) return SLOT.TRASH;
    const known = names.get(name) ?? SLOT.FIRST + names.size;
    names.set(name, known);
    return known;
  };
  const recordOf = (label: string): number => {
    const at = labels.get(label);
    if (at === undefined) throw new TypeError(`table: no label ${JSON.stringify(label)}`);
    return at;
  };
  const { bytes: blob, relocations } = data.finish();
  const dataAt = lines.length * RECORD_SIZE;
  const addresses = relocations.map(({ at, to }) => ({ at: dataAt + at, to: dataAt + to }));
  const slotAddresses: Relocation[] = [];
  const records = lines.map(
    ({ op, nr = 0, ok = 0, again, result, onError, target, words }, i): TableRecord => {
      const all = target === undefined ? words : [...words, value(recordOf(target))];
      let mask = again ? AGAIN : 0;
      const args = all.map((each, k): bigint => {
        if ("value" in each) return each.value;
        const at = i * RECORD_SIZE + 16 + 8 * k;
        if ("slotOf" in each) {
          mask |= 1 << k;
          return BigInt(slotOf(each.slotOf));
        }
        if ("data" in each) addresses.push({ at, to: dataAt + each.data });
        else slotAddresses.push({ at, to: each.addressOfSlot });
        return 0n;
      });
      const onFailure = onError === undefined ? FATAL : onError === "ignore" ? IGNORE : recordOf(onError);
      return { op, mask, ok, nr, result: slotOf(result), onError: onFailure, args };
    },
  );
  const bytes = new Uint8Array(dataAt + blob.length);
  bytes.set(encodeRecords(records));
  bytes.set(blob, dataAt);
  return {
    ...{ bytes, records: lines.length, slots: SLOT.FIRST + names.size, notes, names },
    relocations: addresses,
    slotRelocations: slotAddresses,
  };
}

/** Writes addresses into a table that is to be at `base`, with its slots at `slots`. */
export function relocate(table: Table, base: bigint, slots: bigint): void {
  const view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.length);
  for (const { at, to } of table.relocations) view.setBigUint64(at, base + BigInt(to), true);
  for (const { at, to } of table.slotRelocations) view.setBigUint64(at, slots + BigInt(8 * to), true);
}
