/**
 * Writes images into an OCI layout directory. Every file appears complete, by rename; index.json comes last and keeps the other images;
 * two writers take turns by a lock that dies with its holder.
 * @module
 */
import { Cursor, parseJson } from "../../json/mod.ts";
import type { Descriptor } from "../descriptor.ts";
import { parseDigest } from "../digest.ts";
import { OCI_INDEX } from "../media_types.ts";
import { type BuiltImage, descriptorJson } from "../wasm/module_image.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeFile(temporary, bytes, { createNew: true });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw new Error(`writing ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function exists(path: string, size: number): Promise<boolean> {
  const info = await Deno.stat(path).catch(() => null);
  return info?.size === size;
}

/** Entries of index.json that stay: all but those of the same name. */
async function otherManifests(path: string, tag: string): Promise<unknown[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const manifests = new Cursor(parseJson(text, path), path).field("manifests").list((item) => item);
  return manifests
    .filter((item) => item.field("annotations").stringMap()[REF_NAME] !== tag)
    .map((item) => item.value);
}

/** Adds an image to the layout in `directory` (made if needed) under the name `tag`, in place of one that had it. */
export async function writeLayout(directory: string, image: BuiltImage, tag: string): Promise<void> {
  await Deno.mkdir(`${directory}/blobs/sha256`, { recursive: true });
  for (const { descriptor, bytes } of [...image.blobs, image.manifest]) {
    const path = `${directory}/blobs/sha256/${parseDigest(descriptor.digest)!.encoded}`;
    if (!await exists(path, bytes.length)) await writeWhole(path, bytes);
  }
  const lock = await Deno.open(`${directory}/.umiak.lock`, { create: true, write: true });
  try {
    await lock.lock(true);
    const encoder = new TextEncoder();
    await writeWhole(`${directory}/oci-layout`, encoder.encode('{"imageLayoutVersion":"1.0.0"}'));
    const own: Descriptor = { ...image.manifest.descriptor, annotations: { [REF_NAME]: tag } };
    const manifests = [...await otherManifests(`${directory}/index.json`, tag), descriptorJson(own)];
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    await writeWhole(`${directory}/index.json`, encoder.encode(JSON.stringify(index)));
  } finally {
    lock.close();
  }
}
