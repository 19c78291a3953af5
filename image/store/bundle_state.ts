/**
 * What umiak remembers of a bundle it has unpacked: `umiak.json` says from which image and how, `umiak.tree` lists every file as it was.
 * Both are written before the bundle counts as complete, and appear by rename.
 * @module
 */
import { Cursor, parseJson } from "../../json/mod.ts";
import { parseDigest } from "../digest.ts";
import { IdMap, type IdMaps, parseIdRange } from "./tree/id_map.ts";
import { decodeTree, encodeTree, type TreeEntry } from "./tree/tree_entry.ts";
import { writeAtomically } from "./atomic_file.ts";

/** Where a bundle comes from. */
export interface BundleState {
  /** The image, as a user names it, paths absolute. */
  readonly image: string;
  /** Digest of its manifest. */
  readonly digest: string;
  /** Unpacked by an ordinary user. */
  readonly rootless: boolean;
  /** Ids of the container and of the host. */
  readonly maps: IdMaps;
}

/** A bundle as it was unpacked. */
export interface UnpackedBundle {
  /** Its directory. */
  readonly directory: string;
  /** Where it comes from. */
  readonly state: BundleState;
  /** Its files, by path, in the order of the tree. */
  readonly entries: ReadonlyMap<string, TreeEntry>;
}

const VERSION = 1;
const STATE = "umiak.json", TREE = "umiak.tree";
/** The root filesystem's directory in a bundle. */
export const ROOTFS = "rootfs";
/** Largest state that is read. */
const MAX_STATE = 1024 * 1024;

const ranges = (map: IdMap): string[] =>
  map.ranges.map(({ container, host, size }) => `${container}:${host}:${size}`);

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}

/** Writes the state of a bundle. */
export async function writeBundleState(
  directory: string,
  state: BundleState,
  entries: readonly TreeEntry[],
): Promise<void> {
  await writeAtomically(`${directory}/${TREE}`, once(encodeTree(entries)));
  const json = {
    version: VERSION,
    image: state.image,
    digest: state.digest,
    rootless: state.rootless,
    uidMap: ranges(state.maps.uids),
    gidMap: ranges(state.maps.gids),
  };
  await writeAtomically(`${directory}/${STATE}`, once(`${JSON.stringify(json, null, 2)}\n`));
}

/** Reads the state of a bundle. Throws an error that says what is missing or wrong. */
export async function readBundle(directory: string): Promise<UnpackedBundle> {
  const path = `${directory}/${STATE}`;
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new Error(`reading ${path}: ${(error as Error).message}`, { cause: error });
    }
    throw new Error(
      `bundle ${directory}: it has no ${STATE}: only what "umiak image unpack" made can be compared`,
    );
  }
  if (bytes.length > MAX_STATE) {
    throw new Error(`${path}: ${bytes.length} bytes, more than the ${MAX_STATE} that are read`);
  }
  const cursor = new Cursor(parseJson(bytes, path), path);
  const version = cursor.field("version").integer();
  if (version !== VERSION) {
    throw cursor.field("version").error(`version ${version} is not supported, only ${VERSION}`);
  }
  const digest = cursor.field("digest").string();
  if (parseDigest(digest) === undefined) {
    throw cursor.field("digest").error(`malformed digest ${JSON.stringify(digest)}`);
  }
  const map = (name: string): IdMap => new IdMap(cursor.field(name).strings().map(parseIdRange));
  const state: BundleState = {
    image: cursor.field("image").string(),
    digest,
    rootless: cursor.field("rootless").boolean(),
    maps: { uids: map("uidMap"), gids: map("gidMap") },
  };
  const list = `${directory}/${TREE}`;
  let text: string;
  try {
    text = await Deno.readTextFile(list);
  } catch (error) {
    throw new Error(`reading ${list}: ${(error as Error).message}`, { cause: error });
  }
  return { directory, state, entries: new Map(decodeTree(text, list).map((entry) => [entry.path, entry])) };
}
