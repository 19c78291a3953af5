/**
 * Writes images into an OCI layout directory. Every file appears complete, by rename; index.json comes last and keeps the other images;
 * two writers take turns by a lock on the file oci-layout, which dies with its holder.
 * @module
 */
import { Cursor, parseJson } from "../../json/mod.ts";
import type { Descriptor } from "../descriptor.ts";
import { parseDigest, sha256 } from "../digest.ts";
import { decodeIndex, MAX_MANIFEST } from "../manifest.ts";
import { OCI_INDEX } from "../media_types.ts";
import { type BuiltImage, descriptorJson } from "../wasm/module_image.ts";

const REF_NAME = "org.opencontainers.image.ref.name";
const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';
/** The grammar of reference names (annotations.md). */
const TAG = /^[A-Za-z0-9]+(?:(?:[-._:@+/]|--)[A-Za-z0-9]+)*$/;

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    const file = await Deno.open(temporary, { write: true, createNew: true });
    try {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.syncData();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw new Error(`writing ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** True if the blob is there already, and whole. */
async function present(path: string, { digest, size }: Descriptor): Promise<boolean> {
  const info = await Deno.stat(path).catch(() => null);
  return info?.size === size && sha256(await Deno.readFile(path)) === digest;
}

/** The index as it is, unknown fields included, or an empty one. Throws if it is not an index: it may be anybody's file. */
async function readIndex(path: string): Promise<Record<string, unknown>> {
  let bytes: Uint8Array;
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_MANIFEST) throw new Error(`${size} bytes, more than the ${MAX_MANIFEST} that are read`);
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
    }
    throw new Error(`reading ${path}: ${(error as Error).message}`, { cause: error });
  }
  decodeIndex(bytes, path);
  return new Cursor(parseJson(bytes, path), path).object();
}

/** Marks the directory as a layout, if it is not one yet. */
async function checkLayoutFile(file: Deno.FsFile, path: string): Promise<void> {
  const bytes = new Uint8Array(1024);
  const n = await file.read(bytes);
  if (n === null) {
    await file.write(new TextEncoder().encode(LAYOUT_FILE));
    return;
  }
  const version = new Cursor(parseJson(bytes.subarray(0, n), path), path).field("imageLayoutVersion");
  if (version.string() !== "1.0.0") {
    throw version.error(`version ${version.string()} is not supported, only 1.0.0`);
  }
}

/** Adds an image to the layout in `directory` (made if needed) under the name `tag`, in place of one that had it. */
export async function writeLayout(directory: string, image: BuiltImage, tag: string): Promise<void> {
  if (!TAG.test(tag)) throw new Error(`writing ${directory}: ${JSON.stringify(tag)} cannot be a tag`);
  await makeDirectory(`${directory}/blobs/sha256`);
  for (const { descriptor, bytes } of [...image.blobs, image.manifest]) {
    const path = `${directory}/blobs/sha256/${parseDigest(descriptor.digest)!.encoded}`;
    if (!await present(path, descriptor)) await writeWhole(path, bytes);
  }
  const layoutFile = `${directory}/oci-layout`;
  const lock = await Deno.open(layoutFile, { create: true, read: true, write: true });
  try {
    await lock.lock(true);
    await checkLayoutFile(lock, layoutFile);
    const path = `${directory}/index.json`;
    const index = await readIndex(path);
    const others = new Cursor(index, path).field("manifests").items()
      .filter((item) => item.field("annotations").stringMap()[REF_NAME] !== tag);
    const { descriptor } = image.manifest;
    const own: Descriptor = { ...descriptor, annotations: { ...descriptor.annotations, [REF_NAME]: tag } };
    const manifests = [...others.map((item) => item.value), descriptorJson(own)];
    await writeWhole(path, new TextEncoder().encode(JSON.stringify({ ...index, manifests })));
  } finally {
    lock.close();
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw new Error(`making ${path}: ${(error as Error).message}`, { cause: error });
  }
}
