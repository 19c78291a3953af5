/** A layer that is a module itself as a tree of one file. @module */
import { type LayerIndex, MemoryBlob } from "../../fs/layerfs/mod.ts";
import type { ImageConfig } from "../config.ts";
import type { ImageLayer } from "../source.ts";
import { VerifyError } from "../verify.ts";
import { modulePath } from "./artifact.ts";
import { singleFileIndex } from "./single_module.ts";
import { moduleProblem } from "./module_magic.ts";

/** Largest module that is taken. */
const MAX_MODULE = 1 << 30;

/** The tree of a module, at the path that the configuration's command names; the module is in memory. Throws if it is none. */
export async function moduleTree(
  config: ImageConfig,
  layer: ImageLayer,
  what: string,
): Promise<{ index: LayerIndex; blob: MemoryBlob }> {
  const { digest, size } = layer.descriptor;
  if (layer.diffId !== digest) {
    throw new VerifyError(`${what}: a module whose diff_id is ${layer.diffId}, not its digest`);
  }
  if (size > MAX_MODULE) throw new Error(`${what}: a module of ${size} bytes, more than ${MAX_MODULE}`);
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of layer.open()) {
    bytes.set(chunk, at); // the stream has no more than its descriptor states
    at += chunk.length;
  }
  const problem = moduleProblem(bytes.subarray(0, 8));
  if (problem !== undefined) throw new Error(`${what}: ${problem}`);
  const created = Date.parse(config.created ?? "");
  const path = modulePath(config.config);
  return {
    index: singleFileIndex(path, size, Number.isNaN(created) ? 0 : created),
    blob: new MemoryBlob(bytes),
  };
}
