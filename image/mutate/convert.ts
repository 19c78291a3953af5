/** Other compression, other media types, the same content. @module */
import { compressionOf, decompress } from "../layer/compression.ts";
import type { CompressionChoice } from "../layer/compressor.ts";
import { OCI_CONFIG, OCI_MANIFEST } from "../media_types.ts";
import type { Image, ImageLayer } from "../source.ts";
import { type JsonObject, objectField, withField } from "./document.ts";
import { edited, manifestDocument } from "./edited.ts";
import type { LayerMaker } from "./layer_maker.ts";
import { type Format, formatOf, isForeign, layerType, translatedLayerType } from "./layer_types.ts";

/** True if a layer is to be compressed anew. Those that cannot be uploaded, and what is not known, stay as they are. */
function isConverted(layer: ImageLayer, choice: CompressionChoice): boolean {
  const { mediaType } = layer.descriptor;
  const now = compressionOf(mediaType);
  if (now === undefined || isForeign(mediaType)) return false;
  return now !== choice.compression || choice.level !== undefined;
}

/**
 * The image with every layer compressed as `choice` says; with a level, also those that are compressed that way already. The archives, and
 * so the diff_ids, stay the same. Throws if a layer's archive is not what the configuration says.
 */
export async function convertCompression(
  image: Image,
  choice: CompressionChoice,
  make: LayerMaker,
): Promise<Image> {
  const mediaType = layerType(choice.compression, formatOf(image));
  const layers: ImageLayer[] = [];
  for (const layer of image.layers) {
    if (!isConverted(layer, choice)) {
      layers.push(layer);
      continue;
    }
    const made = await make(decompress(layer.open()), choice);
    if (made.diffId !== layer.diffId) {
      throw new Error(
        `${image.name}: layer ${layer.descriptor.digest}: its archive has digest ${made.diffId}, not the diff_id ${layer.diffId}`,
      );
    }
    const { digest, size } = made.descriptor;
    const { annotations } = layer.descriptor;
    layers.push({
      descriptor: { mediaType, digest, size, annotations },
      diffId: layer.diffId,
      open: (options) => made.open(options),
    });
  }
  return edited(image, { layers });
}

const TYPES: Readonly<Record<Format, { readonly manifest: string; readonly config: string }>> = {
  oci: { manifest: OCI_MANIFEST, config: OCI_CONFIG },
  docker: {
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
  },
};

/**
 * The image with the media types of OCI or of Docker. Docker's manifests have no annotations: they are dropped. Throws for what Docker's
 * format cannot say: a subject, an artifactType, zstd.
 */
export function convertFormat(image: Image, format: Format): Image {
  const types = TYPES[format];
  if (image.manifest.mediaType === types.manifest) return image;
  let manifest: JsonObject = { schemaVersion: 2, mediaType: types.manifest, ...manifestDocument(image) };
  manifest = { ...manifest, mediaType: types.manifest };
  if (format === "docker") {
    for (const field of ["subject", "artifactType"]) {
      if ((manifest[field] ?? null) !== null) {
        throw new Error(`${image.name}: converting to Docker's format: it has no ${field}`);
      }
    }
    manifest = withField(manifest, "annotations", undefined);
  }
  const config = { ...objectField(manifest, "config"), mediaType: types.config };
  const layers = image.layers.map((layer): ImageLayer => ({
    descriptor: {
      ...layer.descriptor,
      mediaType: translatedLayerType(layer.descriptor.mediaType, format),
      ...(format === "docker" ? { annotations: {} } : {}),
    },
    diffId: layer.diffId,
    open: (options) => layer.open(options),
  }));
  const plain = format === "docker" ? withField(config, "annotations", undefined) : config;
  return edited(image, { manifest: { ...manifest, config: plain }, layers });
}
