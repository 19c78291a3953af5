/** OCI image layouts (image-layout.md), as a directory or in an archive. @module */
import { Cursor, parseJson } from "../json/mod.ts";
import { decodeImageConfig, MAX_CONFIG } from "./config.ts";
import type { Descriptor } from "./descriptor.ts";
import { parseDigest } from "./digest.ts";
import { compressionOf } from "./layer/compression.ts";
import { decodeIndex, decodeManifest, MAX_MANIFEST } from "./manifest.ts";
import { CONFIG_TYPES, INDEX_TYPES, MANIFEST_TYPES } from "./media_types.ts";
import { acceptable, type Platform, platformText } from "./platform.ts";
import { hasPlatform, selectPlatform, selectTag } from "./select.ts";
import type { FileTree, Image, ImageLayer } from "./source.ts";
import { readVerified, verified } from "./verify.ts";

/** Indexes in indexes, at most. */
const MAX_NESTING = 8;
/** Indexes read on the way to one image, at most. */
const MAX_INDEXES = 64;

/** Which image of a source is wanted. */
export interface ImageChoice {
  /** Name in the source. */
  readonly tag?: string;
  /** Platforms in order of preference. */
  readonly platforms: readonly Platform[];
  /** The user asked for this platform: an image that is for another is an error. */
  readonly strict?: boolean;
}

