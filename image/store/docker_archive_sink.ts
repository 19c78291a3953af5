/** Writes images into an archive that `docker load`, podman and skopeo read. It takes the place of a file that is there. @module */
import {
  dockerManifest,
  savedConfigPath,
  type SavedImage,
  savedLayerPath,
  savedName,
} from "../archive/docker_manifest.ts";
import type { Member } from "../archive/members.ts";
import { decodeImageConfig, MAX_CONFIG } from "../config.ts";
import type { ContentOptions, ImageSink } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { hasher } from "../digest.ts";
import { compressionOf, decompress } from "../layer/compression.ts";
import { decodeManifest } from "../manifest.ts";
import { CONFIG_TYPES, INDEX_TYPES } from "../media_types.ts";
import { collect, contentName, streamOf } from "../read_content.ts";
import { verified, VerifyError } from "../verify.ts";
import { Workshop } from "./archive_file.ts";
import { writeAtomically } from "./atomic_file.ts";

/** See the module's comment. Layers lose their compression in it, so manifests and their digests do not survive. */
export class DockerArchiveSink implements ImageSink {
  /** See ImageSink. */
  readonly name: string;
  readonly #workshop: Workshop;
  readonly #configs = new Map<string, Uint8Array>();
  /** diff_ids of the layers that have been put, by the digests of their blobs. */
  readonly #layers = new Map<string, string>();
  readonly #images: SavedImage[] = [];

  /** The archive at `path`. */
  constructor(path: string) {
    this.name = path;
    this.#workshop = new Workshop(path);
  }

  /** See ImageSink. */
  hasBlob({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#configs.has(digest) || this.#layers.has(digest));
  }

  /** See ImageSink. */
  async putBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options: ContentOptions = {},
  ): Promise<void> {
    const what = `${this.name}: ${contentName(descriptor)}`;
    const { mediaType, digest } = descriptor;
    const content = verified(open(), descriptor, what, options.signal);
    if (CONFIG_TYPES.includes(mediaType)) {
      this.#configs.set(digest, await collect(content, descriptor, what, MAX_CONFIG));
      return;
    }
    if (compressionOf(mediaType) === undefined) {
      throw new Error(`${what}: a docker archive has images only, and ${mediaType} is no part of one`);
    }
    const hash = hasher("sha256");
    async function* archive(): AsyncGenerator<Uint8Array> {
      for await (const chunk of decompress(content, { transient: true })) {
        hash.update(chunk);
        yield chunk;
      }
    }
    const directory = this.#workshop.directory();
    const temporary = `${directory}/${crypto.randomUUID()}`;
    await writeAtomically(temporary, archive());
    const diffId = `sha256:${hash.digest("hex")}`;
    await Deno.rename(temporary, `${directory}/${savedLayerPath(diffId)}`);
    this.#layers.set(digest, diffId);
  }

  /** See ImageSink. */
  putManifest(descriptor: Descriptor, bytes: Uint8Array, name: string | undefined): Promise<void> {
    const what = `${this.name}: ${contentName(descriptor)}`;
    try {
      if (INDEX_TYPES.includes(descriptor.mediaType)) {
        throw new Error(`${what}: a docker archive has no indexes: choose a platform`);
      }
      this.#images.push(this.#saved(bytes, name, what));
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #saved(bytes: Uint8Array, name: string | undefined, what: string): SavedImage {
    const manifest = decodeManifest(bytes, what);
    const configBytes = this.#configs.get(manifest.config.digest);
    if (configBytes === undefined) throw new Error(`${what}: its ${contentName(manifest.config)} is missing`);
    const { diffIds } = decodeImageConfig(configBytes, what, manifest.layers.length);
    for (const [i, layer] of manifest.layers.entries()) {
      const actual = this.#layers.get(layer.digest);
      if (actual === undefined) throw new Error(`${what}: its ${contentName(layer)} is missing`);
      if (actual !== diffIds[i]) {
        throw new VerifyError(
          `${what}: ${contentName(layer)}: its archive has digest ${actual}, not the diff_id ${
            diffIds[i]
          } of the config`,
        );
      }
    }
    const names = name === undefined ? [] : [savedName(name, this.name)];
    return { config: manifest.config.digest, names, diffIds };
  }

  /** See ImageSink. */
  async commit(): Promise<void> {
    const members: Member[] = [memory("manifest.json", dockerManifest(this.#images))];
    for (const digest of new Set(this.#images.map((image) => image.config))) {
      members.push(memory(savedConfigPath(digest), this.#configs.get(digest)!));
    }
    for (const diffId of new Set(this.#images.flatMap((image) => image.diffIds))) {
      members.push(await this.#workshop.member(savedLayerPath(diffId)));
    }
    await this.#workshop.write(members);
  }

  /** See ImageSink. */
  close(): void {
    this.#workshop.close();
  }
}

function memory(path: string, bytes: Uint8Array): Member {
  return { path, size: bytes.length, read: () => streamOf(bytes) };
}
