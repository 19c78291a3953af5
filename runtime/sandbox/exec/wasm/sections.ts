/** The sections of a module, and what rewriters have to know of their content. @module */
import { WasmFormatError, WasmReader } from "./reader.ts";

/** Section ids. */
export const SECTION = {
  CUSTOM: 0,
  TYPE: 1,
  IMPORT: 2,
  FUNCTION: 3,
  TABLE: 4,
  MEMORY: 5,
  GLOBAL: 6,
  EXPORT: 7,
  START: 8,
  ELEMENT: 9,
  CODE: 10,
  DATA: 11,
  DATA_COUNT: 12,
  TAG: 13,
} as const;

/** The order in which sections that are not custom have to come. */
export const SECTION_ORDER: readonly number[] = [
  ...[
    SECTION.TYPE,
    SECTION.IMPORT,
    SECTION.FUNCTION,
    SECTION.TABLE,
    SECTION.MEMORY,
    SECTION.TAG,
    SECTION.GLOBAL,
  ],
  ...[SECTION.EXPORT, SECTION.START, SECTION.ELEMENT, SECTION.DATA_COUNT, SECTION.CODE, SECTION.DATA],
];

/** Bytes of the magic number and the version. */
export const HEADER_SIZE = 8;

/** Where a section is. */
export interface Section {
  /** One of SECTION. */
  readonly id: number;
  /** Offset of the id. */
  readonly start: number;
  /** Offset of the content. */
  readonly body: number;
  /** Offset behind the content. */
  readonly end: number;
}

/** All sections in their order. Throws WasmFormatError when the module is cut off. */
export function sectionsOf(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  const r = new WasmReader(module, HEADER_SIZE);
  while (r.at < module.length) {
    const start = r.at;
    const id = r.u8();
    const size = r.leb();
    const end = r.at + size;
    if (end > module.length) throw new WasmFormatError(`section ${id} is longer than the module`);
    sections.push({ id, start, body: r.at, end });
    r.at = end;
  }
  return sections;
}

/** Kinds of imports and exports. */
export const KIND = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3, TAG: 4 } as const;

/** How large a memory is. */
export interface MemoryLimits {
  /** Pages it starts with. */
  readonly min: number;
  /** Most pages; undefined: no limit of its own. */
  readonly max: number | undefined;
  /** It is shared between threads. */
  readonly shared: boolean;
  /** Its addresses have 64 bits. */
  readonly is64: boolean;
}

const HAS_MAX = 1, SHARED = 2, IS_64 = 4;

/** Reads a memory's type. */
export function readMemory(r: WasmReader): MemoryLimits {
  const flags = r.u8();
  const min = r.leb();
  const max = (flags & HAS_MAX) !== 0 ? r.leb() : undefined;
  return { min, max, shared: (flags & SHARED) !== 0, is64: (flags & IS_64) !== 0 };
}

/** One import. */
export interface WasmImport {
  /** One of KIND. */
  readonly kind: number;
  /** Type index of a function. */
  readonly type: number;
  /** Limits of a memory. */
  readonly memory: MemoryLimits | null;
  /** Offset behind the names, where the kind is. */
  readonly at: number;
  /** Offset behind it. */
  readonly end: number;
}

/** Reads the import section's content. */
export function readImports(r: WasmReader): WasmImport[] {
  const imports: WasmImport[] = [];
  for (let count = r.leb(); count > 0; count--) {
    r.skipName();
    r.skipName();
    const at = r.at;
    const kind = r.u8();
    let type = -1;
    let memory: MemoryLimits | null = null;
    if (kind === KIND.FUNCTION) type = r.leb();
    else if (kind === KIND.TABLE) {
      r.skipType();
      const flags = r.u8();
      r.leb();
      if ((flags & HAS_MAX) !== 0) r.leb();
    } else if (kind === KIND.MEMORY) memory = readMemory(r);
    else if (kind === KIND.GLOBAL) {
      r.skipType();
      r.u8();
    } else if (kind === KIND.TAG) {
      r.u8();
      r.leb();
    } else throw new WasmFormatError(`import ${imports.length} has the unknown kind ${kind}`);
    imports.push({ kind, type, memory, at, end: r.at });
  }
  return imports;
}

const FORM = { REC: 0x4e, SUB_FINAL: 0x4f, SUB: 0x50, ARRAY: 0x5e, STRUCT: 0x5f, FUNC: 0x60 } as const;

/** Type of a function: the first byte of each value type. */
export interface FunctionType {
  /** Parameters. */
  readonly params: readonly number[];
  /** Results. */
  readonly results: readonly number[];
}

function readValueTypes(r: WasmReader): number[] {
  const types: number[] = [];
  for (let count = r.leb(); count > 0; count--) {
    types.push(r.bytes[r.at]!);
    r.skipType();
  }
  return types;
}

function readSubtype(r: WasmReader): FunctionType | null {
  let form = r.u8();
  if (form === FORM.SUB || form === FORM.SUB_FINAL) {
    for (let count = r.leb(); count > 0; count--) r.leb();
    form = r.u8();
  }
  if (form === FORM.FUNC) return { params: readValueTypes(r), results: readValueTypes(r) };
  const fields = form === FORM.ARRAY ? 1 : form === FORM.STRUCT ? r.leb() : -1;
  if (fields < 0) throw new WasmFormatError(`unknown type form ${form.toString(16)}`);
  for (let i = 0; i < fields; i++) {
    r.skipType();
    r.u8();
  }
  return null;
}

/** Reads the type section's content; null stands for what is no function. */
export function readTypes(r: WasmReader): (FunctionType | null)[] {
  const types: (FunctionType | null)[] = [];
  for (let groups = r.leb(); groups > 0; groups--) {
    let members = 1;
    if (r.bytes[r.at] === FORM.REC) {
      r.u8();
      members = r.leb();
    }
    for (; members > 0; members--) types.push(readSubtype(r));
  }
  return types;
}

/** Reads the names in the export section's content. */
export function readExportNames(r: WasmReader): Set<string> {
  const names = new Set<string>();
  const decoder = new TextDecoder();
  for (let count = r.leb(); count > 0; count--) {
    const length = r.leb();
    const at = r.at;
    r.skip(length);
    names.add(decoder.decode(r.bytes.subarray(at, r.at)));
    r.u8();
    r.leb();
  }
  return names;
}
