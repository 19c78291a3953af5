/** `umiak image config`, `append`, `mutate`, `squash`, `rebase`, `history`, `validate`, `export`, `import`. @module */
import { quoteName } from "../../image/list_files.ts";
import { parsePackedTree } from "../../image/store/pack.ts";
import { findingText } from "../../image/validate/mod.ts";
import {
  exportImage,
  importImage,
  mutate,
  type NewLayer,
  rebaseImage,
  squashImage,
} from "../../runtime/engine/edit_operations.ts";
import { imageHistory } from "../../runtime/engine/images.ts";
import { validateReference } from "../../runtime/engine/validate.ts";
import { annotations, compression, configChange, editOptions, format, step } from "../edit_values.ts";
import type { Parsed } from "../parser.ts";

async function printed(digest: Promise<string>): Promise<number> {
  console.log(await digest);
  return 0;
}

const files = (parsed: Parsed): NewLayer[] =>
  parsed.values("file").map((each) => ({ tree: parsePackedTree(each) }));
const archives = (paths: readonly string[]): NewLayer[] => paths.map((archive) => ({ archive }));

/** `umiak image config IMAGE`. */
export function config(parsed: Parsed): Promise<number> {
  const changes = { ...configChange(parsed, "umiak image config"), ...annotations(parsed) };
  if (Object.keys(changes).length === 0) throw parsed.error("nothing to change");
  return printed(mutate(parsed.args[0]!, { ...editOptions(parsed), ...changes }));
}

/** `umiak image append IMAGE FILE.tar...`. */
export function append(parsed: Parsed): Promise<number> {
  const [image, ...paths] = parsed.args as [string, ...string[]];
  const layers = [...archives(paths), ...files(parsed)];
  if (layers.length === 0) throw parsed.error("no layer: name archives, or files with --file");
  return printed(mutate(image, {
    ...editOptions(parsed),
    ...compression(parsed),
    append: layers,
    step: step(parsed),
  }));
}

/** `umiak image mutate IMAGE`. */
export function mutateImage(parsed: Parsed): Promise<number> {
  return printed(mutate(parsed.args[0]!, {
    ...editOptions(parsed),
    ...compression(parsed),
    ...format(parsed),
    ...configChange(parsed, "umiak image mutate"),
    ...annotations(parsed),
    convert: parsed.value("compress") !== undefined,
    append: [...archives(parsed.values("append")), ...files(parsed)],
    step: step(parsed),
  }));
}

/** `umiak image squash IMAGE`. */
export function squash(parsed: Parsed): Promise<number> {
  const last = parsed.value("last");
  if (last !== undefined && !/^[1-9]\d{0,8}$/.test(last)) {
    throw new Error(`--last: ${JSON.stringify(last)} is not a number of layers`);
  }
  return printed(squashImage(parsed.args[0]!, {
    ...editOptions(parsed),
    ...compression(parsed),
    ...(last === undefined ? {} : { last: Number(last) }),
    step: step(parsed),
  }));
}

/** `umiak image rebase IMAGE`. */
export function rebase(parsed: Parsed): Promise<number> {
  const oldBase = parsed.value("old-base"), newBase = parsed.value("new-base");
  return printed(rebaseImage(parsed.args[0]!, {
    ...editOptions(parsed),
    ...(oldBase === undefined ? {} : { oldBase }),
    ...(newBase === undefined ? {} : { newBase }),
  }));
}

function sizeText(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = size, unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)}${units[unit]}`;
}

/** `umiak image history IMAGE`: the newest step first, as docker has it. */
export async function history(parsed: Parsed): Promise<number> {
  const { platform } = editOptions(parsed);
  const steps = await imageHistory(parsed.args[0]!, platform);
  if (parsed.has("json")) {
    console.log(JSON.stringify(steps, null, 2));
    return 0;
  }
  const rows = steps.toReversed().map((each) => {
    const command = quoteName((each.createdBy ?? "").replace(/\s+/g, " ").trim());
    const shown = parsed.has("no-trunc") || command.length <= 60 ? command : `${command.slice(0, 59)}…`;
    return [
      each.created ?? "",
      each.size === undefined ? "-" : sizeText(each.size),
      shown,
      quoteName(each.comment ?? ""),
    ];
  });
  const table = [["CREATED", "SIZE", "CREATED BY", "COMMENT"], ...rows];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  for (const row of table) console.log(row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
  return 0;
}

/** `umiak image validate IMAGE`: 1 if something is against a MUST. */
export async function validate(parsed: Parsed): Promise<number> {
  const report = await validateReference(parsed.args[0]!, { documentsOnly: parsed.has("no-layers") });
  const { findings, dropped } = report;
  if (parsed.has("json")) console.log(JSON.stringify({ findings, dropped }, null, 2));
  else for (const finding of findings) console.log(findingText(finding));
  if (dropped > 0) console.error(`umiak: ${dropped} more findings are not shown`);
  return report.valid && !(parsed.has("strict") && findings.length > 0) ? 0 : 1;
}

/** `umiak image export IMAGE`. */
export async function exportTar(parsed: Parsed): Promise<number> {
  const { output: path, platform } = editOptions(parsed);
  const wanted = platform === undefined ? {} : { platform };
  if (path === undefined || path === "-") {
    if (Deno.stdout.isTerminal()) {
      throw new Error("export: standard output is a terminal; write to a file with --output");
    }
    await exportImage(parsed.args[0]!, (chunk) => writeAll(Deno.stdout, chunk), wanted);
    return 0;
  }
  const temporary = `${path}.${crypto.randomUUID()}`;
  const file = await Deno.open(temporary, { write: true, createNew: true });
  try {
    await exportImage(parsed.args[0]!, (chunk) => writeAll(file, chunk), wanted);
    await file.syncData();
    file.close();
    await Deno.rename(temporary, path);
  } catch (error) {
    try {
      file.close();
    } catch {
      // closed already
    }
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  return 0;
}

async function writeAll(to: { write(bytes: Uint8Array): Promise<number> }, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

/** `umiak image import FILE.tar IMAGE`. */
export function importTar(parsed: Parsed): Promise<number> {
  const [archive, output] = parsed.args as [string, string];
  return printed(importImage(archive, {
    ...editOptions(parsed),
    ...compression(parsed),
    ...format(parsed),
    ...importConfig(parsed),
    ...annotations(parsed),
    step: step(parsed),
    output,
  }));
}

/** The configuration of an imported image; its only step is that of its layer. */
function importConfig(parsed: Parsed): ReturnType<typeof configChange> {
  const { config } = configChange(parsed, "");
  if (config === undefined) return {};
  const { history: _, ...rest } = config;
  return { config: rest };
}
