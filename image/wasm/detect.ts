/** Which images hold WebAssembly: by platform, by format, or by what their annotations say. @module */
import type { Image } from "../source.ts";
import { isModuleLayer, isWasmArtifact } from "./artifact.ts";

/**
 * How an image says that it is WebAssembly. `platform`: it is for a wasm platform. `artifact`: it is a module, not an image. `compat` and
 * `compat-smart`: it is for another platform, and an annotation names the handler; the smart one looks at the command first.
 */
export type WasmKind = "platform" | "artifact" | "compat" | "compat-smart";

const HANDLERS: Readonly<Record<string, WasmKind>> = { wasm: "compat", "wasm-smart": "compat-smart" };
const VARIANTS: Readonly<Record<string, WasmKind>> = { compat: "compat", "compat-smart": "compat-smart" };

/** What an annotation of the manifest, or else a label of the configuration, says. */
function stated(
  image: Image,
  name: string,
  values: Readonly<Record<string, WasmKind>>,
): WasmKind | undefined {
  const { manifest, config } = image;
  for (const map of [manifest.annotations, config.config.Labels]) {
    const value = Object.hasOwn(map, name) ? map[name]! : undefined;
    if (value !== undefined) return Object.hasOwn(values, value) ? values[value] : undefined;
  }
  return undefined;
}

/** How an image says that it is WebAssembly; undefined if it does not. */
export function wasmKind(image: Image): WasmKind | undefined {
  const { manifest, config } = image;
  if (isWasmArtifact(manifest)) return "artifact";
  const isWasm = /^wasm(32|64)?$/.test(config.architecture) ||
    manifest.layers.some((layer) => isModuleLayer(layer.mediaType));
  if (isWasm) return "platform";
  return stated(image, "run.oci.handler", HANDLERS) ?? stated(image, "module.wasm.image/variant", VARIANTS);
}

/** True if a command of an image is to be run as WebAssembly. */
export function runsAsWasm(image: Image, command: string | undefined): boolean {
  const kind = wasmKind(image);
  if (kind !== "compat-smart") return kind !== undefined;
  return command !== undefined && /\.wa(sm|t)$/.test(command.replace(/#[^#/]*$/, ""));
}

/** Why an image that is WebAssembly cannot be run; undefined if it can. */
export function wasmProblem(image: Image): string | undefined {
  const { os, architecture } = image.config;
  if (os === "wasip2" || os === "wasip3") {
    return `it is for ${os}/${architecture}: WebAssembly components are not supported, only modules for WASI 0.1 (wasip1)`;
  }
  return architecture === "wasm64" ? "it is for wasm64: memories of 64 bits are not supported" : undefined;
}
