/**
 * Decompressed layers with their indexes, by diff_id: `layers/ALGORITHM/HEX.tar` and `.index`. Files appear by rename, complete or not at all,
 * so a killed process leaves at most a file in `tmp`, and two processes may fetch one layer at the same time.
 * @module
 */
import { type BlobSource, LayerIndex, LayerIndexError } from "../../fs/layerfs/mod.ts";
import { parseDigest } from "../digest.ts";
import { decompress } from "../layer/compression.ts";
import { VerifyError } from "../verify.ts";
import { isAbandoned } from "./file_lock.ts";
import { HostBlob } from "./host_blob.ts";
import { LayerWriter } from "./layer_writer.ts";

/** A layer that can be fetched. */
export interface LayerSource {
  /** What to call it in messages. */
  readonly name: string;
  /** Digest of the decompressed archive (config.md#rootfs). */
  readonly diffId: string;
  /** Reads the blob, which checks itself against its descriptor. */
  open(): AsyncIterable<Uint8Array>;
}

/** A layer ready to be mounted. */
export interface OpenLayer {
  /** Its tree. */
  readonly index: LayerIndex;
  /** Its bytes; whoever mounts it closes it. */
  readonly blob: BlobSource;
}

/** See the module's comment. */
export class LayerCache {
  /** A cache below the directory `root`, which is made when needed. */
  constructor(readonly root: string) {}

  /** Where the layer is, without `.tar` and `.index`. */
  pathOf(diffId: string): string {
    const digest = parseDigest(diffId);
    if (digest === undefined) throw new VerifyError(`layer: malformed diff_id ${JSON.stringify(diffId)}`);
    return `${this.root}/layers/${digest.algorithm}/${digest.encoded}`;
  }

  /** The layer, from the cache or else from its source. Nothing unverified ever gets into the cache. */
  async open(layer: LayerSource): Promise<OpenLayer> {
    const path = this.pathOf(layer.diffId);
    const cached = this.#cached(path);
    if (cached !== undefined) return cached;
    await this.#fetch(layer, path);
    const fetched = this.#cached(path);
    if (fetched === undefined) {
      throw new Error(`layer ${layer.diffId}: ${path}.tar vanished while it was being written`);
    }
    return fetched;
  }

  /** What the cache has, if it is whole. */
  #cached(path: string): OpenLayer | undefined {
    let index: LayerIndex;
    try {
      index = LayerIndex.decode(Deno.readFileSync(`${path}.index`));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof LayerIndexError) return undefined;
      throw new Error(`reading ${path}.index: ${(error as Error).message}`, { cause: error });
    }
    let blob: HostBlob;
    try {
      blob = new HostBlob(`${path}.tar`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new Error(`opening ${path}.tar: ${(error as Error).message}`, { cause: error });
    }
    if (blob.size === index.archiveSize) return { index, blob };
    blob.close();
    return undefined;
  }

  async #fetch(layer: LayerSource, path: string): Promise<void> {
    const what = layer.name;
    const tmp = `${this.root}/tmp`;
    let writer: LayerWriter | undefined;
    try {
      writer = await LayerWriter.create(tmp, parseDigest(layer.diffId)!.algorithm);
      await this.#sweep(tmp);
      for await (const chunk of decompress(layer.open(), { transient: true })) await writer.push(chunk);
      const diffId = writer.digest();
      if (diffId !== layer.diffId) {
        throw new VerifyError(
          `${what}: its archive has digest ${diffId}, not the diff_id ${layer.diffId} of the image's config`,
        );
      }
      await writer.commit(path);
    } catch (error) {
      const message = (error as Error).message;
      throw message.startsWith(what) ? error : new Error(`${what}: ${message}`, { cause: error });
    } finally {
      await writer?.close();
    }
  }

  /** Removes what killed processes left behind. */
  async #sweep(tmp: string): Promise<void> {
    for await (const { name } of Deno.readDir(tmp)) {
      const path = `${tmp}/${name}`;
      if (await isAbandoned(path)) await Deno.remove(path).catch(() => {}); // somebody else swept
    }
  }
}
