/** `umiak-runtime features`. @module */
import { features } from "../../../runtime/engine/features.ts";
import { VERSION } from "../../commands/version.ts";
import { print } from "../runtime.ts";

/** Prints the features structure. */
export function featuresCommand(): Promise<number> {
  print(`${JSON.stringify(features(VERSION), null, 2)}\n`);
  return Promise.resolve(0);
}
