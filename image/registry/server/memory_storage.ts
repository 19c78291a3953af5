/** A registry's content in memory. @module */
import { StorageFullError } from "./errors.ts";
import type { BlobUpload, ManifestEntry, RegistryStorage, RepositoryView, StoredBlob } from "./storage.ts";

/** Most bytes that are kept, unless told. */
const DEFAULT_LIMIT = 1024 ** 3;
/** What a blob, a manifest, a tag or a repository counts for besides its bytes: many small ones are large too. */
const RECORD = 512;
/** Small chunks are collected to blocks of this size. */
const BLOCK = 64 * 1024;

class Content implements StoredBlob {
  constructor(readonly size: number, readonly chunks: readonly Uint8Array<ArrayBuffer>[]) {}

  *#slices(start: number, end: number): Generator<Uint8Array<ArrayBuffer>> {
    let at = 0;
    for (const chunk of this.chunks) {
      const from = Math.max(start - at, 0), to = Math.min(end - at, chunk.length);
      if (from < to) yield chunk.subarray(from, to);
      at += chunk.length;
      if (at >= end) return;
    }
  }

  open(start: number, end: number): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return Promise.resolve(ReadableStream.from(this.#slices(start, end)));
  }
}

/** Bytes in blocks, so that a body of many small chunks is no larger than others. */
class Blocks {
  #blocks: Uint8Array<ArrayBuffer>[] = [];
  /** Bytes of the last block that are in use. */
  #used = 0;
  size = 0;

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      let last = this.#blocks.at(-1);
      if (last === undefined || this.#used === last.length) {
        last = new Uint8Array(Math.max(chunk.length - at, BLOCK));
        this.#blocks.push(last);
        this.#used = 0;
      }
      const n = Math.min(chunk.length - at, last.length - this.#used);
      last.set(chunk.subarray(at, at + n), this.#used);
      this.#used += n;
      this.size += n;
      at += n;
    }
  }

  truncate(to: number): void {
    const { chunks, size } = this.content();
    this.#blocks = [];
    this.#used = this.size = 0;
    let left = Math.min(to, size);
    for (const chunk of chunks) {
      if (left === 0) break;
      const kept = chunk.subarray(0, left);
      left -= kept.length;
      this.#blocks.push(kept);
      this.#used = kept.length;
      this.size += kept.length;
    }
  }

  content(): Content {
    const blocks = this.#blocks.slice(0, -1), last = this.#blocks.at(-1);
    if (last !== undefined) blocks.push(last.slice(0, this.#used));
    return new Content(this.size, blocks);
  }
}

/** The result as a promise: what is thrown rejects it. */
function soon<T>(f: () => T): Promise<T> {
  return new Promise((resolve) => resolve(f()));
}

interface Repository extends RepositoryView {
  readonly manifests: Map<string, ManifestEntry>;
  readonly tags: Map<string, string>;
  readonly blobs: Map<string, Content>;
}

/** See the module's comment. */
export class MemoryStorage implements RegistryStorage {
  /** See RegistryStorage. */
  readonly name = "memory";
  readonly #repositories: Map<string, Repository> = new Map();
  readonly #limit: number;
  #used = 0;

  /** `limit`: most bytes of blobs and uploads together; a blob mounted elsewhere counts once more. */
  constructor(options: { readonly limit?: number } = {}) {
    this.#limit = options.limit ?? DEFAULT_LIMIT;
  }

  #take(bytes: number): void {
    if (this.#used + bytes > this.#limit) {
      throw new StorageFullError(`the registry keeps ${this.#limit} bytes in memory, and no more`);
    }
    this.#used += bytes;
  }

  #repository(name: string): Repository {
    let found = this.#repositories.get(name);
    if (found === undefined) {
      this.#take(RECORD);
      found = { manifests: new Map(), tags: new Map(), blobs: new Map() };
      this.#repositories.set(name, found);
    }
    return found;
  }

