/** A registry's content in memory. @module */
import { StorageFullError } from "./errors.ts";
import type { BlobUpload, ManifestEntry, RegistryStorage, RepositoryView, StoredBlob } from "./storage.ts";

/** Most bytes that are kept, unless told. */
const DEFAULT_LIMIT = 1024 ** 3;

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
      found = { manifests: new Map(), tags: new Map(), blobs: new Map() };
      this.#repositories.set(name, found);
    }
    return found;
  }

  /** Space for the content has been taken; it is given back where the blob was there already. */
  #keep(repository: string, digest: string, content: Content): void {
    const { blobs } = this.#repository(repository);
    if (blobs.has(digest)) this.#used -= content.size;
    else blobs.set(digest, content);
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
  async mount(repository: string, from: string, digest: string): Promise<boolean> {
    const content = this.#repositories.get(from)?.blobs.get(digest);
    if (content === undefined) return false;
    await Promise.resolve(this.#take(content.size));
    this.#keep(repository, digest, content);
    return true;
  }

  /** See RegistryStorage. */
  deleteBlob(repository: string, digest: string): Promise<boolean> {
    const blobs = this.#repositories.get(repository)?.blobs;
    const content = blobs?.get(digest);
    if (content !== undefined) this.#used -= content.size;
    return Promise.resolve(blobs?.delete(digest) ?? false);
  }

  /** See RegistryStorage. */
  upload(): Promise<BlobUpload> {
    let chunks: Uint8Array<ArrayBuffer>[] = [], size = 0;
    const cut = (to: number): void => {
      while (size > to) {
        const last = chunks.pop()!;
        const rest = Math.max(to - (size - last.length), 0);
        if (rest > 0) chunks.push(last.slice(0, rest));
        size -= last.length - rest;
        this.#used -= last.length - rest;
      }
    };
    return Promise.resolve({
      get size() {
        return size;
      },
      write: async (chunk) => {
        await Promise.resolve(this.#take(chunk.length));
        chunks.push(chunk.slice());
        size += chunk.length;
      },
      truncate: (to) => Promise.resolve(cut(to)),
      async *read() {
        yield* await Promise.resolve(chunks);
      },
      commit: (repository, digest) => {
        this.#keep(repository, digest, new Content(size, chunks));
        chunks = [];
        size = 0;
        return Promise.resolve();
      },
      discard: () => Promise.resolve(cut(0)),
    });
  }

  /** See RegistryStorage. */
  async putManifest(
    repository: string,
    entry: ManifestEntry,
    bytes: Uint8Array,
    tags: readonly string[],
  ): Promise<void> {
    await Promise.resolve(this.#take(bytes.length));
    this.#keep(repository, entry.digest, new Content(bytes.length, [bytes.slice()]));
    const found = this.#repository(repository);
    found.manifests.set(entry.digest, entry);
    for (const tag of tags) found.tags.set(tag, entry.digest);
  }

  /** See RegistryStorage. */
  async deleteManifest(repository: string, digest: string): Promise<boolean> {
    const found = this.#repositories.get(repository);
    if (!found?.manifests.delete(digest)) return false;
    for (const [tag, meant] of found.tags) if (meant === digest) found.tags.delete(tag);
    return await this.deleteBlob(repository, digest);
  }

  /** See RegistryStorage. */
  deleteTag(repository: string, tag: string): Promise<boolean> {
    return Promise.resolve(this.#repositories.get(repository)?.tags.delete(tag) ?? false);
  }
}
