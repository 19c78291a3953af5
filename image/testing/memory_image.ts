/** Images made in memory, for tests. @module */
import { decodeImageConfig } from "../config.ts";
import { sha256 } from "../digest.ts";
import type { CompressionChoice } from "../layer/compressor.ts";
import { memoryLayer } from "../layer/layer_blob.ts";
import type { LayerEntry } from "../layer/tar_stream.ts";
import { decodeManifest } from "../manifest.ts";
import { OCI_CONFIG, OCI_MANIFEST } from "../media_types.ts";
import type { Image, ImageLayer } from "../source.ts";
import { descriptorJson } from "../wasm/module_image.ts";

/** What is to be other than usual. */
export interface MemoryImageOptions {
  /** Fields of the configuration, over the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Fields of the manifest, over the usual ones. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Compression of the layers. */
  readonly compression?: CompressionChoice;
}

const encoder = new TextEncoder();

/** An image with these layers, the lowest first. */
export async function memoryImage(
  layers: readonly (readonly LayerEntry[] | ImageLayer)[],
  options: MemoryImageOptions = {},
): Promise<Image> {
  const made: ImageLayer[] = [];
  for (const layer of layers) {
    made.push("open" in layer ? layer : await memoryLayer(layer, options.compression));
  }
  return imageOf(made, options);
}

/** An image of finished layers. */
export function imageOf(layers: readonly ImageLayer[], options: MemoryImageOptions = {}): Image {
  const configBytes = encoder.encode(JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: { Env: ["PATH=/bin"], Cmd: ["/bin/sh"] },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((_, i) => ({ created_by: `step ${i}` })),
    ...options.config,
  }));
  const config = {
    mediaType: OCI_CONFIG,
    digest: sha256(configBytes),
    size: configBytes.length,
    annotations: {},
  };
  const manifestBytes = encoder.encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptorJson(config),
    layers: layers.map((layer) => descriptorJson(layer.descriptor)),
    ...options.manifest,
  }));
  const manifest = decodeManifest(manifestBytes, "memory");
  const digest = sha256(manifestBytes);
  return {
    name: "memory",
    descriptor: { mediaType: OCI_MANIFEST, digest, size: manifestBytes.length, annotations: {} },
    digest,
    manifest,
    manifestBytes,
    config: decodeImageConfig(configBytes, "memory"),
    configBytes,
    layers,
    close: () => {},
  };
}

/** All bytes of a stream. */
export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk.slice());
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}
