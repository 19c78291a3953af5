/** Steps as a table: records, and the data behind them, for one architecture. @module */
import { syscallNumber } from "../../abi/linux/syscall_numbers.ts";
import { RESOLVE_BENEATH, RESOLVE_IN_ROOT } from "../../../fs/abi/open.ts";
import type { Architecture } from "../asm/machine.ts";
import { Data, type Relocation } from "./data.ts";
import { marshal, type Word, word } from "./marshal.ts";
import {
  AGAIN,
  argumentAt,
  FATAL,
  FATAL_RECORD,
  IGNORE,
  OP,
  RECORD_SIZE,
  setHead,
  setWord,
  SLOT,
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

/** A record before labels and names have numbers. */
interface Line {
  readonly op: number;
  readonly words: readonly Word[];
  readonly nr: number;
  /** An errno that counts as success; 0 for none. */
  readonly ok: number;
  /** It is made again after EAGAIN. */
  readonly again: boolean;
  readonly result: string | number;
  readonly onError: string | undefined;
  readonly target: string | undefined;
}

const line = (
  op: number,
  words: readonly Word[],
  { nr = 0, ok = 0, again = false, result = SLOT.TRASH, onError, target }: Partial<Line> = {},
): Line => ({ op, words, nr, ok, again, result, onError, target });

const value = (n: number): Word => ({ value: n });

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
    const { ok = [], result = SLOT.TRASH, onError } = step;
    const which = onError === undefined ? undefined : step.errors;
    this.lines.push({
      ...{ op: OP.SYS, words, nr, ok: ok[0] ?? 0, again: step.args.some(staysInside), result },
      onError: which === undefined ? onError : `\0which${at}`,
      target: undefined,
    });
    if (which !== undefined) this.#distinguish(at, which, step.onError!);
  }

  /** After a call: with the errnos that count it goes on at `target`, and with others it has failed. */
  #distinguish(at: number, errors: readonly number[], target: string): void {
    const went = `\0went${at}`, errno = { slotOf: SLOT.ERRNO };
    this.lines.push(line(OP.JMP, [], { target: went }));
    this.labels.set(`\0which${at}`, this.lines.length);
    this.lines.push(
      ...errors.map((each) => line(OP.JEQ, [errno, value(each)], { target })),
      line(OP.MOV, [value(at)], { result: SLOT.FAILED }),
      line(OP.JMP, [value(FATAL_RECORD)]),
    );
    this.labels.set(went, this.lines.length);
  }

  step(step: NativeStep): void {
    if ("label" in step) {
      if (this.labels.has(step.label)) throw new TypeError(`table: label ${step.label} is there twice`);
      this.labels.set(step.label, this.lines.length);
    } else if ("jump" in step) this.lines.push(line(OP.JMP, [], { target: step.jump }));
    else if ("fail" in step) {
      const at = this.lines.length;
      this.notes.set(at, { what: step.what, call: null });
      this.lines.push(
        line(OP.MOV, [value(step.fail)], { result: SLOT.ERRNO }),
        line(OP.MOV, [value(at)], { result: SLOT.FAILED }),
        line(OP.JMP, [value(FATAL_RECORD)]),
      );
    } else if ("call" in step) {
      const nr = syscallNumber(step.call, this.architecture);
      this.#call(step, step.call, nr, marshal(step, this.data, this.architecture));
    } else if ("native" in step) {
      const nr = syscallNumber(step.native, this.architecture);
      this.#call(step, step.native, nr, step.args.map((arg) => word(arg, this.data)));
    } else {
      const { op, args, result = SLOT.TRASH, target, width = 0 } = step;
      this.lines.push(
        line(OP[op], args.map((arg) => word(arg, this.data)), { nr: width, result, target }),
      );
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
  const slotOf = (name: string | number): number => {
    if (typeof name === "number") return name;
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
  const bytes = new Uint8Array(dataAt + blob.length), view = new DataView(bytes.buffer);
  bytes.set(blob, dataAt);
  lines.forEach(({ op, nr, ok, again, result, onError, target, words }, i) => {
    const record = i * RECORD_SIZE;
    let mask = again ? AGAIN : 0;
    words.forEach((each, k) => {
      const at = argumentAt(record, k);
      if ("value" in each) setWord(view, at, each.value);
      else if ("slotOf" in each) {
        mask |= 1 << k;
        setWord(view, at, slotOf(each.slotOf));
      } else if ("data" in each) addresses.push({ at, to: dataAt + each.data });
      else slotAddresses.push({ at, to: each.addressOfSlot });
    });
    if (target !== undefined) setWord(view, argumentAt(record, words.length), recordOf(target));
    const onFailure = onError === undefined ? FATAL : onError === "ignore" ? IGNORE : recordOf(onError);
    setHead(view, record, { op, mask, ok, nr, result: slotOf(result), onError: onFailure });
  });
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
