/**
 * The index of a layout directory, and how it is changed: writers take turns by a lock on the file oci-layout, which dies with its
 * holder, and the new index takes the old one's place by rename.
 * @module
 */
import { Cursor, parseJson } from "../../json/mod.ts";
import { decodeDescriptor, type Descriptor } from "../descriptor.ts";
import { decodeIndex, MAX_MANIFEST } from "../manifest.ts";
import { OCI_INDEX } from "../media_types.ts";
import { MissingContentError } from "../content.ts";
import { REF_NAME, refName } from "../select.ts";
import { descriptorJson } from "../wasm/module_image.ts";
import { writeAtomically } from "./atomic_file.ts";
import { lockFile } from "./file_lock.ts";

const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';
/** What container tools call an image by in their own annotation; of an image that is renamed it would be wrong. */
const OTHER_NAMES: readonly string[] = ["io.containerd.image.name"];

/** An entry of index.json: what it means, and how it is written, fields that mean nothing here included. */
export interface IndexEntry {
  /** The descriptor. */
  readonly descriptor: Descriptor;
  /** The object in the file. */
  readonly json: unknown;
}

/** An entry for a manifest, under a name or without one. */
export function indexEntry(descriptor: Descriptor, name: string | undefined): IndexEntry {
  const annotations = Object.fromEntries(
    Object.entries(descriptor.annotations).filter(([key]) => key !== REF_NAME && !OTHER_NAMES.includes(key)),
  );
  if (name !== undefined) annotations[REF_NAME] = name;
  const own: Descriptor = { ...descriptor, annotations };
  return { descriptor: own, json: descriptorJson(own) };
}

/** The index as it is, unknown fields included, or an empty one. Throws if it is not an index: it may be anybody's file. */
async function readIndex(path: string): Promise<{ all: Record<string, unknown>; entries: IndexEntry[] }> {
  let bytes: Uint8Array;
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_MANIFEST) throw new Error(`${size} bytes, more than the ${MAX_MANIFEST} that are read`);
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { all: { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }, entries: [] };
    }
    throw new Error(`reading ${path}: ${(error as Error).message}`, { cause: error });
  }
  decodeIndex(bytes, path);
  const index = new Cursor(parseJson(bytes, path), path);
  const entries = index.field("manifests").items()
    .map((item): IndexEntry => ({ descriptor: decodeDescriptor(item), json: item.value }));
  return { all: index.object(), entries };
}

/** Marks the directory as a layout, if it is not one yet. */
async function checkLayoutFile(file: Deno.FsFile, path: string): Promise<void> {
  const bytes = new Uint8Array(1024);
  const n = await file.read(bytes);
  if (n === null) {
    await file.write(new TextEncoder().encode(LAYOUT_FILE));
    await file.syncData();
    return;
  }
  const version = new Cursor(parseJson(bytes.subarray(0, n), path), path).field("imageLayoutVersion");
  if (version.string() !== "1.0.0") {
    throw version.error(`version ${version.string()} is not supported, only 1.0.0`);
  }
}

/**
 * Changes the entries of a layout's index.json, which is made if there is none; entries that `change` gives back keep every field. Nothing
 * is written when it returns undefined.
 */
export async function changeIndex(
  directory: string,
  change: (entries: readonly IndexEntry[]) => readonly IndexEntry[] | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const layoutFile = `${directory}/oci-layout`, path = `${directory}/index.json`;
  const lock = await openLayoutFile(layoutFile);
  try {
    await lockFile(lock, true, signal);
    await checkLayoutFile(lock, layoutFile);
    const { all, entries } = await readIndex(path);
    const changed = change(entries);
    if (changed === undefined) return;
    const text = JSON.stringify({ ...all, manifests: changed.map((entry) => entry.json) });
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > MAX_MANIFEST) {
      throw new Error(`writing ${path}: it would have ${bytes.length} bytes, more than ${MAX_MANIFEST}`);
    }
    try {
      await writeAtomically(path, [bytes]);
    } catch (error) {
      throw new Error(`writing ${path}: ${(error as Error).message}`, { cause: error });
    }
  } finally {
    lock.close();
  }
}

/** Takes a name out of a layout's index; what it meant stays among the blobs. Throws a MissingContentError if there is no such name. */
export async function removeRefName(directory: string, name: string, signal?: AbortSignal): Promise<void> {
  const path = `${directory}/index.json`;
  const isThere = await Deno.stat(path).then((info) => info.isFile, () => false);
  if (!isThere) {
    throw new MissingContentError(`removing ${name} from ${directory}: it is no layout, there is no ${path}`);
  }
  await changeIndex(directory, (entries) => {
    const kept = entries.filter(({ descriptor }) => refName(descriptor) !== name);
    if (kept.length < entries.length) return kept;
    throw new MissingContentError(`removing ${name} from ${directory}: it has no image of that name`);
  }, signal);
}

/** Opens the marker file; a new one has its content before it has its name, for readers do not lock. */
async function openLayoutFile(path: string): Promise<Deno.FsFile> {
  const options = { read: true, write: true };
  try {
    return await Deno.open(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new Error(`opening ${path}: ${(error as Error).message}`, { cause: error });
    }
  }
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(temporary, LAYOUT_FILE, { createNew: true });
    await Deno.link(temporary, path);
  } catch (error) {
    // Somebody else was faster; or the file system has no links, and the file begins its life empty.
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`making ${path}: ${(error as Error).message}`, { cause: error });
    }
  } finally {
    await Deno.remove(temporary).catch(() => {}); // it was never made
  }
  return await Deno.open(path, { ...options, create: true });
}
