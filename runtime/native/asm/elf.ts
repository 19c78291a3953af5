/** ELF files around the interpreter: a program with its table, and a library of this process (man 5 elf). @module */
import type { Machine } from "./machine.ts";

const EHDR = 64, PHDR = 56;
const ET_EXEC = 2, ET_DYN = 3;
const PT_LOAD = 1, PT_DYNAMIC = 2, PT_GNU_STACK = 0x6474e551;
const PF_X = 1, PF_W = 2, PF_R = 4;
/** Enough for every page size that aarch64 kernels have. */
const ALIGNMENT = 0x10000;

/** Where a program's code is, and its data: the same in the file, from 0 on. */
const CODE_ADDRESS = 0x400000;
/** Address of a program's table: what follows it in memory is at addresses that are known when the table is made. */
export const DATA_ADDRESS: number = CODE_ADDRESS + ALIGNMENT;

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize?: number;
}

/** File header and program headers. */
function headers(machine: Machine, type: number, entry: number, segments: readonly Segment[]): Uint8Array {
  const bytes = new Uint8Array(EHDR + segments.length * PHDR), view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]); // ELF, 64 bits, little-endian, version 1, System V
  view.setUint16(16, type, true);
  view.setUint16(18, machine.elfMachine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(entry), true);
  view.setBigUint64(32, BigInt(EHDR), true); // the program headers
  view.setUint16(52, EHDR, true);
  view.setUint16(54, PHDR, true);
  view.setUint16(56, segments.length, true);
  view.setUint16(58, 64, true); // size of section headers, of which there are none
  segments.forEach(({ type, flags, offset, address, fileSize, memorySize = fileSize }, i) => {
    const at = EHDR + i * PHDR;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, flags, true);
    const alignment = type === PT_LOAD ? ALIGNMENT : 8;
    [offset, address, address, fileSize, memorySize, alignment].forEach((value, k) => {
      view.setBigUint64(at + 8 + 8 * k, BigInt(value), true);
    });
  });
  return bytes;
}

/** A part of a file. */
export interface FilePart {
  /** Where it begins. */
  readonly offset: number;
  /** What it has. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Code by machine: it is the same in every file. */
const assembled = new Map<Machine, { readonly code: Uint8Array; readonly start: number }>();

function codeOf(machine: Machine): { readonly code: Uint8Array; readonly start: number } {
  let known = assembled.get(machine);
  if (known === undefined) {
    const code = machine.assemble();
    known = { code: code.finish(), start: code.offsetOf("start") };
    assembled.set(machine, known);
  }
  return known;
}

/**
 * A program: the interpreter, and at DATA_ADDRESS `data`, which begins with the table; after it in memory `slots` slots, all 0. What is between
 * the parts of the file is never read.
 */
export function programFile(machine: Machine, data: Uint8Array<ArrayBuffer>, slots: number): FilePart[] {
  const { code, start } = codeOf(machine);
  const stack: Segment = {
    ...{ type: PT_GNU_STACK, flags: PF_R | PF_W, offset: 0, address: 0, fileSize: 0 },
  };
  const at = EHDR + 3 * PHDR, codeAddress = CODE_ADDRESS + at;
  const slotsAt = slotsOffset(data.length);
  const stub = machine.entry(
    codeAddress + code.length,
    codeAddress + start,
    DATA_ADDRESS,
    DATA_ADDRESS + slotsAt,
  );
  const first = new Uint8Array(at + code.length + stub.length);
  first.set(code, at);
  first.set(stub, at + code.length);
  first.set(headers(machine, ET_EXEC, codeAddress + code.length, [
    { type: PT_LOAD, flags: PF_R | PF_X, offset: 0, address: CODE_ADDRESS, fileSize: first.length },
    {
      type: PT_LOAD,
      flags: PF_R | PF_W,
      offset: ALIGNMENT,
      address: DATA_ADDRESS,
      fileSize: data.length,
      memorySize: slotsAt + 8 * slots,
    },
    stack,
  ]));
  return [{ offset: 0, bytes: first }, { offset: ALIGNMENT, bytes: data }];
}

/** Where the slots are behind so many bytes of data. */
export function slotsOffset(dataLength: number): number {
  return (dataLength + 7) & ~7;
}

/** Entries of the dynamic section (man 5 elf, Elf64_Dyn). */
const DT = { HASH: 4, STRTAB: 5, SYMTAB: 6, STRSZ: 10, SYMENT: 11 } as const;
/** STB_GLOBAL, STT_FUNC. */
const GLOBAL_FUNCTION = 0x12;

/** A library with the functions `run` and `sys`. Its one page is there twice: to be executed, and to be written to by the loader. */
export function libraryFile(machine: Machine): Uint8Array<ArrayBuffer> {
  const code = machine.assemble(), text = code.finish();
  const names = ["run", "sys"], strings = `\0${names.join("\0")}\0`;
  const hashAt = EHDR + 4 * PHDR, hash = [1, names.length + 1, 1, 0, 2, 0];
  const symbolsAt = hashAt + 4 * hash.length;
  const dynamicAt = symbolsAt + 24 * (names.length + 1);
  const stringsAt = dynamicAt + 16 * (Object.keys(DT).length + 1);
  const codeAt = (stringsAt + strings.length + 15) & ~15;
  const bytes = new Uint8Array(codeAt + text.length), view = new DataView(bytes.buffer);
  hash.forEach((word, i) => view.setUint32(hashAt + 4 * i, word, true));
  names.forEach((name, i) => {
    const at = symbolsAt + 24 * (i + 1);
    view.setUint32(at, strings.indexOf(name), true);
    bytes[at + 4] = GLOBAL_FUNCTION;
    view.setUint16(at + 6, 1, true); // any section: it is defined
    view.setBigUint64(at + 8, BigInt(codeAt + code.offsetOf(name)), true);
  });
  const dynamic = [
    ...[[DT.HASH, hashAt], [DT.STRTAB, stringsAt], [DT.SYMTAB, symbolsAt]],
    ...[[DT.STRSZ, strings.length], [DT.SYMENT, 24]],
  ] as const;
  dynamic.flat().forEach((value, i) => view.setBigUint64(dynamicAt + 8 * i, BigInt(value), true));
  bytes.set(new TextEncoder().encode(strings), stringsAt);
  bytes.set(text, codeAt);
  const whole = { offset: 0, fileSize: bytes.length };
  bytes.set(headers(machine, ET_DYN, 0, [
    { type: PT_LOAD, flags: PF_R | PF_X, address: 0, ...whole },
    { type: PT_LOAD, flags: PF_R | PF_W, address: ALIGNMENT, ...whole },
    {
      type: PT_DYNAMIC,
      flags: PF_R | PF_W,
      offset: dynamicAt,
      address: ALIGNMENT + dynamicAt,
      fileSize: 16 * (Object.keys(DT).length + 1),
    },
    { type: PT_GNU_STACK, flags: PF_R | PF_W, offset: 0, address: 0, fileSize: 0 },
  ]));
  return bytes;
}
