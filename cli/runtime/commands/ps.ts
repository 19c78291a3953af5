/** `umiak-runtime ps`. @module */
import { processes } from "../../../runtime/lifecycle/exec.ts";
import type { Parsed } from "../../parser.ts";
import { print, type Runtime } from "../runtime.ts";

/** Lines of ps(1) about these processes, with its header. */
async function psLines(options: readonly string[], pids: readonly number[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("ps", {
    args: [...options.length > 0 ? options : ["-ef"]],
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`ps: ${text(stderr).trim()}`);
  const [header = "", ...lines] = text(stdout).trimEnd().split("\n");
  const column = header.trim().split(/\s+/).indexOf("PID");
  if (column < 0) throw new Error("ps: its output has no column PID");
  const known = new Set(pids.map(String));
  return [header, ...lines.filter((line) => known.has(line.trim().split(/\s+/)[column] ?? ""))].join("\n") +
    "\n";
}

/** Prints the processes that the host has for a container: a JSON array of ids, or what ps(1) says about them. */
export async function psCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  const [id = "", ...options] = parsed.args;
  const format = parsed.value("format") ?? "table";
  if (format !== "table" && format !== "json") {
    throw parsed.error(`--format: unknown format ${JSON.stringify(format)}`);
  }
  const pids = await processes(context, id);
  print(format === "json" ? `${JSON.stringify(pids)}\n` : await psLines(options, pids));
  return 0;
}
