/**
 * Decompressed layers with their indexes, by diff_id: `layers/ALGORITHM/HEX.tar` and `.index`. Files appear by rename, complete or not at all,
 * so a killed process leaves at most a file in `tmp`, and two processes may fetch one layer at the same time.
 * @module
 */
import { type BlobSource, LayerIndex, LayerIndexError } from "../../fs/layerfs/mod.ts";
import { hasher, parseDigest } from "../digest.ts";
import { decompress } from "../layer/compression.ts";
import { LayerIndexer } from "../layer/layer_indexer.ts";
import { VerifyError } from "../verify.ts";
import { HostBlob } from "./host_blob.ts";

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

const WRITE_BUFFER = 1024 * 1024;
const STALE_MS = 24 * 3600 * 1000;

/** See the module's comment. */
export class LayerCache {
  /** A cache below the directory `root`, which is made when needed. */
  constructor(readonly root: string) {}

  #path(diffId: string): string {
    const digest = parseDigest(diffId);
    if (digest === undefined) throw new VerifyError(`layer: malformed diff_id ${JSON.stringify(diffId)}`);
    return `${this.root}/layers/${digest.algorithm}/${digest.encoded}`;
  }

  /** The layer, from the cache or else from its source. Nothing unverified ever gets into the cache. */
  async open(layer: LayerSource): Promise<OpenLayer> {
    const path = this.#path(layer.diffId);
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
    await Deno.mkdir(tmp, { recursive: true, mode: 0o700 });
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    await this.#sweep(tmp);
    const name = `${tmp}/${crypto.randomUUID()}`;
    try {
      const index = await this.#write(layer, `${name}.tar`, what);
      await Deno.writeFile(`${name}.index`, index.encode(), { createNew: true, mode: 0o600 });
      await Deno.rename(`${name}.tar`, `${path}.tar`);
      await Deno.rename(`${name}.index`, `${path}.index`);
    } finally {
      for (const end of [".tar", ".index"]) await Deno.remove(name + end).catch(() => {}); // renamed away if all went well
    }
  }

  /** Decompresses, verifies and indexes in one pass. */
  async #write(layer: LayerSource, name: string, what: string): Promise<LayerIndex> {
    const indexer = new LayerIndexer();
    const expected = parseDigest(layer.diffId)!;
    const hash = hasher(expected.algorithm);
    const file = await Deno.open(name, { write: true, createNew: true, mode: 0o600 });
    const out = new BufferedWriter(file);
    try {
      let failure: unknown;
      for await (const chunk of decompress(layer.open())) {
        hash.update(chunk);
        out.write(chunk);
        // A wrong digest explains a malformed archive better than the archive does: read on to the end first.
        if (failure === undefined) failure = attempt(() => indexer.push(chunk));
      }
      const diffId = `${expected.algorithm}:${hash.digest("hex")}`;
      if (diffId !== layer.diffId) {
        throw new VerifyError(
          `${what}: its archive has digest ${diffId}, not the diff_id ${layer.diffId} of the image's config`,
        );
      }
      if (failure !== undefined) throw failure;
      out.flush();
      file.syncDataSync();
      return indexer.finish();
    } catch (error) {
      const message = (error as Error).message;
      throw message.startsWith(what) ? error : new Error(`${what}: ${message}`, { cause: error });
    } finally {
      file.close();
    }
  }

  /** Removes what killed processes left behind. */
  async #sweep(tmp: string): Promise<void> {
    for await (const { name } of Deno.readDir(tmp)) {
      const path = `${tmp}/${name}`;
      const info = await Deno.stat(path).catch(() => null);
      if (info?.mtime && Date.now() - info.mtime.getTime() > STALE_MS) {
        await Deno.remove(path).catch(() => {});
      }
    }
  }
}

function attempt(f: () => void): unknown {
  try {
    f();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Few large writes in place of many small ones. */
class BufferedWriter {
  readonly #buffer = new Uint8Array(WRITE_BUFFER);
  #used = 0;

  constructor(readonly file: Deno.FsFile) {}

  write(chunk: Uint8Array): void {
    if (this.#used + chunk.length > WRITE_BUFFER) this.flush();
    if (chunk.length >= WRITE_BUFFER) return this.#all(chunk);
    this.#buffer.set(chunk, this.#used);
    this.#used += chunk.length;
  }

  flush(): void {
    this.#all(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #all(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) at += this.file.writeSync(bytes.subarray(at));
  }
}
