/** Runs cases on a runtime, and holds the results against what is known. @module */
import type { Adapter } from "./adapters/adapter.ts";
import { differencesOf } from "./differences.ts";
import type { Case, Result, Subject } from "./types.ts";

/** The result of one case. */
export interface Row {
  readonly subject: string;
  readonly test: Case;
  readonly result: Result;
}

async function runOne(adapter: Adapter, test: Case): Promise<Result> {
  const why = (test.needs ?? []).map((need) => adapter.lacks(need)).find((each) => each !== undefined);
  if (why !== undefined) return { outcome: "skip", why };
  try {
    return await adapter.run(test);
  } catch (error) {
    return { outcome: "fail", why: `the case could not be run: ${(error as Error).message}` };
  }
}

/** Runs every case of these subjects. The rows are in the order of the cases. */
export async function runSubjects(adapter: Adapter, subjects: readonly Subject[]): Promise<Row[]> {
  const tests = subjects.flatMap(({ subject, cases }) => cases.map((test) => ({ subject, test })));
  const rows = new Array<Row>(tests.length);
  let next = 0;
  await Promise.all(Array.from({ length: adapter.parallel }, async () => {
    for (;;) {
      const i = next++;
      const each = tests[i];
      if (each === undefined) return;
      rows[i] = { ...each, result: await runOne(adapter, each.test) };
    }
  }));
  return rows;
}

/**
 * Sentences about what is not as it is known to be: failures without a reason, passes with one, and, of all cases (`whole`), reasons without a
 * case.
 */
export function surprises(adapter: string, rows: readonly Row[], whole = true): string[] {
  const known = new Map(differencesOf(adapter).map((each) => [`${each.subject}: ${each.name}`, each]));
  const said: string[] = [];
  for (const { subject, test, result } of rows) {
    const name = `${subject}: ${test.name}`;
    const reason = known.get(name);
    known.delete(name);
    if (result.outcome === "fail" && reason === undefined) {
      said.push(`${name}\n    ${result.why}\n    ${test.spec}`);
    }
    if (result.outcome === "pass" && reason !== undefined) {
      said.push(`${name}\n    passes, but was known to differ`);
    }
  }
  for (const name of whole ? known.keys() : []) {
    said.push(`${name}\n    is listed as a difference, but there is no such case`);
  }
  return said;
}
