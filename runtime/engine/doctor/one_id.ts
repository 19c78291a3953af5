/** Why an ordinary user's containers have one id only. @module */
import type { OwnIds } from "../native/rootless_ids.ts";
import type { Failure } from "../../native/probe/facts.ts";
import { reasonOf } from "./reason.ts";

/** Why a tool cannot be started; without arguments it only says how it is used. */
function tryTool(tool: string): Failure {
  try {
    new Deno.Command(tool, { stdin: "null", stdout: "null", stderr: "null" }).outputSync();
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? `${tool} is not installed` : `${tool}: ${reasonOf(error)}`;
  }
}

/** The reason; undefined if there are several, or none because this is root. `tools` map ids. */
export function whyOneId(
  ids: OwnIds | undefined,
  tools: readonly string[] = ["newuidmap", "newgidmap"],
): Failure {
  if (ids === undefined || ids.uidMappings.length + ids.gidMappings.length > 2) return undefined;
  const missing = tools.map(tryTool).find((each) => each !== undefined);
  return missing ?? "/etc/subuid and /etc/subgid do not both grant this user some";
}
