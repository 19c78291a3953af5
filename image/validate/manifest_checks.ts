/** Manifests and indexes against manifest.md and image-index.md. @module */
import { compressionOf } from "../layer/compression.ts";
import { CONFIG_TYPES, INDEX_TYPES, MANIFEST_TYPES } from "../media_types.ts";
import { isForeign } from "../mutate/layer_types.ts";
import { checkAnnotations, checkMediaType } from "./common_checks.ts";
import { checkDescriptor, type CheckedDescriptor, checkHasPlatform } from "./descriptor_checks.ts";
import type { Node } from "./node.ts";

const EMPTY = "application/vnd.oci.empty.v1+json";
const MANIFEST = "manifest.md#image-manifest-property-descriptions";
const INDEX = "image-index.md#image-index-property-descriptions";

/** What a manifest refers to. */
export interface CheckedManifest {
  /** The configuration. */
  readonly config?: CheckedDescriptor | undefined;
  /** Layers; undefined in place of a descriptor that cannot be followed. */
  readonly layers: readonly (CheckedDescriptor | undefined)[];
  /** It is an image, not an artifact: its configuration and layers have rules of their own. */
  readonly isImage: boolean;
}

/** schemaVersion, mediaType, artifactType, subject, annotations. `expected`: the type that a descriptor has stated. */
function checkCommon(node: Node, types: readonly string[], expected: string | undefined): void {
  const version = node.required("schemaVersion")?.int64();
  if (version !== undefined && version !== 2) node.field("schemaVersion").error(`${version}, not 2`);
  const stated = node.optional("mediaType");
  const mediaType = stated?.string();
  if (stated === undefined) node.warn("mediaType should be used");
  else if (mediaType !== undefined) {
    if (!types.includes(mediaType)) stated.error(`${JSON.stringify(mediaType)}, not ${types[0]}`);
    else if (expected !== undefined && expected !== "" && mediaType !== expected) {
      stated.error(`${mediaType}, but its descriptor says ${expected}`, "descriptor.md#properties");
    }
  }
  const artifactType = node.optional("artifactType");
  if (artifactType !== undefined) checkMediaType(artifactType);
  const subject = node.optional("subject");
  if (subject !== undefined) checkDescriptor(subject);
  const annotations = node.optional("annotations");
  if (annotations !== undefined) checkAnnotations(annotations, "elsewhere");
}

function checkLayerType({ descriptor, node }: CheckedDescriptor): void {
  const type = node.field("mediaType").under("manifest.md#image-manifest-property-descriptions");
  if (compressionOf(descriptor.mediaType) === undefined) {
    type.warn(
      `${JSON.stringify(descriptor.mediaType)} is not a layer's type: not every implementation knows it`,
    );
  }
  if (isForeign(descriptor.mediaType)) {
    type.warn("layers that are not to be distributed are deprecated", "layer.md#non-distributable-layers");
  }
}

/** Checks a manifest. */
export function checkManifest(document: Node, expected?: string): CheckedManifest {
  const node = document.under(MANIFEST);
  if (!node.object()) return { layers: [], isImage: false };
  checkCommon(node, MANIFEST_TYPES, expected);
  // Read as one thing and verified as another (CVE-2021-41190).
  if (node.field("manifests").exists) node.field("manifests").error("a manifest has none");
  const configNode = node.required("config");
  const config = configNode === undefined ? undefined : checkDescriptor(configNode);
  const configType = config?.descriptor.mediaType;
  const isImage = configType !== undefined && CONFIG_TYPES.includes(configType);
  if (configType === EMPTY && !node.field("artifactType").exists) {
    node.field("artifactType").error(`it must be set when the configuration is ${EMPTY}`);
  }
  const list = node.required("layers");
  const layers = list?.items().map((item) => checkDescriptor(item)) ?? [];
  if (list !== undefined && Array.isArray(list.value) && layers.length === 0) {
    list.warn("there should be at least one layer");
  }
  if (isImage) { for (const layer of layers) if (layer !== undefined) checkLayerType(layer); }
  return { config, layers, isImage };
}

/** Checks an index. `place`: index.json of a layout, whose entries have names, or any other. */
export function checkIndex(
  document: Node,
  place: "index.json" | "elsewhere",
  expected?: string,
): CheckedDescriptor[] {
  const node = document.under(INDEX);
  if (!node.object()) return [];
  checkCommon(node, INDEX_TYPES, expected);
  for (const name of ["config", "layers"]) {
    if (node.field(name).exists) node.field(name).error("an index has none");
  }
  const list = node.required("manifests");
  const entries = list?.items().map((item) => checkDescriptor(item, place)) ?? [];
  const found = entries.filter((entry) => entry !== undefined);
  const seen = new Map<string, string>();
  for (const entry of found) {
    checkHasPlatform(entry);
    const { mediaType, digest } = entry.descriptor;
    if (![...MANIFEST_TYPES, ...INDEX_TYPES].includes(mediaType)) {
      entry.node.field("mediaType").under(INDEX).warn(
        `${JSON.stringify(mediaType)}: not every implementation knows it`,
      );
    }
    if (place === "index.json" || entry.platform === undefined) continue;
    const key = JSON.stringify(entry.platform);
    const first = seen.get(key);
    if (first !== undefined && first !== digest) {
      entry.node.field("platform").under(INDEX).warn(`${first} is for that platform too: the first is used`);
    }
    seen.set(key, first ?? digest);
  }
  return found;
}
