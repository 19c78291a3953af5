/**
 * Makes a module interruptible: a copy that counts loop iterations and calls, and after every few of them calls a function of the
 * host's that may suspend or end it. Nothing is renumbered: what is added (a type, a table, a global, a function) comes last.
 *
 * Loops count in a local variable, which the engine keeps in a register; calls count in a global. docs/RATIONALE.md has the measurements.
 * @module
 */
import { WasmFormatError, WasmReader } from "../wasm/reader.ts";
import { exportItem, leb, type ModuleEditor } from "../wasm/editor.ts";
import { KIND, readImports, readTypes, SECTION, type Section } from "../wasm/sections.ts";
import { WasmWriter } from "../wasm/writer.ts";
import { FOUND, rewriteInstructions, survey } from "./loops.ts";

/** Export name of the table with one place, for a function `() -> ()` that is called at a safe point. */
export const CHECK_EXPORT = "umiak:check";

/** Iterations or calls between two checks; fits a byte of signed LEB128. */
const PERIOD = 63;

const I32 = 0x7f, FUNCREF = 0x70;

/** What the function bodies refer to. */
interface Added {
  /** Type index of `() -> ()`. */
  readonly type: number;
  /** Table index. */
  readonly table: number;
  /** Global index. */
  readonly global: number;
  /** Function index of the check. */
  readonly check: number;
}

/** Rewrites one function body (local declarations and code) into `out`. */
function rewriteBody(out: WasmWriter, r: WasmReader, params: number, imported: number, added: Added): void {
  const module = r.bytes;
  const start = r.at;
  const groups = r.leb();
  const groupsAt = r.at;
  let counter = params;
  for (let i = 0; i < groups; i++) {
    counter += r.leb();
    r.skipType();
  }
  const code = r.at;
  const found = survey(r, imported);
  if (found === 0) return out.copy(module, start, r.end);
  out.leb(groups + 1);
  out.copy(module, groupsAt, code);
  out.raw([1, I32]);
  const local = leb(counter);
  const check = leb(added.check);
  if ((found & FOUND.CALLS) !== 0) {
    const global = leb(added.global);
    out.raw([
      ...[0x23, ...global, 0x41, 1, 0x6a, 0x22, ...local, 0x24, ...global], // counter = local = global + 1
      ...[0x20, ...local, 0x41, PERIOD, 0x4f, 0x04, 0x40], // if local >= PERIOD
      ...[0x10, ...check, 0x21, ...local, 0x0b],
    ]);
  }
  r.at = code;
  if ((found & ~FOUND.CALLS) === 0) return out.copy(module, code, r.end);
  rewriteInstructions(out, r, {
    count: [0x20, ...local, 0x41, 1, 0x6a, 0x22, ...local, 0x41, PERIOD, 0x4f], // (local += 1) >= PERIOD
    reset: [0x10, ...check, 0x21, ...local],
    check: [0x10, ...check, 0x1a],
  });
}

/** The check itself: calls what is in the table, and sets the counters back. */
function checkBody({ type, table, global }: Added): number[] {
  const code = [
    ...[0, 0x41, 0, 0x11, ...leb(type), ...leb(table)], // no locals; i32.const 0, call_indirect
    ...[0x41, 0, 0x24, ...leb(global), 0x41, 0, 0x0b], // i32.const 0, global.set; i32.const 0
  ];
  return [...leb(code.length), ...code];
}

function rewriteCode(
  module: Uint8Array,
  section: Section,
  types: readonly number[],
  imported: number,
  added: Added,
): WasmWriter {
  const r = new WasmReader(module, section.body, section.end);
  const count = r.leb();
  if (count !== types.length) throw new WasmFormatError(`${types.length} functions, but ${count} bodies`);
  const w = new WasmWriter((section.end - section.body) * 1.5);
  const body = new WasmWriter(65536);
  w.leb(count);
  for (let i = 0; i < count; i++) {
    const size = r.leb();
    const end = r.at + size;
    if (end > section.end) throw new WasmFormatError(`the body of function ${i} is longer than its section`);
    body.clear();
    rewriteBody(body, new WasmReader(module, r.at, end), types[i]!, imported, added);
    w.leb(body.length);
    w.raw(body.view());
    r.at = end;
  }
  return w;
}

/** Custom sections with offsets into the code, which moves: branch hints, what a debugger reads. */
const refersToCode = (name: string): boolean =>
  name.startsWith("metadata.code.") || name.startsWith(".debug_") || name === "sourceMappingURL";

/** Makes a valid module interruptible. Throws WasmFormatError for what it does not understand. */
export function instrument(editor: ModuleEditor): void {
  const code = editor.section(SECTION.CODE);
  if (code === undefined || editor.count(SECTION.CODE) === 0) return;
  const signatures = readTypes(editor.reader(SECTION.TYPE));
  const imports = readImports(editor.reader(SECTION.IMPORT));
  const imported = (kind: number): number => imports.filter((i) => i.kind === kind).length;
  const functions = editor.reader(SECTION.FUNCTION);
  const types = Array.from({ length: functions.leb() }, () => functions.leb());
  const importedFunctions = imported(KIND.FUNCTION);
  const added: Added = {
    type: signatures.length + 1,
    table: imported(KIND.TABLE) + editor.count(SECTION.TABLE),
    global: imported(KIND.GLOBAL) + editor.count(SECTION.GLOBAL),
    check: importedFunctions + types.length,
  };
  editor.append(SECTION.TYPE, [0x60, 0, 1, I32], [0x60, 0, 0]);
  editor.append(SECTION.FUNCTION, leb(signatures.length));
  editor.append(SECTION.TABLE, [FUNCREF, 1, 1, 1]);
  editor.append(SECTION.GLOBAL, [I32, 1, 0x41, 0, 0x0b]);
  editor.append(SECTION.EXPORT, exportItem(CHECK_EXPORT, KIND.TABLE, added.table));
  editor.replace(
    SECTION.CODE,
    rewriteCode(
      editor.module,
      code,
      types.map((t) => signatures[t]?.params.length ?? 0),
      importedFunctions,
      added,
    ),
  );
  editor.append(SECTION.CODE, checkBody(added));
  editor.dropCustom(refersToCode);
}
