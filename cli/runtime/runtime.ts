/** What every verb gets beside its arguments. @module */
import { loadBackend } from "../../runtime/engine/backends.ts";
import type { Context } from "../../runtime/lifecycle/context.ts";
import { defaultRoot } from "../../runtime/lifecycle/host/default_root.ts";
import { hostContext } from "../../runtime/lifecycle/host/mod.ts";
import type { Parsed } from "../parser.ts";
import { type Log, writeText } from "./log.ts";

/** See the module's comment. */
export interface Runtime {
  /** Global options. */
  readonly globals: Parsed;
  /** The log. */
  readonly log: Log;
  /** Operations below the root that was asked for. */
  readonly context: Context;
}

/** The runtime of a command line. */
export function makeRuntime(globals: Parsed, log: Log): Runtime {
  const root = globals.value("root") ?? defaultRoot();
  return { globals, log, context: hostContext(root, loadBackend, log) };
}

/** Prints all of a text. */
export function print(text: string): void {
  writeText(Deno.stdout, text);
}
