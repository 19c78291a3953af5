import assert from "node:assert/strict";
import { deferStart, exportGlobals, GLOBAL_EXPORT, START_EXPORT } from "./edits.ts";
import { exportItem, ModuleEditor } from "./editor.ts";
import { WasmFormatError } from "./reader.ts";
import { KIND, SECTION, sectionsOf } from "./sections.ts";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A custom section of `size` bytes after its name. */
const custom = (name: string, size: number): number[] => {
  const content = [name.length, ...new TextEncoder().encode(name), ...new Array<number>(size).fill(8)];
  return [0, content.length & 0x7f | 0x80, content.length >>> 7, ...content];
};
const TYPES = [1, 4, 1, 0x60, 0, 0], FUNCTIONS = [3, 2, 1, 0], CODE = [10, 4, 1, 2, 0, 0x0b];
const editorOf = (...parts: number[][]): ModuleEditor =>
  new ModuleEditor(Uint8Array.from([...HEADER, ...parts.flat()]));
const exportsOf = (editor: ModuleEditor): string[] =>
  WebAssembly.Module.exports(new WebAssembly.Module(editor.finish())).map((e) => e.name);

Deno.test("deferStart() makes an export of the start function, behind whatever custom sections", () => {
  const editor = editorOf(TYPES, FUNCTIONS, custom("a", 200), [8, 1, 0], custom("b", 300), CODE);
  assert.equal(deferStart(editor), true);
  assert.deepEqual(exportsOf(editor), [START_EXPORT]);
  assert.equal(deferStart(editorOf(custom("a", 200))), false);
});

Deno.test("exportGlobals() exports those that change, and counts those that cannot be read", () => {
  const globals = [0x7f, 1, 0x41, 5, 0x0b, 0x7e, 0, 0x42, 1, 0x0b, 0x7d, 1, 0x43, 0, 0, 0, 0, 0x0b];
  const v128 = [0x7b, 1, 0xfd, 12, ...new Array<number>(16).fill(0x0b), 0x0b];
  const content = [4, ...globals, ...v128];
  const editor = editorOf([6, content.length, ...content]);
  assert.equal(exportGlobals(editor), 1);
  assert.deepEqual(exportsOf(editor), [`${GLOBAL_EXPORT}0`, `${GLOBAL_EXPORT}2`]);
});

Deno.test("append() makes a section in its place where there is none", () => {
  const editor = editorOf(custom("first", 1), TYPES, FUNCTIONS, CODE, custom("last", 1));
  editor.append(SECTION.MEMORY, [0, 1]);
  editor.append(SECTION.EXPORT, exportItem("m", KIND.MEMORY, 0), exportItem("f", KIND.FUNCTION, 0));
  const module = editor.finish();
  assert.deepEqual(sectionsOf(module).map((s) => s.id), [0, 1, 3, 5, 7, 10, 0]);
  assert.deepEqual(exportsOf(editor), ["m", "f"]);
});

Deno.test("dropCustom() leaves out what is named", () => {
  const editor = editorOf(custom("keep", 1), custom("drop", 1));
  editor.dropCustom((name) => name === "drop");
  assert.equal(sectionsOf(editor.finish()).length, 1);
});

Deno.test("a module that is cut off is an error", () => {
  for (const parts of [[[1]], [[1, 0x80]], [[1, 5, 1, 0x60]], [[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]]]) {
    assert.throws(() => editorOf(...parts), WasmFormatError);
  }
});
