/** The store, for the command line and for programs: list, tag, remove, check, collect. @module */
import { decodeImageConfig, MAX_CONFIG } from "../../image/config.ts";
import type { ContentOptions } from "../../image/content.ts";
import { manifestFacts } from "../../image/describe_manifest.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { CONFIG_TYPES, INDEX_TYPES, MANIFEST_TYPES } from "../../image/media_types.ts";
import { platformText } from "../../image/platform.ts";
import { collect, readBlob, readManifest } from "../../image/read_content.ts";
import { refName } from "../../image/select.ts";
import { Store } from "../../image/store/store.ts";
import { type CheckResult, checkStore } from "../../image/store/store_check.ts";
import { type Collected, collectGarbage } from "../../image/store/store_gc.ts";

/** Where the store is; the user's own unless told. */
export interface StoreLocation extends ContentOptions {
  /** Its directory. */
  readonly storeRoot?: string;
}

/** An image of the store. */
export interface StoredImage {
  /** Its whole name; undefined if it has none. */
  readonly name: string | undefined;
  /** Digest of its manifest or index. */
  readonly digest: string;
  /** What kind of manifest that is. */
  readonly mediaType: string;
  /** Platforms it is for, as far as they are known. */
  readonly platforms: readonly string[];
  /** When it was made (RFC 3339), if its configuration says. */
  readonly created: string | undefined;
  /** Bytes of the blobs it states, compressed as they are; those of other platforms are not counted. */
  readonly size: number;
}

async function inStore<T>(location: StoreLocation, body: (store: Store) => Promise<T>): Promise<T> {
  const store = await Store.open(location.storeRoot);
  try {
    return await body(store);
  } finally {
    store.close();
  }
}

/** What the configuration says, if the manifest is an image's and the store has it. */
async function ofConfig(
  store: Store,
  parts: readonly Descriptor[],
): Promise<Pick<StoredImage, "platforms" | "created">> {
  const config = parts.find((part) => CONFIG_TYPES.includes(part.mediaType));
  if (config === undefined) return { platforms: [], created: undefined };
  const bytes = await collect(readBlob(store.contents, config), config, config.digest, MAX_CONFIG);
  const decoded = decodeImageConfig(bytes, config.digest);
  return { platforms: [platformText(decoded)], created: decoded.created };
}

async function describe(store: Store, entry: Descriptor): Promise<StoredImage> {
  const { digest, mediaType, size } = entry;
  const base = { name: refName(entry), digest, mediaType, platforms: [], created: undefined, size };
  if (![...INDEX_TYPES, ...MANIFEST_TYPES].includes(mediaType)) return base;
  try {
    const { parts } = manifestFacts(await readManifest(store.contents, entry), digest);
    const platforms = parts.flatMap((part) =>
      part.platform === undefined ? [] : [platformText(part.platform)]
    );
    const total = parts.reduce((sum, part) => sum + part.size, size);
    const whole = { ...base, platforms, size: total };
    return INDEX_TYPES.includes(mediaType) ? whole : { ...whole, ...await ofConfig(store, parts) };
  } catch {
    return base; // the check says what is wrong with it
  }
}

/** The images of the store, by name. */
export function listImages(location: StoreLocation = {}): Promise<StoredImage[]> {
  return inStore(location, async (store) => {
    const images: StoredImage[] = [];
    for (const entry of await store.list()) images.push(await describe(store, entry));
    return images.sort((a, b) => (a.name ?? "~") < (b.name ?? "~") ? -1 : 1);
  });
}

/** Gives an image of the store another name. */
export function tagImage(source: string, target: string, location: StoreLocation = {}): Promise<void> {
  return inStore(location, async (store) => {
    await store.tag(source, target);
  });
}

/** Verifies every byte of the store. */
export function verifyStore(location: StoreLocation = {}): Promise<CheckResult> {
  return inStore(location, (store) => checkStore(store, location));
}

/** Removes what no name reaches and nothing that runs needs. */
export function collectStore(dryRun: boolean, location: StoreLocation = {}): Promise<Collected> {
  return inStore(location, async (store) => {
    const { removeAll: remove } = await import("./native/remove_all.ts");
    return await collectGarbage(store, { ...location, dryRun, remove });
  });
}
