/** Artifacts: content that is no container image (manifest.md#guidelines-for-artifact-usage). @module */
import type { Descriptor } from "../descriptor.ts";
import { sha256 } from "../digest.ts";
import { OCI_MANIFEST } from "../media_types.ts";
import { type Blob, type BuiltImage, descriptorJson } from "../wasm/module_image.ts";

/** The type of a descriptor without content of its own. */
export const EMPTY_TYPE = "application/vnd.oci.empty.v1+json";

/** A blob of an artifact. */
export interface ArtifactBlob {
  /** What it is. */
  readonly mediaType: string;
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Annotations of its descriptor. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What an artifact is to be. */
export interface ArtifactOptions {
  /** Its type; needed where there is no configuration. */
  readonly artifactType?: string;
  /** Its configuration; the empty one unless told. */
  readonly config?: ArtifactBlob;
  /** Its content; a single empty descriptor unless told. */
  readonly layers?: readonly ArtifactBlob[];
  /** The manifest that it is about. */
  readonly subject?: Descriptor;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
}

const EMPTY: ArtifactBlob = { mediaType: EMPTY_TYPE, bytes: new TextEncoder().encode("{}") };

function blobOf({ mediaType, bytes, annotations = {} }: ArtifactBlob): Blob {
  return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.length, annotations }, bytes };
}

/** Builds an artifact. The same input gives the same digests. Throws if neither type nor configuration says what it is. */
export function buildArtifact(options: ArtifactOptions): BuiltImage {
  const { artifactType, config = EMPTY, layers = [EMPTY], subject, annotations = {} } = options;
  if (artifactType === undefined && config.mediaType === EMPTY_TYPE) {
    throw new Error("artifact: without a configuration it needs an artifactType (manifest.md)");
  }
  const configBlob = blobOf(config);
  const layerBlobs = (layers.length === 0 ? [EMPTY] : layers).map(blobOf);
  const bytes = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...(artifactType === undefined ? {} : { artifactType }),
    config: descriptorJson(configBlob.descriptor),
    layers: layerBlobs.map((layer) => descriptorJson(layer.descriptor)),
    ...(subject === undefined
      ? {}
      : { subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size } }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  }));
  const descriptor = {
    mediaType: OCI_MANIFEST,
    digest: sha256(bytes),
    size: bytes.length,
    annotations: {},
    artifactType: artifactType ?? config.mediaType,
  };
  return { manifest: { descriptor, bytes }, blobs: [configBlob, ...layerBlobs] };
}
