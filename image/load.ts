/** From a name in a source to one image: indexes are followed to the manifest for the platform. @module */
import { decodeImageConfig, MAX_CONFIG } from "./config.ts";
import type { ContentOptions, ImageSource } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";
import { compressionOf } from "./layer/compression.ts";
import { decodeIndex, decodeManifest } from "./manifest.ts";
import { CONFIG_TYPES, INDEX_TYPES, MANIFEST_TYPES } from "./media_types.ts";
import { acceptable, type Platform, platformText } from "./platform.ts";
import { collect, contentName, readBlob, readManifest } from "./read_content.ts";
import { hasPlatform, selectPlatform } from "./select.ts";
import type { Image, ImageLayer } from "./source.ts";
import { artifactConfig, isModuleLayer, isWasmArtifact } from "./wasm/artifact.ts";

/** Indexes in indexes, at most. */
export const MAX_NESTING = 8;
/** Indexes read on the way to one image, at most. */
const MAX_INDEXES = 64;

/** Which image of several is wanted. */
export interface ImageChoice {
  /** Platforms in order of preference. */
  readonly platforms: readonly Platform[];
  /** The user asked for this platform: an image that is for another is an error. */
  readonly strict?: boolean;
}

/** What indexes are followed with. */
interface Search {
  readonly source: ImageSource;
  readonly choice: ImageChoice;
  readonly options: ContentOptions;
  /** Indexes that may still be read. */
  left: number;
}

/** The manifests that an index leads to. */
async function manifestsOf(search: Search, descriptor: Descriptor, depth: number): Promise<Descriptor[]> {
  const { source, options } = search;
  const { name } = source;
  if (depth >= MAX_NESTING) throw new Error(`${name}: indexes nested more than ${MAX_NESTING} deep`);
  if (search.left-- === 0) throw new Error(`${name}: more than ${MAX_INDEXES} indexes`);
  const bytes = await readManifest(source, descriptor, options);
  const { manifests } = decodeIndex(bytes, `${name}: ${contentName(descriptor)}`);
  return await candidates(search, manifests, depth + 1);
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

/** Follows indexes from what a name means to the one manifest that is wanted. */
export async function findManifest(
  source: ImageSource,
  name: string | undefined,
  choice: ImageChoice,
  options: ContentOptions = {},
): Promise<Descriptor> {
  const entries = await source.resolve(name, options);
  const found = await candidates({ source, choice, options, left: MAX_INDEXES }, entries, 0);
  if (found.length === 0) {
    const types = [...new Set(entries.map((d) => d.mediaType))].filter((type) => !INDEX_TYPES.includes(type));
    throw new Error(`${source.name}: no image manifest, only ${types.join(", ") || "empty indexes"}`);
  }
  return found.length === 1 && !choice.strict
    ? found[0]!
    : selectPlatform(found, choice.platforms, source.name);
}

/** The image that `name` and `choice` mean. Layers are read when they are needed. The image closes the source. */
export async function loadImage(
  source: ImageSource,
  name: string | undefined,
  choice: ImageChoice,
  options: ContentOptions = {},
): Promise<Image> {
  const descriptor = await findManifest(source, name, choice, options);
  const what = `${source.name}: ${contentName(descriptor)}`;
  const manifestBytes = await readManifest(source, descriptor, options);
  const manifest = decodeManifest(manifestBytes, what);
  const isArtifact = isWasmArtifact(manifest);
  if (!CONFIG_TYPES.includes(manifest.config.mediaType) && !isArtifact) {
    throw new Error(
      `${what}: an artifact (${manifest.artifactType ?? manifest.config.mediaType}), not an image`,
    );
  }
  const configName = `${source.name}: ${contentName(manifest.config)}`;
  const configStream = readBlob(source, manifest.config, options);
  const configBytes = await collect(configStream, manifest.config, configName, MAX_CONFIG);
  const config = isArtifact
    ? artifactConfig(configBytes, configName, manifest)
    : decodeImageConfig(configBytes, configName, manifest.layers.length);
  if (choice.strict) checkPlatform(config, choice.platforms, source.name);
  const layers = manifest.layers.map((layer, i): ImageLayer => {
    if (compressionOf(layer.mediaType) === undefined && !isModuleLayer(layer.mediaType)) {
      throw new Error(
        `${source.name}: layer ${layer.digest}: media type ${layer.mediaType} is not a layer's`,
      );
    }
    return {
      descriptor: layer,
      diffId: config.diffIds[i]!,
      open: (options) => readBlob(source, layer, options),
    };
  });
  return {
    name: source.name,
    descriptor,
    digest: descriptor.digest,
    manifest,
    manifestBytes,
    config,
    configBytes,
    layers,
    close: () => source.close(),
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
