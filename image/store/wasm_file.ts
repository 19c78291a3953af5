/** A module on the host as an image of one file: `umiak run FILE.wasm`. @module */
import type { ImageConfig } from "../config.ts";
import { moduleProblem } from "../wasm/module_magic.ts";
import { singleFileIndex, singleModuleConfig } from "../wasm/single_module.ts";
import { HostBlob } from "./host_blob.ts";
import { baseName } from "./host_files.ts";
import type { OpenLayer } from "./layer_cache.ts";

/** An image of one module. */
export interface WasmFileImage {
  /** What to call it in messages. */
  readonly name: string;
  /** The module is the entrypoint. */
  readonly config: ImageConfig;
  /** The only layer; whoever mounts it closes its blob. */
  readonly layer: OpenLayer;
}

/** The first bytes of a file; undefined if it is none. Throws if it cannot be read. */
async function headOf(path: string): Promise<Uint8Array | undefined> {
  const info = await Deno.stat(path).catch(() => null);
  if (!info?.isFile) return undefined;
  const file = await Deno.open(path);
  try {
    const head = new Uint8Array(8);
    return head.subarray(0, await file.read(head) ?? 0);
  } catch (error) {
    throw new Error(`reading ${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    file.close();
  }
}

/** True if a path is to be run as a module: it is a file that begins as one, or is called one. */
export async function isWasmFile(path: string): Promise<boolean> {
  const head = await headOf(path);
  return head !== undefined && (/\.(wasm|wat)$/i.test(path) || moduleProblem(head) === undefined);
}

/** The image of one file. The file is read in place, when the container reads it. Throws if it is not a module. */
export async function wasmFileImage(path: string): Promise<WasmFileImage> {
  const head = await headOf(path);
  if (head === undefined) throw new Error(`module ${path}: no such file`);
  const problem = moduleProblem(head);
  if (problem !== undefined) throw new Error(`module ${path}: ${problem}`);
  const mtime = (await Deno.stat(path)).mtime?.getTime() ?? 0;
  const blob = new HostBlob(path);
  const name = `/${baseName(path)}`;
  return {
    name: path,
    config: singleModuleConfig(name),
    layer: { index: singleFileIndex(name, blob.size, mtime), blob },
  };
}
