/** Tables as text, a record a line. @module */
import { SYSCALL_NUMBERS } from "../../abi/linux/syscall_numbers.ts";
import type { Architecture } from "../asm/machine.ts";
import type { Table } from "./compile_table.ts";
import { decodeRecord, FATAL, IGNORE, OP, RECORD_SIZE, SLOT } from "./record.ts";

const OPS = Object.fromEntries(Object.entries(OP).map(([name, op]) => [op, name]));
/** How many arguments an operation has. */
const COUNTS: Readonly<Record<string, number>> = {
  ...{ JMP: 1, JEQ: 3, JLT: 3, MOV: 1, ADD: 2, AND: 2, LD: 2, ST: 3, RET: 1 },
};

/** The table as text. Addresses are distances from its beginning ("+0x40"), slots have a $. */
export function printTable(table: Table, architecture: Architecture): string {
  const index = architecture === "x86_64" ? 0 : 1;
  const calls = new Map<number, string>(
    Object.entries(SYSCALL_NUMBERS).map(([name, numbers]) => [numbers[index]!, name]),
  );
  const view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.length);
  const addresses = new Map(table.relocations.map(({ at, to }) => [at, `+0x${to.toString(16)}`]));
  const slots = new Map(table.slotRelocations.map(({ at, to }) => [at, `&$${to}`]));
  const lines: string[] = [];
  for (let i = 0; i < table.records; i++) {
    const at = i * RECORD_SIZE, { op, mask, ok, nr, result, onError, args } = decodeRecord(view, at);
    const shown = args.map((arg, k) => {
      const place = at + 16 + 8 * k;
      return addresses.get(place) ?? slots.get(place) ??
        ((mask & 1 << k) === 0 ? String(BigInt.asIntN(64, arg)) : `$${arg}`);
    });
    const name = op === OP.SYS ? calls.get(nr) ?? `system call ${nr}` : OPS[op]!;
    const count = op === OP.SYS ? 6 : COUNTS[name]!;
    const width = op === OP.LD || op === OP.ST ? `${8 * nr}` : "";
    const success = ok === 0 ? "" : ` ok ${ok}`;
    const failure = op !== OP.SYS || onError === FATAL ? "" : ` else ${onError === IGNORE ? i + 1 : onError}`;
    const kept = result === SLOT.TRASH ? "" : `$${result} = `;
    const note = table.notes.get(i)?.what;
    lines.push(
      `${i}: ${kept}${name}${width}(${shown.slice(0, count).join(", ")})${success}${failure}` +
        (note === undefined ? "" : `  # ${note}`),
    );
  }
  return lines.join("\n") + "\n";
}
