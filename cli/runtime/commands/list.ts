/** `umiak-runtime list`. @module */
import { list } from "../../../runtime/lifecycle/list.ts";
import type { Parsed } from "../../parser.ts";
import { print, type Runtime } from "../runtime.ts";
import { described } from "./state.ts";

const HEADER = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"];

/** Prints all containers. */
export async function listCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  const format = parsed.value("format") ?? "table";
  if (format !== "table" && format !== "json") {
    throw parsed.error(`--format: unknown format ${JSON.stringify(format)}`);
  }
  const all = await list(context);
  if (parsed.has("quiet")) {
    print(all.map(({ state }) => `${state.id}\n`).join(""));
    return 0;
  }
  if (format === "json") {
    print(
      `${JSON.stringify(all.map((each) => ({ ...described(each), owner: String(each.record.owner) })))}\n`,
    );
    return 0;
  }
  const rows = all.map(({ state, record }) => [
    ...[state.id, String(state.pid ?? 0), state.status, state.bundle, record.created, String(record.owner)],
  ]);
  const widths = HEADER.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    `${cells.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()}\n`;
  print([HEADER, ...rows].map(line).join(""));
  return 0;
}
