/** What a registry keeps its content in. @module */

/** A manifest that a repository has. */
export interface ManifestEntry {
  /** Digest of its bytes. */
  readonly digest: string;
  /** The media type that it was pushed as. */
  readonly mediaType: string;
  /** Size in bytes. */
  readonly size: number;
}

/** The manifests of a repository at one moment. A manifest may be listed whose bytes are not there: indexes can be sparse. */
export interface RepositoryView {
  /** By digest. */
  readonly manifests: ReadonlyMap<string, ManifestEntry>;
  /** What each tag means. */
  readonly tags: ReadonlyMap<string, string>;
}

/** A blob or a manifest's bytes. */
export interface StoredBlob {
  /** Size in bytes. */
  readonly size: number;
  /** The bytes from `start` to before `end`. Undefined if the blob has gone since. */
  open(start: number, end: number): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined>;
}

/** A blob that is being written. Calls do not overlap. */
export interface BlobUpload {
  /** Bytes so far. */
  readonly size: number;
  /** Adds to the end. Throws a StorageFullError where there is no room. */
  write(chunk: Uint8Array): Promise<void>;
  /** Drops what is beyond `size`. */
  truncate(size: number): Promise<void>;
  /** The bytes so far. */
  read(): AsyncIterable<Uint8Array>;
  /** Makes it a blob of a repository, under a digest that has been checked; it is over then, whether or not that succeeds. */
  commit(repository: string, digest: string): Promise<void>;
  /** Gives it up. */
  discard(): Promise<void>;
}

/** See the module's comment. Names of repositories and digests have been checked by the caller. */
export interface RegistryStorage {
  /** What to call it in messages. */
  readonly name: string;
  /** All repositories, sorted. */
  repositories(): Promise<string[]>;
  /** The manifests of a repository; undefined if there is no such repository. */
  view(repository: string): Promise<RepositoryView | undefined>;
  /** A blob of a repository, or a manifest's bytes. */
  blob(repository: string, digest: string): Promise<StoredBlob | undefined>;
  /** Gives a blob of one repository to another. False if `from` does not have it. */
  mount(repository: string, from: string, digest: string): Promise<boolean>;
  /** False if there was none. */
  deleteBlob(repository: string, digest: string): Promise<boolean>;
  /** Begins a blob. */
  upload(): Promise<BlobUpload>;
  /** Keeps a manifest and lets tags mean it. */
  putManifest(
    repository: string,
    entry: ManifestEntry,
    bytes: Uint8Array,
    tags: readonly string[],
  ): Promise<void>;
  /** Removes a manifest and the tags that mean it. False if there was none. */
  deleteManifest(repository: string, digest: string): Promise<boolean>;
  /** Removes a tag; the manifest stays. False if there was none. */
  deleteTag(repository: string, tag: string): Promise<boolean>;
}
