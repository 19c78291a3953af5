/** `umiak-runtime update`. @module */
import { update } from "../../../runtime/lifecycle/watch.ts";
import { parseResources } from "../../../runtime/spec/decode_resources.ts";
import type { Parsed } from "../../parser.ts";
import type { Runtime } from "../runtime.ts";

/** Options by the place in linux.resources that they stand for. */
const NUMBERS: Readonly<Record<string, readonly [part: string, field: string]>> = {
  "memory": ["memory", "limit"],
  "memory-reservation": ["memory", "reservation"],
  "memory-swap": ["memory", "swap"],
  "cpu-period": ["cpu", "period"],
  "cpu-quota": ["cpu", "quota"],
  "cpu-share": ["cpu", "shares"],
  "pids-limit": ["pids", "limit"],
  "blkio-weight": ["blockIO", "weight"],
};
const TEXTS: Readonly<Record<string, readonly [part: string, field: string]>> = {
  "cpuset-cpus": ["cpu", "cpus"],
  "cpuset-mems": ["cpu", "mems"],
};

/** linux.resources in JSON, from the options. */
function fromOptions(parsed: Parsed): string {
  const parts: Record<string, Record<string, unknown>> = {};
  const set = ([part, field]: readonly [string, string], value: unknown): void => {
    parts[part] = { ...parts[part], [field]: value };
  };
  for (const [name, place] of Object.entries(NUMBERS)) {
    const text = parsed.value(name);
    if (text === undefined) continue;
    if (!/^-?\d+$/.test(text)) throw parsed.error(`--${name}: ${JSON.stringify(text)} is not a number`);
    set(place, Number(text));
  }
  for (const [name, place] of Object.entries(TEXTS)) {
    const text = parsed.value(name);
    if (text !== undefined) set(place, text);
  }
  return JSON.stringify(parts);
}

async function readAll(path: string): Promise<string> {
  if (path !== "-") return Deno.readTextFileSync(path);
  return await new Response(Deno.stdin.readable).text();
}

/** Changes the limits of a container. */
export async function updateCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  const path = parsed.value("resources");
  const text = path === undefined ? fromOptions(parsed) : await readAll(path);
  await update(context, parsed.args[0]!, parseResources(text, path === undefined ? "options" : path));
  return 0;
}
