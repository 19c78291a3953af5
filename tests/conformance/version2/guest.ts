/** In the machine: runs the cases on the runtime that is its argument, and prints what came of them as JSON. @module */
import { hostAdapter, type HostRuntime } from "../adapters/host.ts";
import { runSubjects } from "../run.ts";
import { VERSION2_SUBJECTS } from "./cases.ts";
import { type Answer, caseName } from "./columns.ts";

// It has one CPU, and a case has a cgroup that only gets what others leave.
const adapter = { ...hostAdapter(Deno.args[0] as HostRuntime), parallel: 1 };
const rows = adapter.missing === undefined ? await runSubjects(adapter, VERSION2_SUBJECTS) : [];
const results = Object.fromEntries(
  rows.map(({ subject, test, result }) => [caseName(subject, test), result]),
);
const answer: Answer = { missing: adapter.missing, results };
console.log(JSON.stringify(answer));
