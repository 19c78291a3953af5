/** `umiak spec`. @module */
import { explain as explainTarget } from "../../runtime/engine/explain.ts";
import type { Parsed } from "../parser.ts";

/** `umiak spec explain BUNDLE|IMAGE`. */
export async function explain(parsed: Parsed): Promise<number> {
  const bytes = new TextEncoder().encode(await explainTarget(parsed.args[0]!));
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  return 0;
}
