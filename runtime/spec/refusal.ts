/** A configuration that is right by the specification but cannot be had: said as of one that is wrong. @module */
import { JsonError, printable } from "../../json/parse.ts";

/** The error for a place of config.json ("linux.sysctl") and why it cannot be had. */
export function refusal(place: string, why: string): JsonError {
  return new JsonError(printable(`config.json: ${place}: ${why}`));
}
