/** Every system call of an architecture by its name. @module */
import { AARCH64, I386, X32, X86_64 } from "./syscalls_generated.ts";

const TEXTS = { x86_64: X86_64, i386: I386, x32: X32, aarch64: AARCH64 } as const;

/** An architecture whose calls are known. */
export type TableArchitecture = keyof typeof TEXTS;

const tables = new Map<TableArchitecture, ReadonlyMap<string, number>>();

function parse(text: string): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  let next = 0;
  for (const word of text.trim().split(/\s+/)) {
    if (/^\d/.test(word)) next = Number(word);
    else table.set(word, next++);
  }
  return table;
}

/** Numbers by name; those of x32 are without its bit. */
export function syscallTable(architecture: TableArchitecture): ReadonlyMap<string, number> {
  const known = tables.get(architecture) ?? parse(TEXTS[architecture]);
  tables.set(architecture, known);
  return known;
}
