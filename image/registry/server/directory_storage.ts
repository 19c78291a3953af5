/**
 * A registry's content on disk: every repository is an OCI image layout of its own (image-layout.md), so that every tool that reads
 * layouts can read it as it lies, and a layout that another tool puts there is a repository. A blob of several repositories is one file
 * with several names, where the filesystem can do that.
 * @module
 */
import { isVerifiable, parseDigest } from "../../digest.ts";
import { decodeIndex, MAX_MANIFEST } from "../../manifest.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "../../media_types.ts";
import { DirectoryUpload } from "./directory_upload.ts";
import { StorageFullError } from "./errors.ts";
import { openPart, Scratch, syncDirectory } from "./layout_files.ts";
import { EMPTY_INDEX, LayoutIndex } from "./layout_index.ts";
import { isRepositoryName } from "./names.ts";
import type { BlobUpload, ManifestEntry, RegistryStorage, RepositoryView, StoredBlob } from "./storage.ts";

const LAYOUT_FILE = new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}');
/** Components of names that are something else in a layout, or that Windows cannot have as a file. They are kept as "_NAME", which no name can be. */
const RESERVED = /^(?:blobs|index\.json|oci-layout|(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?)$/;
/** Views that are kept parsed. */
const MAX_VIEWS = 256;
/** Indexes of a repository that are followed to the manifests in them, and how deep. */
const MAX_INDEXES = 1000, MAX_NESTING = 8;

interface CachedView {
  readonly identity: string;
  readonly view: RepositoryView;
}

async function ifThere<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** See the module's comment. */
export class DirectoryStorage implements RegistryStorage {
  /** See RegistryStorage. */
  readonly name: string;
  readonly #root: string;
  readonly #scratch: Scratch;
  readonly #views: Map<string, CachedView> = new Map();
  /** The last change of each repository: changes take turns. */
  readonly #turns: Map<string, Promise<unknown>> = new Map();

  private constructor(root: string) {
    this.name = root;
    this.#root = root;
    this.#scratch = new Scratch(`${root}/_uploads`);
  }

  /** Opens the directory `root`, which is made if needed. Throws if it cannot be. */
  static async open(root: string): Promise<DirectoryStorage> {
    const storage = new DirectoryStorage(root.replace(/[/\\]+$/, "") || root);
    try {
      await storage.#scratch.prepare();
    } catch (error) {
      throw new Error(`registry in ${root}: ${(error as Error).message}`, { cause: error });
    }
    return storage;
  }

  #path(repository: string): string {
    const parts = repository.split("/").map((part) => RESERVED.test(part) ? `_${part}` : part);
    return `${this.#root}/${parts.join("/")}`;
  }

  #blobPath(repository: string, digest: string): string {
    const { algorithm, encoded } = parseDigest(digest)!;
    return `${this.#path(repository)}/blobs/${algorithm}/${encoded}`;
  }

  /** Makes the repository, if it is not there, and the directory of an algorithm's blobs. oci-layout comes last: it says that all is there. */
  async #make(repository: string, digest: string): Promise<void> {
    const path = this.#path(repository);
    await Deno.mkdir(`${path}/blobs/${parseDigest(digest)!.algorithm}`, { recursive: true });
    if (await ifThere(Deno.stat(`${path}/oci-layout`)) !== undefined) return;
    await this.#scratch.write(`${path}/index.json`, EMPTY_INDEX, true);
    await this.#scratch.write(`${path}/oci-layout`, LAYOUT_FILE, true);
  }

  /** See RegistryStorage. */
  async repositories(): Promise<string[]> {
    const found: string[] = [];
    const walk = async (path: string, name: string): Promise<void> => {
      if (name !== "" && await ifThere(Deno.stat(`${path}/oci-layout`)) !== undefined) found.push(name);
      const below: string[] = [];
      const entries = Deno.readDir(path);
      try {
        for await (const entry of entries) if (entry.isDirectory) below.push(entry.name);
      } catch (error) {
        // It was removed in the meantime.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      for (const each of below) {
        const part = each.startsWith("_") && RESERVED.test(each.slice(1)) ? each.slice(1) : each;
        if (part === each && RESERVED.test(each)) continue;
        const inner = name === "" ? part : `${name}/${part}`;
        if (isRepositoryName(inner)) await walk(`${path}/${each}`, inner);
      }
    };
    await walk(this.#root, "");
    return found.sort();
  }

  /** See RegistryStorage. */
  async view(repository: string): Promise<RepositoryView | undefined> {
    const path = this.#path(repository);
    if (await ifThere(Deno.stat(`${path}/oci-layout`)) === undefined) return undefined;
    const file = `${path}/index.json`;
    const info = await ifThere(Deno.stat(file));
    if (info === undefined) return { manifests: new Map(), tags: new Map() };
    const identity = `${info.ino} ${info.size} ${info.mtime?.getTime()}`;
    const cached = this.#views.get(repository);
    if (cached?.identity === identity) return cached.view;
    const view = await this.#read(repository, await this.#index(repository));
    this.#views.delete(repository);
    if (this.#views.size >= MAX_VIEWS) this.#views.delete(this.#views.keys().next().value!);
    this.#views.set(repository, { identity, view });
    return view;
  }

  async #index(repository: string): Promise<LayoutIndex> {
    const path = `${this.#path(repository)}/index.json`;
    const bytes = await ifThere(readBounded(path));
    return new LayoutIndex(bytes ?? EMPTY_INDEX, path);
  }

  /** The view of an index. Layouts of other tools list an image's index only, and its manifests are found in that. */
  async #read(repository: string, index: LayoutIndex): Promise<RepositoryView> {
    const manifests = new Map<string, ManifestEntry>(), tags = new Map<string, string>();
    let wave: ManifestEntry[] = [];
    for (const { entry, tag } of index.entries()) {
      if (tag !== undefined && !tags.has(tag)) tags.set(tag, entry.digest);
      if (!manifests.has(entry.digest)) wave.push(entry);
      manifests.set(entry.digest, entry);
    }
    let left = MAX_INDEXES;
    for (let depth = 0; wave.length > 0 && depth < MAX_NESTING; depth++) {
      const inner: ManifestEntry[] = [];
      for (const entry of wave) {
        if (!INDEX_TYPES.includes(entry.mediaType) || left-- <= 0) continue;
        for (const child of await this.#children(repository, entry)) {
          if (manifests.has(child.digest)) continue;
          manifests.set(child.digest, child);
          inner.push(child);
        }
      }
      wave = inner;
    }
    return { manifests, tags };
  }

  async #children(repository: string, { digest }: ManifestEntry): Promise<ManifestEntry[]> {
    const bytes = await ifThere(readBounded(this.#blobPath(repository, digest)));
    if (bytes === undefined) return [];
    try {
      return decodeIndex(bytes, digest).manifests
        .filter(({ mediaType }) => MANIFEST_TYPES.includes(mediaType) || INDEX_TYPES.includes(mediaType))
        .map(({ digest, mediaType, size }) => ({ digest, mediaType, size }));
    } catch {
      return []; // A layout may contain what could not be pushed; it is served as it is.
    }
  }

  /** Changes a repository's index, taking turns with other requests and other processes. */
  async #change<T>(repository: string, f: (index: LayoutIndex) => Promise<T> | T): Promise<T> {
    const before = this.#turns.get(repository) ?? Promise.resolve();
    const turn = before.then(async () => {
      const path = this.#path(repository);
      // No `using`: deno bundle --minify forgets to dispose of it.
      const lock = await Deno.open(`${path}/oci-layout`, { read: true, write: true });
      try {
        await lock.lock(true);
        const index = await this.#index(repository);
        const result = await f(index);
        const bytes = index.encode();
        if (bytes.length > MAX_MANIFEST) {
          throw new StorageFullError(
            `repository ${repository}: its list of manifests would exceed ${MAX_MANIFEST} bytes`,
          );
        }
        await this.#scratch.write(`${path}/index.json`, bytes);
        this.#views.delete(repository);
        return result;
      } finally {
        lock.close();
      }
    });
    const settled = turn.then(() => {}, () => {});
    this.#turns.set(repository, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(repository) === settled) this.#turns.delete(repository);
    }
  }

  /** See RegistryStorage. */
  async blob(repository: string, digest: string): Promise<StoredBlob | undefined> {
    // Digests of other algorithms occur in manifests, and could be of any length.
    const parsed = parseDigest(digest);
    if (parsed === undefined || !isVerifiable(parsed)) return undefined;
    const path = this.#blobPath(repository, digest);
    const info = await ifThere(Deno.stat(path));
    if (info === undefined || !info.isFile) return undefined;
    return { size: info.size, open: (start, end) => openPart(path, start, end) };
  }

  /** See RegistryStorage. */
  async mount(repository: string, from: string, digest: string): Promise<boolean> {
    const source = this.#blobPath(from, digest), target = this.#blobPath(repository, digest);
    if (await ifThere(Deno.stat(source)) === undefined) return false;
    await this.#make(repository, digest);
    try {
      await Deno.link(source, target);
      await syncDirectory(target.slice(0, target.lastIndexOf("/")));
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return true;
      if (error instanceof Deno.errors.NotFound) return false;
    }
    // A filesystem without hard links: the client sends it again.
    return false;
  }

  /** See RegistryStorage. */
  async deleteBlob(repository: string, digest: string): Promise<boolean> {
    const gone = await ifThere(Deno.remove(this.#blobPath(repository, digest)).then(() => true));
    return gone ?? false;
  }

  /** See RegistryStorage. */
  async upload(): Promise<BlobUpload> {
    const { path, file } = await this.#scratch.create();
    return new DirectoryUpload(path, file, async (repository, digest) => {
      await this.#make(repository, digest);
      const target = this.#blobPath(repository, digest);
      await Deno.rename(path, target);
      await syncDirectory(target.slice(0, target.lastIndexOf("/")));
    });
  }

  /** See RegistryStorage. */
  async putManifest(
    repository: string,
    entry: ManifestEntry,
    bytes: Uint8Array,
    tags: readonly string[],
  ): Promise<void> {
    await this.#make(repository, entry.digest);
    await this.#change(repository, async (index) => {
      await this.#scratch.write(this.#blobPath(repository, entry.digest), bytes);
      index.add(entry, tags);
    });
  }

  /** See RegistryStorage. */
  async deleteManifest(repository: string, digest: string): Promise<boolean> {
    const view = await this.view(repository);
    if (!view?.manifests.has(digest)) return false;
    return await this.#change(repository, async (index) => {
      const listed = index.remove(digest);
      return await this.deleteBlob(repository, digest) || listed;
    });
  }

  /** See RegistryStorage. */
  async deleteTag(repository: string, tag: string): Promise<boolean> {
    const view = await this.view(repository);
    if (!view?.tags.has(tag)) return false;
    return await this.#change(repository, (index) => index.untag(tag));
  }
}

async function readBounded(path: string): Promise<Uint8Array> {
  const { size } = await Deno.stat(path);
  if (size > MAX_MANIFEST) {
    throw new Error(`${path}: ${size} bytes, more than the ${MAX_MANIFEST} that are read`);
  }
  return await Deno.readFile(path);
}
