/** `deno task support`: writes docs/SUPPORT.md from the tables of what is supported. @module */
import {
  functionsOf,
  PREVIEW1,
  type SupportedFunction,
  type WasiModuleName,
} from "../runtime/sandbox/abi/wasi_p1/interface.ts";

const MODULES: readonly WasiModuleName[] = ["wasi_snapshot_preview1", "wasi_unstable"];
const FILE = new URL("../docs/SUPPORT.md", import.meta.url);

/** How far a function goes in a module. */
function level(f: SupportedFunction, module: WasiModuleName): string {
  if (!functionsOf(module).includes(f)) return "none";
  return f.note === undefined ? "full" : "partial";
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

/** docs/SUPPORT.md, as it should be. */
export function supportDocument(): string {
  const rows = PREVIEW1.map((
    f,
  ) => [`\`${f.name}\``, ...MODULES.map((module) => level(f, module)), f.note ?? ""]);
  const sums = MODULES.map((module) => {
    const functions = functionsOf(module);
    const full = functions.filter((f) => level(f, module) === "full").length;
    return `\`${module}\`: ${functions.length} functions, ${full} in full, ${
      functions.length - full
    } in part.`;
  });
  return [
    "# What is supported",
    "",
    "Made by `deno task support` from the tables in the code; not to be edited.",
    "",
    "## WASI preview 1",
    "",
    ...sums.flatMap((sum) => [sum, ""]),
    ...table(["function", ...MODULES, "what is missing"], rows),
    "",
  ].join("\n");
}

if (import.meta.main) await Deno.writeTextFile(FILE, supportDocument());
