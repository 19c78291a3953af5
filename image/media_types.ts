/** Media types of OCI (media-types.md) and of Docker's image manifest v2 schema 2, which are compatible. @module */

/** An image index or manifest list. */
export const INDEX_TYPES: readonly string[] = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
/** An image manifest. */
export const MANIFEST_TYPES: readonly string[] = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
/** An image configuration. */
export const CONFIG_TYPES: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];
/** OCI's own, for what is written here. */
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
/** See OCI_INDEX. */
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** See OCI_INDEX. */
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
/** See OCI_INDEX. */
export const OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";

/** True for layers that may have to stay where they are: registries, and other places, need not have them (media-types.md). */
export function isForeignLayer(mediaType: string): boolean {
  return /\.layer\.nondistributable\.|\.rootfs\.foreign\./.test(mediaType);
}
