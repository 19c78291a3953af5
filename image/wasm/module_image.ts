/** Images made of a WebAssembly module: a layer with the module, further layers with files, a configuration. @module */
import type { ExecutionConfig } from "../config.ts";
import type { Descriptor } from "../descriptor.ts";
import { sha256 } from "../digest.ts";
import { gzip } from "../layer/compression.ts";
import { tarEnd, tarHeader, type TarInput, tarPadding } from "../layer/tar_writer.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from "../media_types.ts";

/** A file to be put into a layer. */
export interface LayerFile extends TarInput {
  /** Content of a file. */
  readonly content?: Uint8Array;
}

/** A blob that has been made. */
export interface Blob {
  /** What refers to it. */
  readonly descriptor: Descriptor;
  /** Its bytes. */
  readonly bytes: Uint8Array;
}

/** A whole image. */
export interface BuiltImage {
  /** The manifest. */
  readonly manifest: Blob;
  /** Configuration and layers. */
  readonly blobs: readonly Blob[];
}

/** What a layer is to be. */
export interface LayerPlan {
  /** Its files, in any order. */
  readonly files: readonly LayerFile[];
  /** How it came about, for the image's history. */
  readonly comment: string;
}

/** What an image is to be. */
export interface ModuleImageOptions {
  /** Layers, the lowest first. */
  readonly layers: readonly LayerPlan[];
  /** Defaults for containers. */
  readonly config: Partial<ExecutionConfig>;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** When it was made (RFC 3339). */
  readonly created: string;
}

/** Entries of a layer in a fixed order, with the directories they need. */
function withParents(files: readonly LayerFile[]): LayerFile[] {
  const all = new Map<string, LayerFile>();
  for (const file of files) {
    const parts = file.name.split("/");
    for (let i = 1; i < parts.length; i++) {
      const dir = parts.slice(0, i).join("/");
      if (!all.has(dir)) all.set(dir, { name: dir, type: "dir", mode: 0o755, mtimeSec: file.mtimeSec ?? 0 });
    }
    all.set(file.name, file);
  }
  return [...all.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** A tar archive of files, names relative to the root and without a slash in front. */
export function tarLayer(files: readonly LayerFile[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const file of withParents(files)) {
    const content = file.type === "file" ? file.content ?? new Uint8Array(0) : new Uint8Array(0);
    parts.push(tarHeader({ ...file, size: content.length }), content, tarPadding(content.length));
  }
  parts.push(tarEnd());
  const archive = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

function blob(mediaType: string, bytes: Uint8Array): Blob {
  return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.length, annotations: {} }, bytes };
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The fields of a descriptor as they are written; content that it carries is not among them. */
export function descriptorJson(
  { mediaType, digest, size, annotations, platform, artifactType, urls }: Descriptor,
): Record<string, unknown> {
  return {
    mediaType,
    digest,
    size,
    ...(urls === undefined ? {} : { urls }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** Fields of a configuration that are set, as they are written (config.md). */
function configJson(config: Partial<ExecutionConfig>): Record<string, unknown> {
  const set = (names: readonly string[]): Record<string, object> =>
    Object.fromEntries(names.map((name) => [name, {}]));
  return {
    ...(config.User ? { User: config.User } : {}),
    ...(config.ExposedPorts?.length ? { ExposedPorts: set(config.ExposedPorts) } : {}),
    ...(config.Env?.length ? { Env: config.Env } : {}),
    ...(config.Entrypoint?.length ? { Entrypoint: config.Entrypoint } : {}),
    ...(config.Cmd?.length ? { Cmd: config.Cmd } : {}),
    ...(config.Volumes?.length ? { Volumes: set(config.Volumes) } : {}),
    ...(config.WorkingDir ? { WorkingDir: config.WorkingDir } : {}),
    ...(config.Labels && Object.keys(config.Labels).length > 0 ? { Labels: config.Labels } : {}),
    ...(config.StopSignal ? { StopSignal: config.StopSignal } : {}),
  };
}

/** Builds a `wasi/wasm` image. The same input gives the same digests. */
export async function buildModuleImage(options: ModuleImageOptions): Promise<BuiltImage> {
  const archives = options.layers.map((layer) => tarLayer(layer.files));
  const layers = await Promise.all(archives.map(async (tar) => blob(OCI_LAYER_GZIP, await gzip(tar))));
  const config = blob(
    OCI_CONFIG,
    json({
      created: options.created,
      architecture: "wasm",
      os: "wasi",
      config: configJson(options.config),
      rootfs: { type: "layers", diff_ids: archives.map(sha256) },
      history: options.layers.map(({ comment }) => ({ created: options.created, created_by: comment })),
    }),
  );
  const manifest = blob(
    OCI_MANIFEST,
    json({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptorJson(config.descriptor),
      layers: layers.map((layer) => descriptorJson(layer.descriptor)),
      ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
    }),
  );
  const platform = { os: "wasi", architecture: "wasm" };
  return {
    manifest: { ...manifest, descriptor: { ...manifest.descriptor, platform } },
    blobs: [config, ...layers],
  };
}