/** Reads a whole small file of a tree. */
export async function readSmall(
  tree: FileTree,
  path: string,
  limit: number,
): Promise<Uint8Array | undefined> {
  const size = await tree.size(path);
  if (size === undefined) return undefined;
  if (size > limit) {
    throw new Error(`${tree.name}: ${path}: ${size} bytes, more than the ${limit} that are read`);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of tree.read(path)) {
    if (at + chunk.length > size) throw new Error(`${tree.name}: ${path}: it changes while it is read`);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return at === size ? bytes : bytes.subarray(0, at);
}

function blobPath(descriptor: Descriptor): string {
  const { algorithm, encoded } = parseDigest(descriptor.digest)!;
  return `blobs/${algorithm}/${encoded}`;
}

/** A blob's bytes, checked while they are read. */
async function* blob(tree: FileTree, descriptor: Descriptor, what: string): AsyncGenerator<Uint8Array> {
  const path = blobPath(descriptor);
  const size = await tree.size(path);
  if (size === undefined) throw new Error(`${what}: ${path} is missing`);
  yield* verified(tree.read(path), descriptor, what);
}

/** Reads a small blob; content carried in the descriptor is checked the same way. */
function smallBlob(tree: FileTree, descriptor: Descriptor, what: string, limit: number): Promise<Uint8Array> {
  const { data } = descriptor;
  if (data === undefined) return readVerified(blob(tree, descriptor, what), descriptor, what, limit);
  async function* carried(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(data!);
  }
  return readVerified(carried(), descriptor, what, limit);
}

async function checkLayoutFile(tree: FileTree): Promise<void> {
  const bytes = await readSmall(tree, "oci-layout", 65536);
  if (bytes === undefined) {
    throw new Error(`${tree.name}: not an OCI image layout: it has no oci-layout file`);
  }
  const what = `${tree.name}: oci-layout`;
  const version = new Cursor(parseJson(bytes, what), what).field("imageLayoutVersion");
  if (version.string() !== "1.0.0") {
    throw version.error(`version ${version.string()} is not supported, only 1.0.0`);
  }
}

/** What the indexes below `tree` are followed with. */
interface Search {
  readonly tree: FileTree;
  readonly choice: ImageChoice;
  /** Indexes that may still be read. */
  left: number;
}

/** The manifests that an index leads to. */
async function manifestsOf(search: Search, descriptor: Descriptor, depth: number): Promise<Descriptor[]> {
  const { name } = search.tree;
  if (depth >= MAX_NESTING) throw new Error(`${name}: indexes nested more than ${MAX_NESTING} deep`);
  if (search.left-- === 0) throw new Error(`${name}: more than ${MAX_INDEXES} indexes`);
  const what = `${name}: index ${descriptor.digest}`;
  const index = decodeIndex(await smallBlob(search.tree, descriptor, what, MAX_MANIFEST), what);
  return await candidates(search, index.manifests, depth + 1);
}

/** Manifests to choose from. Indexes are read only if no entry beside them states a platform that serves: layouts may be sparse. */
async function candidates(
  search: Search,
  entries: readonly Descriptor[],
  depth: number,
): Promise<Descriptor[]> {
  const { choice } = search;
  const manifests = entries.filter((d) => MANIFEST_TYPES.includes(d.mediaType));
  if (hasPlatform(manifests, choice.platforms)) return manifests;
  const indexes = entries.filter((d) => INDEX_TYPES.includes(d.mediaType));
  const fitting = indexes.filter((d) => d.platform === undefined || hasPlatform([d], choice.platforms));
  for (const descriptor of fitting.length === 0 ? indexes : fitting) {
    for (const found of await manifestsOf(search, descriptor, depth)) {
      // An index that is for one platform says so for the manifests in it.
      const platform = found.platform ?? descriptor.platform;
      manifests.push(platform === undefined ? found : { ...found, platform });
    }
  }
  return manifests;
}

/** Follows indexes to the one manifest that is meant. */
async function findManifest(
  tree: FileTree,
  entries: readonly Descriptor[],
  choice: ImageChoice,
): Promise<Descriptor> {
  const found = await candidates({ tree, choice, left: MAX_INDEXES }, entries, 0);
  if (found.length === 0) {
    const types = [...new Set(entries.map((d) => d.mediaType))].filter((type) => !INDEX_TYPES.includes(type));
    throw new Error(`${tree.name}: no image manifest, only ${types.join(", ") || "empty indexes"}`);
  }
  return found.length === 1 && !choice.strict
    ? found[0]!
    : selectPlatform(found, choice.platforms, tree.name);
}

/** Opens the image that `choice` means. The image closes the tree. */
export async function openLayout(tree: FileTree, choice: ImageChoice): Promise<Image> {
  await checkLayoutFile(tree);
  const bytes = await readSmall(tree, "index.json", MAX_MANIFEST);
  if (bytes === undefined) throw new Error(`${tree.name}: index.json is missing`);
  const index = decodeIndex(bytes, `${tree.name}: index.json`);
  const tagged = selectTag(index.manifests, choice.tag, tree.name);
  const descriptor = await findManifest(tree, tagged, choice);
  const what = `${tree.name}: manifest ${descriptor.digest}`;
  const manifest = decodeManifest(await smallBlob(tree, descriptor, what, MAX_MANIFEST), what);
  if (!CONFIG_TYPES.includes(manifest.config.mediaType)) {
    throw new Error(
      `${what}: an artifact (${manifest.artifactType ?? manifest.config.mediaType}), not an image`,
    );
  }
  const configName = `${tree.name}: config ${manifest.config.digest}`;
  const configBytes = await smallBlob(tree, manifest.config, configName, MAX_CONFIG);
  const config = decodeImageConfig(configBytes, configName, manifest.layers.length);
  if (choice.strict) checkPlatform(config, choice.platforms, tree.name);
  const layers = manifest.layers.map((layer, i): ImageLayer => {
    const name = `${tree.name}: layer ${layer.digest}`;
    if (compressionOf(layer.mediaType) === undefined) {
      throw new Error(`${name}: media type ${layer.mediaType} is not a layer's`);
    }
    return { descriptor: layer, diffId: config.diffIds[i]!, open: () => blob(tree, layer, name) };
  });
  return {
    name: tree.name,
    digest: descriptor.digest,
    manifest,
    config,
    configBytes,
    layers,
    close: () => tree.close(),
  };
}

/** An image without an index is for what its configuration says. */
export function checkPlatform(config: Platform, wanted: readonly Platform[], what: string): void {
  const own = acceptable(config)[0]!;
  if (wanted.some((platform) => acceptable(platform).includes(own))) return;
  throw new Error(
    `${what}: the image is for ${platformText(config)}, not for ${wanted.map(platformText).join(", ")}`,
  );
}
