/** Media types of layers in the two families of formats (media-types.md#compatibility-matrix). @module */
import { type Compression, compressionOf } from "../layer/compression.ts";
import { layerMediaType } from "../layer/compressor.ts";
import type { Image } from "../source.ts";

/** A family of media types. */
export type Format = "oci" | "docker";

const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
const DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar";
const OCI_FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar";

/** The family of an image. */
export function formatOf(image: Image): Format {
  return /^application\/vnd\.docker\./.test(image.manifest.mediaType ?? "") ? "docker" : "oci";
}

/** True for layers that are not to be uploaded (layer.md#non-distributable-layers). */
export function isForeign(mediaType: string): boolean {
  return mediaType.startsWith(DOCKER_FOREIGN) || mediaType.startsWith(OCI_FOREIGN);
}

/** The type of a new layer. Docker's family has none for zstd. */
export function layerType(compression: Compression, format: Format): string {
  if (format === "oci") return layerMediaType(compression);
  if (compression === "zstd") {
    throw new Error("layer: Docker's format has no media type for zstd, only gzip and none");
  }
  return compression === "gzip" ? `${DOCKER_LAYER}.gzip` : DOCKER_LAYER;
}

/** The type that means the same in the other family; unknown types stay as they are. */
export function translatedLayerType(mediaType: string, format: Format): string {
  const compression = compressionOf(mediaType);
  if (compression === undefined) return mediaType;
  if (!isForeign(mediaType)) return layerType(compression, format);
  if (format === "docker") {
    if (compression === "zstd") throw new Error(`layer: Docker's format has no media type for ${mediaType}`);
    return compression === "gzip" ? `${DOCKER_FOREIGN}.gzip` : DOCKER_FOREIGN;
  }
  return `${OCI_FOREIGN}${compression === "none" ? "" : `+${compression}`}`;
}
