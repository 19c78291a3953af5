/** Modules before they run: rewritten for what they need, compiled, and what a host has to know of them. @module */
import { type Signatures, WASIX_MODULE } from "../abi/wasix/module.ts";
import { WasmFormatError, WasmReader } from "./wasm/reader.ts";
import {
  type FunctionType,
  KIND,
  type MemoryLimits,
  readExportNames,
  readImports,
  readTypes,
  SECTION,
  sectionsOf,
} from "./wasm/sections.ts";

/** The personality of WASIX, which only its programs load. */
export type Wasix = typeof import("../abi/wasix/interface.ts");
/** WasmEdge's sockets, which only programs with sockets load. */
export type WasmEdge = typeof import("../abi/wasmedge/interface.ts");

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
  /** WASIX, if it imports it. */
  readonly wasix: Wasix | null;
  /** WasmEdge's extension, if it may import that. */
  readonly wasmedge: WasmEdge | null;
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

/** What only the binary format tells. */
interface Facts {
  readonly hasStart: boolean;
  readonly asyncify: boolean;
  readonly importedMemory: MemoryLimits | null;
  /** Type of each import that is a function. */
  readonly types: readonly (FunctionType | null)[];
}

function factsOf(bytes: Uint8Array): Facts {
  const sections = new Map(sectionsOf(bytes).filter((s) => s.id !== SECTION.CUSTOM).map((s) => [s.id, s]));
  const reader = (id: number): WasmReader => {
    const section = sections.get(id);
    return section === undefined
      ? new WasmReader(Uint8Array.of(0), 0)
      : new WasmReader(bytes, section.body, section.end);
  };
  const imports = readImports(reader(SECTION.IMPORT));
  const types = readTypes(reader(SECTION.TYPE));
  const names = readExportNames(reader(SECTION.EXPORT));
  return {
    hasStart: sections.has(SECTION.START),
    asyncify: ASYNCIFY.every((name) => names.has(name)),
    importedMemory: imports.find((i) => i.kind === KIND.MEMORY)?.memory ?? null,
    types: imports.map((i) => types[i.type] ?? null),
  };
}

/** The facts, and the bytes to compile. */
async function edited(
  bytes: Uint8Array<ArrayBuffer>,
  options: ModuleOptions,
): Promise<[Facts, Uint8Array<ArrayBuffer>, hidesGlobals: boolean]> {
  try {
    const facts = factsOf(bytes);
    const wanted = { ...options, copyable: facts.asyncify };
    if (!facts.hasStart && !facts.asyncify && options.memoryLimit === 0 && !options.interruptible) {
      return [facts, bytes, false];
    }
    const { rewrite } = await import("./rewrite.ts");
    const { bytes: rewritten, hidesGlobals } = rewrite(bytes, wanted);
    return [facts, rewritten, hidesGlobals];
  } catch (error) {
    // What is no module at all is told by the compiler, who says it best.
    if (error instanceof WasmFormatError) await WebAssembly.compile(bytes);
    throw error;
  }
}

/** Prepares a module. Rejects with the compiler's error, a MemoryLimitError, or a WasmFormatError for what cannot be made interruptible. */
export async function prepareModule(
  bytes: Uint8Array<ArrayBuffer>,
  options: ModuleOptions,
): Promise<GuestModule> {
  const [facts, rewritten, hidesGlobals] = await edited(bytes, options);
  const module = await WebAssembly.compile(rewritten);
  const imports = WebAssembly.Module.imports(module);
  const typesOf = (from: string): Signatures =>
    new Map(imports.flatMap((i, n) => {
      const type = facts.types[n];
      return i.module === from && type ? [[i.name, type]] : [];
    }));
  const preview1 = typesOf("wasi_snapshot_preview1");
  const usesWasix = imports.some((i) => i.module === WASIX_MODULE);
  const usesSockets = [...preview1.keys()].some((name) => name.startsWith("sock_"));
  return {
    module,
    imports,
    exports: new Map(WebAssembly.Module.exports(module).map((e) => [e.name, e.kind])),
    signatures: typesOf(WASIX_MODULE),
    preview1,
    wasix: usesWasix ? await import("../abi/wasix/interface.ts") : null,
    wasmedge: usesSockets ? await import("../abi/wasmedge/interface.ts") : null,
    importedMemory: facts.importedMemory,
    asyncify: facts.asyncify,
    hidesGlobals,
  };
}
