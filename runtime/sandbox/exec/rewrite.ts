/** Everything that is changed in a module before it is compiled. Loaded only for modules that need a change. @module */
import { instrument } from "./interrupt/instrument.ts";
import { limitMemory } from "./memory_limit.ts";
import { deferStart, exportGlobals } from "./wasm/edits.ts";
import { ModuleEditor } from "./wasm/editor.ts";

/** What is wanted of a module. */
export interface Wanted {
  /** Most bytes of memory; 0: no limit. */
  readonly memoryLimit: number;
  /** Checks in loops and calls. */
  readonly interruptible: boolean;
  /** Globals that can be copied (fork). */
  readonly copyable: boolean;
}

/** A changed module. */
export interface Rewritten {
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** It has globals that cannot be copied. */
  readonly hidesGlobals: boolean;
}

/** Changes a valid module; a start function becomes an export in any case. Throws MemoryLimitError and WasmFormatError. */
export function rewrite(
  bytes: Uint8Array<ArrayBuffer>,
  { memoryLimit, interruptible, copyable }: Wanted,
): Rewritten {
  const editor = new ModuleEditor(bytes);
  deferStart(editor);
  if (memoryLimit > 0) limitMemory(editor, memoryLimit);
  const hidesGlobals = copyable && exportGlobals(editor) > 0;
  if (interruptible) instrument(editor);
  return { bytes: editor.finish(), hidesGlobals };
}
