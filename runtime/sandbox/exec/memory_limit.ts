/**
 * A memory limit for a guest, by rewriting the module before it is compiled: every memory's maximum becomes at most the
 * limit, so that memory.grow answers -1 and the guest's malloc ENOMEM. Costs nothing at run time.
 * @module
 */
import { MemoryLimitError } from "./memory_limit_error.ts";
import type { ModuleEditor } from "./wasm/editor.ts";
import type { WasmReader } from "./wasm/reader.ts";
import { KIND, type MemoryLimits, readImports, readMemory, SECTION } from "./wasm/sections.ts";
import { WasmWriter } from "./wasm/writer.ts";

const PAGE = 65536;
const HAS_MAX = 1, SHARED = 2, IS_64 = 4;

/** Writes the limited type of a memory. */
function writeLimited(
  w: WasmWriter,
  { min, max = Infinity, shared, is64 }: MemoryLimits,
  limit: number,
): void {
  const maxPages = Math.floor(limit / PAGE);
  if (min > maxPages) {
    throw new MemoryLimitError(
      `the module starts with ${min * PAGE} bytes of memory, the limit is ${limit}`,
    );
  }
  w.u8(HAS_MAX | (shared ? SHARED : 0) | (is64 ? IS_64 : 0));
  w.leb(min);
  w.leb(Math.min(max, maxPages));
}

function limitMemories(r: WasmReader, limit: number): WasmWriter {
  const w = new WasmWriter();
  const count = r.leb();
  w.leb(count);
  for (let i = 0; i < count; i++) writeLimited(w, readMemory(r), limit);
  return w;
}

/** The import section with limited memories. */
function limitImports(r: WasmReader, limit: number): WasmWriter {
  const w = new WasmWriter(r.end - r.at + 64);
  const { at: start } = r;
  let copied = start;
  for (const { kind, memory, at, end } of readImports(r)) {
    if (kind !== KIND.MEMORY) continue;
    w.copy(r.bytes, copied, at + 1);
    writeLimited(w, memory!, limit);
    copied = end;
  }
  w.copy(r.bytes, copied, r.end);
  return w;
}

/** Makes sure that no memory can grow beyond `limit` bytes. Throws MemoryLimitError when one starts above it. */
export function limitMemory(editor: ModuleEditor, limit: number): void {
  for (const [id, limited] of [[SECTION.MEMORY, limitMemories], [SECTION.IMPORT, limitImports]] as const) {
    if (editor.section(id) !== undefined) editor.replace(id, limited(editor.reader(id), limit));
  }
}
