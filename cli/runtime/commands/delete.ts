/** `umiak-runtime delete`. @module */
import { deleteContainer } from "../../../runtime/lifecycle/delete.ts";
import type { Parsed } from "../../parser.ts";
import type { Runtime } from "../runtime.ts";

/** Deletes a container. */
export async function deleteCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  await deleteContainer(context, parsed.args[0]!, { force: parsed.has("force") });
  return 0;
}
