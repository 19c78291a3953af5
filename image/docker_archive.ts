/**
 * Archives of `docker save`: manifest.json lists configurations and layers by file name. They have no manifests of their own, so one is
 * made up for each image; the same archive always gives the same.
 * @module
 */
import { Cursor, parseJson } from "../json/mod.ts";
import { decodeImageConfig, MAX_CONFIG } from "./config.ts";
import { type ContentOptions, type ImageSource, MissingContentError } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";
import { hasher, parseDigest, sha256 } from "./digest.ts";
import { type Compression, detectCompression } from "./layer/compression.ts";
import { readSmall } from "./layout.ts";
import { MAX_MANIFEST } from "./manifest.ts";
import { OCI_CONFIG, OCI_MANIFEST } from "./media_types.ts";
import { contentName } from "./read_content.ts";
import type { FileTree } from "./source.ts";
import { verified } from "./verify.ts";
import { descriptorJson } from "./wasm/module_image.ts";

const LAYER_TYPES: Readonly<Record<Compression, string>> = {
  none: "application/vnd.oci.image.layer.v1.tar",
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
};

/** An entry of manifest.json. */
interface Saved {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

/** The image of an archive that a name, or its absence, means. */
function select(saved: readonly Saved[], name: string | undefined, what: string): Saved {
  const names = saved.flatMap((image) => image.names);
  if (name === undefined) {
    if (saved.length === 1) return saved[0]!;
    throw new Error(
      saved.length === 0
        ? `${what}: it contains no image`
        : `${what}: it contains several images, name one of them: ${names.join(", ")}`,
    );
  }
  const wanted = /:[^/]+$/.test(name) ? name : `${name}:latest`;
  const matches = saved.filter((image) =>
    image.names.some((each) => each === wanted || each.endsWith(`/${wanted}`))
  );
  if (matches.length === 1) return matches[0]!;
  throw new Error(
    `${what}: ${matches.length === 0 ? "no image is" : "several images are"} called ${
      JSON.stringify(name)
    }; it has ${names.join(", ") || "no names"}`,
  );
}

/** The digest in a file's name: ID.json, blobs/sha256/ID. */
function statedDigest(path: string): string | undefined {
  const id = /(?:^|\/)([a-f0-9]{64})(?:\.json)?$/.exec(path)?.[1];
  return id === undefined ? undefined : `sha256:${id}`;
}

/** The images of such an archive. Closing it closes the tree. */
export class DockerArchiveSource implements ImageSource {
  /** See ImageSource. */
  readonly name: string;
  #saved: readonly Saved[] | undefined;
  /** Manifests that were made up, by digest. */
  readonly #manifests = new Map<string, Uint8Array>();
  /** Files behind digests. */
  readonly #paths = new Map<string, string>();

  /** The archive in `tree`. Nothing is read before something is asked for. */
  constructor(readonly tree: FileTree) {
    this.name = tree.name;
  }

  async #list(): Promise<readonly Saved[]> {
    if (this.#saved !== undefined) return this.#saved;
    const bytes = await readSmall(this.tree, "manifest.json", MAX_MANIFEST);
    if (bytes === undefined) throw new Error(`${this.name}: not a docker archive: it has no manifest.json`);
    const what = `${this.name}: manifest.json`;
    return this.#saved = new Cursor(parseJson(bytes, what), what).items().map((item): Saved => ({
      config: item.field("Config").string(),
      names: item.field("RepoTags").strings(),
      layers: item.field("Layers").strings(),
    }));
  }

  /** See ImageSource. */
  async resolve(name: string | undefined, options: ContentOptions = {}): Promise<readonly Descriptor[]> {
    const saved = await this.#list();
    if (name === undefined || parseDigest(name)?.algorithm !== "sha256") {
      return [await this.#describe(select(saved, name, this.name), options)];
    }
    for (const image of saved) {
      const descriptor = await this.#describe(image, options);
      if (descriptor.digest === name) return [descriptor];
    }
    throw new MissingContentError(`${this.name}: no image has the manifest ${name}`);
  }

  /** Makes the manifest of an image up. */
  async #describe(image: Saved, options: ContentOptions): Promise<Descriptor> {
    const what = `${this.name}: ${image.config}`;
    const bytes = await readSmall(this.tree, image.config, MAX_CONFIG);
    if (bytes === undefined) throw new Error(`${what} is missing`);
    const digest = sha256(bytes), stated = statedDigest(image.config);
    if (stated !== undefined && digest !== stated) {
      throw new Error(`${what}: its content has digest ${digest}`);
    }
    const { diffIds, os, architecture, variant } = decodeImageConfig(bytes, what, image.layers.length);
    this.#paths.set(digest, image.config);
    const layers: Descriptor[] = [];
    for (const [i, path] of image.layers.entries()) {
      layers.push(await this.#describeLayer(path, diffIds[i]!, options));
    }
    const config = { mediaType: OCI_CONFIG, digest, size: bytes.length, annotations: {} };
    const manifest = new TextEncoder().encode(JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptorJson(config),
      layers: layers.map(descriptorJson),
    }));
    const descriptor: Descriptor = {
      mediaType: OCI_MANIFEST,
      digest: sha256(manifest),
      size: manifest.length,
      annotations: {},
      platform: variant === undefined ? { os, architecture } : { os, architecture, variant },
    };
    this.#manifests.set(descriptor.digest, manifest);
    return descriptor;
  }

  /** A layer is kept uncompressed, under its diff_id; an archive of a containerd store has compressed ones. */
  async #describeLayer(path: string, diffId: string, options: ContentOptions): Promise<Descriptor> {
    const size = await this.tree.size(path);
    if (size === undefined) throw new Error(`${this.name}: ${path} is missing`);
    let compression: Compression = "none";
    for await (const chunk of this.tree.read(path)) {
      compression = detectCompression(chunk);
      break;
    }
    const digest = compression === "none"
      ? diffId
      : statedDigest(path) ?? await this.#hash(path, options.signal);
    this.#paths.set(digest, path);
    return { mediaType: LAYER_TYPES[compression], digest, size, annotations: {} };
  }

  async #hash(path: string, signal: AbortSignal | undefined): Promise<string> {
    const hash = hasher("sha256");
    for await (const chunk of this.tree.read(path)) {
      signal?.throwIfAborted();
      hash.update(chunk);
    }
    return `sha256:${hash.digest("hex")}`;
  }

  /** See ImageSource. */
  manifest(descriptor: Descriptor): Promise<Uint8Array> {
    const bytes = this.#manifests.get(descriptor.digest);
    if (bytes !== undefined) return Promise.resolve(bytes);
    return Promise.reject(
      new MissingContentError(`${this.name}: no image has the ${contentName(descriptor)}`),
    );
  }

  /** See ImageSource. A blob is known once an image that has it has been resolved. */
  async *blob(descriptor: Descriptor, options: ContentOptions = {}): AsyncGenerator<Uint8Array> {
    const what = `${this.name}: ${contentName(descriptor)}`;
    const path = this.#paths.get(descriptor.digest);
    if (path === undefined) throw new MissingContentError(`${what}: the archive does not have it`);
    yield* verified(this.tree.read(path), descriptor, what, options.signal);
  }

  /** See ImageSource. Such an archive has none. */
  referrers(): Promise<readonly Descriptor[]> {
    return Promise.resolve([]);
  }

  /** See ImageSource. */
  async *names(): AsyncGenerator<string> {
    yield* new Set((await this.#list()).flatMap((image) => image.names));
  }

  /** See ImageSource. */
  close(): void {
    this.tree.close();
  }
}
