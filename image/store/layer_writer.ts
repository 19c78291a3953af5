/** Writes the archive of a layer into the cache: hashed and indexed on its way, in its place only when it is whole. @module */
import type { LayerIndex } from "../../fs/layerfs/mod.ts";
import type { Hash } from "node:crypto";
import { hasher } from "../digest.ts";
import { LayerIndexer } from "../layer/layer_indexer.ts";
import { directoryOf, makeDirectory, syncDirectory } from "./atomic_file.ts";
import { FileWriter } from "./file_writer.ts";

/** One layer on its way into the cache. */
export class LayerWriter {
  readonly #indexer = new LayerIndexer();
  readonly #hash: Hash;
  readonly #out: FileWriter;
  #failure: unknown;
  #failed = false;
  #size = 0;

  private constructor(readonly algorithm: string, readonly name: string, readonly file: Deno.FsFile) {
    this.#hash = hasher(algorithm);
    this.#out = new FileWriter(file);
  }

  /** Begins a layer in the directory `tmp`, which is made if needed. */
  static async create(tmp: string, algorithm = "sha256"): Promise<LayerWriter> {
    await makeDirectory(tmp, 0o700);
    const name = `${tmp}/${crypto.randomUUID()}`;
    const file = await Deno.open(`${name}.tar`, { write: true, createNew: true, mode: 0o600 });
    await file.lock(true);
    return new LayerWriter(algorithm, name, file);
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** The next bytes of the archive. */
  async push(chunk: Uint8Array): Promise<void> {
    const written = this.#out.write(chunk);
    this.#size += chunk.length;
    this.#hash.update(chunk);
    if (!this.#failed) this.#index(chunk);
    await written;
  }

  #index(chunk: Uint8Array): void {
    try {
      this.#indexer.push(chunk);
    } catch (error) {
      // A wrong digest explains a malformed archive better than the archive does: it is read to the end first.
      this.#failed = true;
      this.#failure = error;
    }
  }

  /** No more bytes. The archive's digest; nothing has been said about its form. */
  digest(): string {
    return `${this.algorithm}:${this.#hash.digest("hex")}`;
  }

  /** Brings archive and index to `path` with `.tar` and `.index`. Throws if the archive is not a layer's. */
  async commit(path: string): Promise<LayerIndex> {
    if (this.#failed) throw this.#failure;
    const index = this.#indexer.finish();
    await this.#out.flush();
    await this.file.syncData();
    await Deno.writeFile(`${this.name}.index`, index.encode(), { createNew: true, mode: 0o600 });
    await makeDirectory(directoryOf(path), 0o700);
    await Deno.rename(`${this.name}.tar`, `${path}.tar`);
    await Deno.rename(`${this.name}.index`, `${path}.index`);
    await syncDirectory(directoryOf(path));
    return index;
  }

  /** Gives everything back; what has not been committed is gone. */
  async close(): Promise<void> {
    this.file.close();
    for (const end of [".tar", ".index"]) await Deno.remove(this.name + end).catch(() => {}); // renamed away if all went well
  }
}
