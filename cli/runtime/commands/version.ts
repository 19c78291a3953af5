/** `umiak-runtime --version`. @module */
import { VERSION } from "../../commands/version.ts";
import { OCI_VERSION } from "../../../runtime/spec/state.ts";

/** Prints the version: callers show the first word and what follows "version". */
export function version(): number {
  console.log(`umiak-runtime version ${VERSION}\nspec: ${OCI_VERSION}\ndeno: ${Deno.version.deno}`);
  return 0;
}
