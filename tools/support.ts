/** `deno task support`: writes docs/SUPPORT.md from the tables of what is supported. @module */
import {
  functionsOf,
  PREVIEW1,
  type SupportedFunction,
  type WasiModuleName,
} from "../runtime/sandbox/abi/wasi_p1/interface.ts";
import { UNREACHABLE } from "../runtime/sandbox/abi/unreachable.ts";
import { WASMEDGE } from "../runtime/sandbox/abi/wasmedge/interface.ts";
import { WASIX, WASIX_2023, WASIX_UNSUPPORTED } from "../runtime/sandbox/abi/wasix/interface.ts";
import { WASIX_MODULE } from "../runtime/sandbox/abi/wasix/module.ts";

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

/** What `wasix_32v1` has beyond preview1. */
function wasix(): string[] {
  const unsupported = Object.entries(WASIX_UNSUPPORTED).flatMap(([why, names]) =>
    names.map((name): [string, string, string] => [name, "none", why])
  );
  const rows = [...WASIX, ...WASIX_2023]
    .map((f): [string, string, string] => [f.name, f.note === undefined ? "full" : "partial", f.note ?? ""]);
  const count = (level: string): number => [...rows, ...unsupported].filter((row) => row[1] === level).length;
  return [
    "## WASIX",
    "",
    `\`${WASIX_MODULE}\`, beside the functions of preview1, which modules of 2023 import from it: ${
      rows.length + unsupported.length
    } functions.`,
    "",
    `${count("full")} in full, ${
      count("partial")
    } in part. The others can be imported and answer \`notsup\`.`,
    "",
    ...table(
      ["function", WASIX_MODULE, "what is missing"],
      [...rows, ...unsupported].map(([name, ...rest]) => [`\`${name}\``, ...rest]),
    ),
    "",
  ];
}

/** WasmEdge's socket extension of wasi_snapshot_preview1. */
function wasmedge(): string[] {
  const rows = WASMEDGE.map((f) => [
    `\`${f.name}\``,
    String(f.params.length),
    f.note === undefined ? "full" : "partial",
    f.note ?? "",
  ]);
  return [
    "## WasmEdge's sockets",
    "",
    "Beside preview1's functions in `wasi_snapshot_preview1`; those of one name are told by their parameters.",
    "",
    ...table(["function", "parameters", "support", "what is missing"], rows),
    "",
  ];
}

/** What the kernel has beyond all interfaces. */
function unreachable(): string[] {
  return [
    "## What no interface has",
    "",
    "The kernel has more than WASI has functions for. Programs cannot call it, and find what it does:",
    "",
    ...table(["in the kernel", "used or seen by"], UNREACHABLE.map(({ what, instead }) => [what, instead])),
    "",
  ];
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
    ...wasmedge(),
    ...wasix(),
    ...unreachable(),
  ].join("\n");
}

if (import.meta.main) await Deno.writeTextFile(FILE, supportDocument());
