/** A blob on its way into a directory: a file that gets its name when its content has been checked. @module */
import { StorageFullError } from "./errors.ts";
import type { BlobUpload } from "./storage.ts";

/** No space, no quota, a full disk on Windows. */
const FULL = /os error (28|122|112)\b/;

/** See the module's comment. */
export class DirectoryUpload implements BlobUpload {
  /** See BlobUpload. */
  size = 0;
  readonly #path: string;
  readonly #place: (repository: string, digest: string) => Promise<void>;
  #file: Deno.FsFile | undefined;

  /** Writes to `file`, which is at `path`; `place` gives it its name. */
  constructor(path: string, file: Deno.FsFile, place: (repository: string, digest: string) => Promise<void>) {
    this.#path = path;
    this.#file = file;
    this.#place = place;
  }

  get #open(): Deno.FsFile {
    if (this.#file === undefined) throw new Error(`writing ${this.#path}: the upload is over`);
    return this.#file;
  }

  /** See BlobUpload. */
  async write(chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < chunk.length;) at += await this.#open.write(chunk.subarray(at));
    } catch (error) {
      const full = FULL.test((error as Error).message);
      throw full ? new StorageFullError("there is no space for more", { cause: error }) : error;
    }
    this.size += chunk.length;
  }

  /** See BlobUpload. */
  async truncate(size: number): Promise<void> {
    await this.#open.truncate(size);
    await this.#open.seek(size, Deno.SeekMode.Start);
    this.size = size;
  }

  /** See BlobUpload. */
  async *read(): AsyncIterable<Uint8Array> {
    await this.#open.seek(0, Deno.SeekMode.Start);
    const buffer = new Uint8Array(1024 * 1024);
    for (let n = await this.#open.read(buffer); n !== null; n = await this.#open.read(buffer)) {
      yield buffer.subarray(0, n);
    }
  }

  /** See BlobUpload. */
  async commit(repository: string, digest: string): Promise<void> {
    try {
      await this.#open.sync();
      await this.#place(repository, digest);
      this.#close();
    } finally {
      await this.discard();
    }
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** See BlobUpload. */
  async discard(): Promise<void> {
    if (this.#file === undefined) return;
    this.#close();
    await Deno.remove(this.#path).catch(() => {});
  }
}
