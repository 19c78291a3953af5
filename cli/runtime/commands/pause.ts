/** `umiak-runtime pause` and `resume`. @module */
import { pause, resume } from "../../../runtime/lifecycle/pause.ts";
import type { Parsed } from "../../parser.ts";
import type { Runtime } from "../runtime.ts";

/** Stops a container. */
export async function pauseCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  await pause(context, parsed.args[0]!);
  return 0;
}

/** Lets it go on. */
export async function resumeCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  await resume(context, parsed.args[0]!);
  return 0;
}
