/** Commands that need a fresh place each time, in turn. @module */
import { type Command, type Timed, timed } from "./process.ts";

/** One thing to measure. */
export interface Row {
  readonly name: string;
  readonly command: Command;
  /** Files and directories that are taken away before each round and at the end. */
  readonly fresh?: readonly string[];
}

/** What came out: the least time of all rounds and the most memory. */
export interface Measured {
  readonly row: Row;
  readonly best: Timed;
}

async function clear(row: Row): Promise<void> {
  for (const path of row.fresh ?? []) await Deno.remove(path, { recursive: true }).catch(() => {});
}

/** Runs the rows in turn, so that a change of the machine's speed meets all of them. A row that fails is not run again. */
export async function measure(rows: readonly Row[], rounds: number): Promise<Measured[]> {
  const best = new Map<Row, Timed>();
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      const before = best.get(row);
      if (before !== undefined && before.code !== 0) continue;
      await clear(row);
      const result = await timed(row.command);
      const peakMb = Math.max(result.peakMb ?? 0, before?.peakMb ?? 0) || undefined;
      const isBetter = before === undefined || result.code !== 0 || result.ms < before.ms;
      best.set(row, { ...isBetter ? result : before, peakMb });
      await clear(row);
    }
  }
  return rows.map((row) => ({ row, best: best.get(row)! }));
}
