/** `umiak-runtime ps`. @module */
import { processes } from "../../../runtime/lifecycle/watch.ts";
import type { Parsed } from "../../parser.ts";
import { print, type Runtime } from "../runtime.ts";

/** Lines about these processes, with a header: those of ps(1) if it is given options, or if this is not Linux. */
async function linesAbout(options: readonly string[], pids: readonly number[]): Promise<string> {
  if (options.length === 0 && Deno.build.os === "linux") {
    const { psTable } = await import("../ps_table.ts");
    return psTable(pids);
  }
  const { linesOfPs } = await import("../ps_program.ts");
  return await linesOfPs(options.length > 0 ? options : ["-ef"], pids);
}

/** Prints the processes that the host has for a container: a JSON array of ids, or a table. */
export async function psCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  const [id = "", ...options] = parsed.args;
  const format = parsed.value("format") ?? "table";
  if (format !== "table" && format !== "json") {
    throw parsed.error(`--format: unknown format ${JSON.stringify(format)}`);
  }
  const pids = await processes(context, id);
  print(format === "json" ? `${JSON.stringify(pids)}\n` : await linesAbout(options, pids));
  return 0;
}
