/** From the imports of a module to the functions of its personalities. @module */
import type { Machine } from "../abi/machine.ts";
import { connectShim } from "../abi/shim.ts";
import {
  functionsOf,
  shimOf,
  shimOfUsed,
  wasiFunctions,
  wasiImports,
  type WasiModuleName,
} from "../abi/wasi_p1/interface.ts";
import type { WasiProcess } from "../abi/wasi_p1/process.ts";
import { WASIX_MODULE } from "../abi/wasix/module.ts";
import type { GuestModule } from "./guest_module.ts";

const PREVIEW1_MODULES: readonly string[] = [
  "wasi_snapshot_preview1",
  "wasi_unstable",
] satisfies WasiModuleName[];

/** Names of the functions that a module of this name offers; undefined for an unknown module. */
function offered(guest: GuestModule, module: string): readonly { readonly name: string }[] | undefined {
  if (module === WASIX_MODULE) return guest.wasix?.wasixFunctions(guest.signatures);
  if (!PREVIEW1_MODULES.includes(module)) return undefined;
  const own = functionsOf(module as WasiModuleName);
  return module === "wasi_snapshot_preview1" && guest.wasmedge !== null
    ? [...own, ...guest.wasmedge.wasmedgeFunctions(guest.preview1)]
    : own;
}

/** Why a module cannot be linked: names the first import that nobody provides; undefined when all is well. */
export function unknownImport(guest: GuestModule): string | undefined {
  for (const { module, name, kind } of guest.imports) {
    if (kind === "memory") {
      if (guest.wasix === null) return `it imports its memory, "${module}.${name}": WASIX programs do`;
      continue;
    }
    const functions = offered(guest, module);
    if (functions === undefined) {
      return `it imports the ${kind} "${name}" from the unknown module "${module}"`;
    }
    if (kind !== "function" || !functions.some((f) => f.name === name)) {
      return `it imports the unknown ${kind} "${module}.${name}"`;
    }
  }
}

/** The functions of preview1, with those of WasmEdge's extension where the guest has them. */
function preview1Imports(
  guest: GuestModule,
  process: WasiProcess,
  name: WasiModuleName,
  used: ReadonlySet<string>,
): WebAssembly.ModuleImports {
  const { wasmedge } = guest;
  const extension = name === "wasi_snapshot_preview1"
    ? wasmedge?.wasmedgeFunctions(guest.preview1) ?? []
    : [];
  if (wasmedge === null || extension.length === 0) return wasiImports(process, name, used);
  const names = new Set(extension.map((f) => f.name));
  const functions = [...functionsOf(name).filter((f) => !names.has(f.name)), ...extension];
  const preview1 = wasiFunctions(process, name);
  const sockets = wasmedge.wasmedgeSet(process, extension, preview1);
  // Functions of one name differ in their parameters: they are part of what tells shims apart.
  const key = `wasmedge ${extension.map((f) => f.params.length).join(" ")}`;
  return connectShim(
    shimOfUsed(used) ?? shimOf(key, functions, used),
    { ...preview1.plain, ...sockets.plain },
    { ...preview1.blocking, ...sockets.blocking },
    process,
  );
}

/** Names of the functions that a guest imports, by module: the same sets for each of its processes. */
const usedBy: WeakMap<GuestModule, ReadonlyMap<string, ReadonlySet<string>>> = new WeakMap();

function usedNames(guest: GuestModule): ReadonlyMap<string, ReadonlySet<string>> {
  const known = usedBy.get(guest);
  if (known !== undefined) return known;
  const used = new Map<string, Set<string>>();
  for (const { module, name, kind } of guest.imports) {
    let names = used.get(module);
    if (names === undefined) used.set(module, names = new Set());
    if (kind === "function") names.add(name);
  }
  usedBy.set(guest, used);
  return used;
}

/** What an instance for `process` is given. */
export function linkImports(
  guest: GuestModule,
  process: WasiProcess,
  machine: Machine,
  memory: WebAssembly.Memory | undefined,
): WebAssembly.Imports {
  const imports: Record<string, WebAssembly.ModuleImports> = {};
  for (const [from, used] of usedNames(guest)) {
    const functions = used.size === 0
      ? {}
      : from === WASIX_MODULE
      ? guest.wasix!.wasixImports(process, machine, guest.signatures, used)
      : preview1Imports(guest, process, from as WasiModuleName, used);
    imports[from] = { ...functions };
  }
  for (const { module, name, kind } of guest.imports) {
    if (kind === "memory") imports[module]![name] = memory!;
  }
  return imports;
}
