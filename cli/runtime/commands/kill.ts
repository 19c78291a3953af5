/** `umiak-runtime kill`. @module */
import { parseSignal } from "../../../runtime/abi/linux/signal.ts";
import { kill } from "../../../runtime/lifecycle/kill.ts";
import type { Parsed } from "../../parser.ts";
import type { Runtime } from "../runtime.ts";

/** Sends a signal: SIGTERM by default. */
export async function killCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  const [id = "", text = "SIGTERM"] = parsed.args;
  const signal = parseSignal(text);
  if (signal === undefined) throw parsed.error(`unknown signal ${JSON.stringify(text)}`);
  await kill(context, id, signal, parsed.has("all"));
  return 0;
}
