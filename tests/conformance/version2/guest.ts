/** In the machine: runs the cases on the runtime that is its argument, and prints what came of them as JSON. @module */
import { hostAdapter, type HostRuntime } from "../adapters/host.ts";
import { runSubjects } from "../run.ts";
import { VERSION2_SUBJECTS } from "./cases.ts";
import type { Answer } from "./columns.ts";

const adapter = hostAdapter(Deno.args[0] as HostRuntime);
const rows = adapter.missing === undefined ? await runSubjects(adapter, VERSION2_SUBJECTS) : [];
const answer: Answer = { missing: adapter.missing, results: rows.map(({ result }) => result) };
console.log(JSON.stringify(answer));
