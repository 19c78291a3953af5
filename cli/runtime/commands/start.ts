/** `umiak-runtime start`. @module */
import { start } from "../../../runtime/lifecycle/start.ts";
import type { Parsed } from "../../parser.ts";
import type { Runtime } from "../runtime.ts";

/** Runs the program of a created container. */
export async function startCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  await start(context, parsed.args[0]!);
  return 0;
}
