/** Modules before they run: rewritten for what they need, compiled, and what a host has to know of them. @module */
import { type Signatures, WASIX_MODULE } from "../abi/wasix/interface.ts";
import { instrument } from "./interrupt/instrument.ts";
import { limitMemory } from "./memory_limit.ts";
import { deferStart, exportGlobals } from "./wasm/edits.ts";
import { ModuleEditor } from "./wasm/editor.ts";
import { WasmFormatError } from "./wasm/reader.ts";
import {
  type FunctionType,
  KIND,
  type MemoryLimits,
  readExportNames,
  readImports,
  readTypes,
  SECTION,
} from "./wasm/sections.ts";

/** What is asked of every module. */
export interface ModuleOptions {
  /** Most bytes of memory; 0: no limit. */
  readonly memoryLimit: number;
  /** Can be paused, limited and killed while it computes. */
  readonly interruptible: boolean;
}

/** A module that is ready to be instantiated, any number of times. */
export interface GuestModule {
  /** Compiled. */
  readonly module: WebAssembly.Module;
  /** Its imports. */
  readonly imports: readonly WebAssembly.ModuleImportDescriptor[];
  /** Names of its exports, by kind. */
  readonly exports: ReadonlyMap<string, WebAssembly.ImportExportKind>;
  /** Types of the imported functions of WASIX, by name: they are not the same in all its generations. */
  readonly signatures: Signatures;
  /** Types of the imported functions of wasi_snapshot_preview1, by name: WasmEdge's are told by them. */
  readonly preview1: Signatures;
  /** Limits of the memory it imports. */
  readonly importedMemory: MemoryLimits | null;
  /** It carries binaryen's asyncify: its stack can be saved, and entered again. */
  readonly asyncify: boolean;
  /** It has globals that another instance cannot be given: v128. */
  readonly hidesGlobals: boolean;
}

const ASYNCIFY = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind"].map((name) =>
  `asyncify_${name}`
);

/** A module and its rewritten bytes. */
interface Edited {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly types: readonly (FunctionType | null)[];
  readonly importedMemory: MemoryLimits | null;
  readonly asyncify: boolean;
  readonly hidesGlobals: boolean;
}

function edit(bytes: Uint8Array<ArrayBuffer>, { memoryLimit, interruptible }: ModuleOptions): Edited {
  const editor = new ModuleEditor(bytes);
  const imports = readImports(editor.reader(SECTION.IMPORT));
  const importedMemory = imports.find((i) => i.kind === KIND.MEMORY)?.memory ?? null;
  const types = readTypes(editor.reader(SECTION.TYPE));
  const names = readExportNames(editor.reader(SECTION.EXPORT));
  const asyncify = ASYNCIFY.every((name) => names.has(name));
  let changed = deferStart(editor);
  let hidesGlobals = false;
  if (memoryLimit > 0) {
    limitMemory(editor, memoryLimit);
    changed = true;
  }
  if (asyncify) {
    hidesGlobals = exportGlobals(editor) > 0;
    changed = true;
  }
  if (interruptible) {
    instrument(editor);
    changed = true;
  }
  const typeOf = imports.map((i) => types[i.type] ?? null);
  return { bytes: changed ? editor.finish() : bytes, types: typeOf, importedMemory, asyncify, hidesGlobals };
}

/** Prepares a module. Rejects with the compiler's error, a MemoryLimitError, or a WasmFormatError for what cannot be made interruptible. */
export async function prepareModule(
  bytes: Uint8Array<ArrayBuffer>,
  options: ModuleOptions,
): Promise<GuestModule> {
  let edited: Edited;
  try {
    edited = edit(bytes, options);
  } catch (error) {
    // What is no module at all is told by the compiler, who says it best.
    if (error instanceof WasmFormatError) await WebAssembly.compile(bytes);
    throw error;
  }
  const module = await WebAssembly.compile(edited.bytes);
  const imports = WebAssembly.Module.imports(module);
  const typesFrom = (from: string): Signatures =>
    new Map(imports.flatMap((i, n) => {
      const type = edited.types[n];
      return i.module === from && type ? [[i.name, type]] : [];
    }));
  return {
    module,
    imports,
    signatures: typesFrom(WASIX_MODULE),
    preview1: typesFrom("wasi_snapshot_preview1"),
    exports: new Map(WebAssembly.Module.exports(module).map((e) => [e.name, e.kind])),
    importedMemory: edited.importedMemory,
    asyncify: edited.asyncify,
    hidesGlobals: edited.hidesGlobals,
  };
}
