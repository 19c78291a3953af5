/** Writes an image that has been made in memory into an OCI layout directory. @module */
import { streamOf } from "../read_content.ts";
import { isRefName } from "../select.ts";
import type { BuiltImage } from "../wasm/module_image.ts";
import { LayoutSink } from "./layout_sink.ts";

/** Adds an image to the layout in `directory` (made if needed) under the name `tag`, in place of one that had it. */
export async function writeLayout(directory: string, image: BuiltImage, tag: string): Promise<void> {
  if (!isRefName(tag)) throw new Error(`writing ${directory}: ${JSON.stringify(tag)} cannot be a tag`);
  const sink = new LayoutSink(directory);
  for (const { descriptor, bytes } of image.blobs) await sink.putBlob(descriptor, () => streamOf(bytes));
  await sink.putManifest(image.manifest.descriptor, image.manifest.bytes, tag);
  await sink.commit();
}
