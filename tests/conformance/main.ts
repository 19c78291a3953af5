/**
 * `deno task conformance`: runs all cases on every runtime that is here and writes docs/CONFORMANCE.md. With names of runtimes or subjects
 * as arguments it runs only those and prints what they did.
 * @module
 */
import type { Adapter } from "./adapters/adapter.ts";
import { HOST_RUNTIMES, hostAdapter } from "./adapters/host.ts";
import { sandboxAdapter } from "./adapters/sandbox.ts";
import { SUBJECTS } from "./cases/mod.ts";
import { type Column, documentOf } from "./document.ts";
import { runSubjects, surprises } from "./run.ts";
import { version2Column } from "./version2/columns.ts";
import { version2Section } from "./version2/document.ts";

const ADAPTERS: readonly Adapter[] = [
  ...[sandboxAdapter(), ...HOST_RUNTIMES.map((name) => hostAdapter(name))],
];

const asked = (names: readonly string[]): string[] => Deno.args.filter((arg) => names.includes(arg));
const runtimes = asked(ADAPTERS.map(({ name }) => name)),
  subjects = asked(SUBJECTS.map(({ subject }) => subject));
const chosen = subjects.length === 0
  ? SUBJECTS
  : SUBJECTS.filter(({ subject }) => subjects.includes(subject));

const columns: Column[] = [];
let surprised = false;
for (const adapter of ADAPTERS) {
  if (runtimes.length > 0 && !runtimes.includes(adapter.name)) continue;
  if (adapter.missing !== undefined) {
    console.log(`${adapter.name}: ${adapter.missing}`);
    columns.push({ name: adapter.name, rows: [], missing: adapter.missing });
    continue;
  }
  const start = performance.now();
  const rows = await runSubjects(adapter, chosen);
  columns.push({ name: adapter.name, rows });
  const count = (outcome: string): number => rows.filter(({ result }) => result.outcome === outcome).length;
  console.log(
    `${adapter.name}: ${count("pass")} passed, ${count("fail")} failed, ${count("skip")} skipped, ` +
      `${Math.round(performance.now() - start)} ms`,
  );
  for (const line of surprises(adapter.name, rows, subjects.length === 0)) {
    surprised = true;
    console.log(`  ${line}`);
  }
}
const everything = runtimes.length === 0 && subjects.length === 0;
const version2: Column[] = [];
for (const name of everything ? HOST_RUNTIMES : []) {
  const column = await version2Column(name);
  version2.push(column);
  console.log(`${name}, cgroup v2 alone: ${column.missing ?? `${column.rows.length} cases`}`);
  for (const line of surprises(name, column.rows, false)) {
    surprised = true;
    console.log(`  ${line}`);
  }
}
if (everything && !surprised) {
  const url = new URL("../../docs/CONFORMANCE.md", import.meta.url);
  await Deno.writeTextFile(url, documentOf(columns) + version2Section(version2));
  console.log("docs/CONFORMANCE.md is written");
}
Deno.exit(surprised ? 1 : 0);
