/** The core of all editing: an image with another configuration, manifest or other layers. @module */
import { decodeImageConfig } from "../config.ts";
import type { Descriptor } from "../descriptor.ts";
import { sha256 } from "../digest.ts";
import { decodeManifest, MAX_MANIFEST } from "../manifest.ts";
import { CONFIG_TYPES, OCI_MANIFEST } from "../media_types.ts";
import type { Image, ImageLayer } from "../source.ts";
import { descriptorJson } from "../wasm/module_image.ts";
import {
  arrayField,
  documentBytes,
  type JsonObject,
  objectField,
  readDocument,
  sameJson,
  withField,
} from "./document.ts";

/** What is to be other than it was. */
export interface ImageEdit {
  /** The configuration; its diff_ids are set from the layers. */
  readonly config?: JsonObject;
  /** The manifest; its descriptors of configuration and layers are set. */
  readonly manifest?: JsonObject;
  /** Layers, the lowest first. */
  readonly layers?: readonly ImageLayer[];
  /** Further images that the new one reads from; it closes them. */
  readonly keeps?: readonly Image[];
}

/** The configuration of an image as a document. */
export function configDocument(image: Image): JsonObject {
  return readDocument(image.configBytes, `${image.name}: config`);
}

/** The manifest of an image as a document. */
export function manifestDocument(image: Image): JsonObject {
  return readDocument(image.manifestBytes, `${image.name}: manifest`);
}

/** Fields of a descriptor's document that belong to the content itself. */
const OF_CONTENT: readonly string[] = ["data", "urls", "digest", "size"];

/** The old descriptor with other content; what it carried of the old content goes. */
function describing(old: JsonObject, descriptor: Descriptor): JsonObject {
  const kept = Object.entries(old).filter(([key]) => !OF_CONTENT.includes(key));
  return { ...Object.fromEntries(kept), ...descriptorJson(descriptor) };
}

/** Descriptors of the layers: as they were written, for those that the image had. */
function layerDocuments(image: Image, manifest: JsonObject, layers: readonly ImageLayer[]): JsonObject[] {
  const written = new Map(
    arrayField(manifest, "layers").map((each, i) => [image.layers[i]?.descriptor, each as JsonObject]),
  );
  return layers.map(({ descriptor }) => written.get(descriptor) ?? descriptorJson(descriptor));
}

/**
 * The image that an edit makes of another. An edit that changes nothing gives the same bytes, whose digests are the same. Closing
 * the new image closes the old one. Throws if the result cannot be an image.
 */
export function edited(image: Image, edit: ImageEdit): Image {
  const { mediaType: kind } = image.manifest.config;
  if (!CONFIG_TYPES.includes(kind)) {
    throw new Error(`${image.name}: editing: an artifact (${kind}), not an image`);
  }
  const layers = edit.layers ?? image.layers;
  const configWhat = `${image.name}: edited config`, what = `${image.name}: edited manifest`;
  const oldConfig = configDocument(image), oldManifest = manifestDocument(image);
  const document = edit.config ?? oldConfig;
  // Where nothing is said about layers, nothing about them is rewritten: not even an absent list as an empty one.
  const isNew = edit.layers !== undefined;
  const rootfs = { ...objectField(document, "rootfs"), diff_ids: layers.map((layer) => layer.diffId) };
  const config = isNew ? withField(document, "rootfs", rootfs) : document;
  const configBytes = sameJson(config, oldConfig) ? image.configBytes : documentBytes(config);

  const base = edit.manifest ?? oldManifest;
  const configDigest = sha256(configBytes);
  const old = objectField(base, "config");
  const configDescriptor = old.digest === configDigest ? old : describing(old, {
    mediaType: String(old.mediaType),
    digest: configDigest,
    size: configBytes.length,
    annotations: image.manifest.config.annotations,
  });
  const manifestJson = {
    ...base,
    config: configDescriptor,
    ...(isNew ? { layers: layerDocuments(image, oldManifest, layers) } : {}),
  };
  const manifestBytes = sameJson(manifestJson, oldManifest)
    ? image.manifestBytes
    : documentBytes(manifestJson);
  if (manifestBytes.length > MAX_MANIFEST) {
    throw new Error(`${what}: ${manifestBytes.length} bytes, more than the ${MAX_MANIFEST} that are read`);
  }
  const manifest = decodeManifest(manifestBytes, what);
  const decoded = decodeImageConfig(configBytes, configWhat, manifest.layers.length);
  const digest = manifestBytes === image.manifestBytes ? image.digest : sha256(manifestBytes);
  const { os, architecture, variant } = decoded;
  return {
    name: image.name,
    descriptor: {
      mediaType: manifest.mediaType ?? OCI_MANIFEST,
      digest,
      size: manifestBytes.length,
      annotations: {},
      platform: variant === undefined ? { os, architecture } : { os, architecture, variant },
    },
    digest,
    manifest,
    manifestBytes,
    config: decoded,
    configBytes,
    layers: layers.map((layer, i) => ({
      descriptor: manifest.layers[i]!,
      diffId: layer.diffId,
      open: (options) => layer.open(options),
    })),
    close: () => {
      image.close();
      for (const each of edit.keeps ?? []) each.close();
    },
  };
}
