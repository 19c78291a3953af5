/** Small changes of modules that need no look at the code. @module */
import { exportItem, type ModuleEditor } from "./editor.ts";
import { skipImmediates } from "./instructions.ts";
import { KIND, readImports, SECTION } from "./sections.ts";

/** Export name of what was the start function. */
export const START_EXPORT = "umiak:start";
/** Prefix of the export names of globals; their index follows. */
export const GLOBAL_EXPORT = "umiak:global:";

/** Makes the start function an export: it belongs to the run of the program, where it can wait and be interrupted. True if there is one. */
export function deferStart(editor: ModuleEditor): boolean {
  const section = editor.section(SECTION.START);
  if (section === undefined) return false;
  editor.drop(SECTION.START);
  editor.append(SECTION.EXPORT, exportItem(START_EXPORT, KIND.FUNCTION, editor.reader(SECTION.START).leb()));
  return true;
}

const V128 = 0x7b, END = 0x0b;

/** Exports every global that can change, so that another instance can be given the same values. How many there are that cannot be read. */
export function exportGlobals(editor: ModuleEditor): number {
  const imported = readImports(editor.reader(SECTION.IMPORT)).filter((i) => i.kind === KIND.GLOBAL).length;
  const r = editor.reader(SECTION.GLOBAL);
  const count = r.leb();
  let unreadable = 0;
  for (let i = 0; i < count; i++) {
    const type = r.bytes[r.at]!;
    r.skipType();
    const mutable = r.u8() !== 0;
    for (let op = r.u8(); op !== END; op = r.u8()) skipImmediates(r, op);
    if (!mutable) continue;
    if (type === V128) unreadable++; // JavaScript has no such value
    else editor.append(SECTION.EXPORT, exportItem(`${GLOBAL_EXPORT}${i}`, KIND.GLOBAL, imported + i));
  }
  return unreadable;
}