  /** Keeps content whose bytes have been counted; they are given back where the blob was there already. */
  #keep(repository: string, digest: string, content: Content): void {
    const { blobs } = this.#repository(repository);
    if (blobs.has(digest)) this.#used -= content.size;
    else {
      this.#take(RECORD);
      blobs.set(digest, content);
    }
  }

  /** Runs `f`; if there is no room for what it keeps, `bytes` that were counted for it are given back. */
  #orGiveBack(bytes: number, f: () => void): void {
    try {
      f();
    } catch (error) {
      this.#used -= bytes;
      throw error;
    }
  }

  /** See RegistryStorage. */
  repositories(): Promise<string[]> {
    return Promise.resolve([...this.#repositories.keys()].sort());
  }

  /** See RegistryStorage. */
  view(repository: string): Promise<RepositoryView | undefined> {
    return Promise.resolve(this.#repositories.get(repository));
  }

  /** See RegistryStorage. */
  blob(repository: string, digest: string): Promise<StoredBlob | undefined> {
    return Promise.resolve(this.#repositories.get(repository)?.blobs.get(digest));
  }

  /** See RegistryStorage. */
  mount(repository: string, from: string, digest: string): Promise<boolean> {
    const content = this.#repositories.get(from)?.blobs.get(digest);
    if (content === undefined) return Promise.resolve(false);
    return soon(() => {
      this.#take(content.size);
      this.#orGiveBack(content.size, () => this.#keep(repository, digest, content));
      return true;
    });
  }

  /** See RegistryStorage. */
  deleteBlob(repository: string, digest: string): Promise<boolean> {
    const blobs = this.#repositories.get(repository)?.blobs;
    const content = blobs?.get(digest);
    if (content !== undefined) this.#used -= content.size + RECORD;
    return Promise.resolve(blobs?.delete(digest) ?? false);
  }

  /** See RegistryStorage. */
  upload(): Promise<BlobUpload> {
    const blocks = new Blocks();
    const cut = (to: number): void => {
      this.#used -= Math.max(blocks.size - to, 0);
      blocks.truncate(to);
    };
    return Promise.resolve({
      get size() {
        return blocks.size;
      },
      write: (chunk) =>
        soon(() => {
          this.#take(chunk.length);
          blocks.add(chunk);
        }),
      truncate: (to) => soon(() => cut(to)),
      async *read() {
        yield* await Promise.resolve(blocks.content().chunks);
      },
      commit: (repository, digest) =>
        soon(() => {
          const content = blocks.content();
          blocks.truncate(0);
          this.#orGiveBack(content.size, () => this.#keep(repository, digest, content));
        }),
      discard: () => soon(() => cut(0)),
    });
  }

  /** See RegistryStorage. */
  putManifest(
    repository: string,
    entry: ManifestEntry,
    bytes: Uint8Array,
    tags: readonly string[],
  ): Promise<void> {
    return soon(() => {
      this.#take(bytes.length);
      const content = new Content(bytes.length, [bytes.slice()]);
      this.#orGiveBack(bytes.length, () => this.#keep(repository, entry.digest, content));
      const found = this.#repository(repository);
      this.#take(RECORD * (tags.filter((tag) => !found.tags.has(tag)).length));
      found.manifests.set(entry.digest, entry);
      for (const tag of tags) found.tags.set(tag, entry.digest);
    });
  }

  /** See RegistryStorage. */
  async deleteManifest(repository: string, digest: string): Promise<boolean> {
    const found = this.#repositories.get(repository);
    if (!found?.manifests.delete(digest)) return false;
    for (const [tag, meant] of found.tags) if (meant === digest) await this.deleteTag(repository, tag);
    return await this.deleteBlob(repository, digest);
  }

  /** See RegistryStorage. */
  deleteTag(repository: string, tag: string): Promise<boolean> {
    const gone = this.#repositories.get(repository)?.tags.delete(tag) ?? false;
    if (gone) this.#used -= RECORD;
    return Promise.resolve(gone);
  }
}
