/**
 * The store of a user: an OCI image layout, which other tools can read as it lies, and beside it decompressed layers with their indexes,
 * what is on its way (`ingest`, `tmp`), and what running processes need (`leases`). Names in its index.json are whole references.
 * @module
 */
import type { ContentOptions, ImageSink, ImageSource } from "../content.ts";
import { MissingContentError } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { isKnownDigest } from "../digest.ts";
import { blobPath, LayoutSource } from "../layout.ts";
import { contentName, streamOf } from "../read_content.ts";
import { DEFAULT_TAG, parseRegistryReference, registryReferenceText } from "../registry/reference.ts";
import { isRefName, refName } from "../select.ts";
import { makeDirectory } from "./atomic_file.ts";
import { defaultRoot } from "./default_root.ts";
import { DirectoryTree } from "./host_tree.ts";
import { ingest } from "./ingest.ts";
import { LayerCache } from "./layer_cache.ts";
import { changeIndex, indexEntry } from "./layout_index.ts";
import { Lease } from "./lease.ts";
import { PutManifests } from "./put_manifests.ts";
import { walk } from "./reachable.ts";

/** How a store is opened. */
export interface StoreOptions {
  /** Layers are decompressed and indexed while they come in. */
  readonly prepareLayers?: boolean;
}

/** The whole name that a user's short one stands for in the store: "busybox" is docker.io/library/busybox:latest. */
export function storeName(text: string): string {
  if (isKnownDigest(text)) return text;
  const reference = parseRegistryReference(text);
  const { tag, digest } = reference;
  return registryReferenceText(
    tag === undefined && digest === undefined ? { ...reference, tag: DEFAULT_TAG } : reference,
  );
}

/** See the module's comment. */
export class Store implements ImageSource, ImageSink {
  /** See ImageSource. */
  readonly name: string;
  /** What this process needs. */
  readonly lease: Lease;
  /** Decompressed layers. */
  readonly layers: LayerCache;
  /** Its content, read without a lease: for those who hold the collector's lock, and for looking around. */
  readonly contents: LayoutSource;
  readonly #manifests = new PutManifests();
  readonly #prepareLayers: boolean;

  private constructor(readonly root: string, options: StoreOptions) {
    this.name = root;
    this.lease = new Lease(root);
    this.layers = new LayerCache(root);
    this.contents = new LayoutSource(new DirectoryTree(root));
    this.#prepareLayers = options.prepareLayers ?? false;
  }

  /** Opens the store at `root`, which is made if there is none. */
  static async open(root: string = defaultRoot(), options: StoreOptions = {}): Promise<Store> {
    await makeDirectory(`${root}/blobs/sha256`);
    const known = await Deno.stat(`${root}/index.json`).then(() => true, () => false);
    if (!known) await changeIndex(root, (entries) => entries);
    return new Store(root, options);
  }

  /** The entries of the index. */
  async list(): Promise<readonly Descriptor[]> {
    return (await this.contents.index()).manifests;
  }

  /** See ImageSource. A name may be short (storeName). What it means is leased. */
  async resolve(name: string | undefined, options: ContentOptions = {}): Promise<readonly Descriptor[]> {
    if (name === undefined) throw new Error(`store ${this.root}: it has many images: name one of them`);
    const found = await this.#lookUp(name, options);
    await this.lease.add(found.map((descriptor) => descriptor.digest), options.signal);
    return found;
  }

  async #lookUp(name: string, options: ContentOptions): Promise<readonly Descriptor[]> {
    const entries = await this.list();
    const exact = entries.filter((entry) => refName(entry) === name);
    if (exact.length > 0) return exact;
    if (isKnownDigest(name)) return await this.contents.resolve(name, options);
    const whole = storeName(name);
    const named = entries.filter((entry) => refName(entry) === whole);
    if (named.length > 0) return named;
    const { digest: wanted } = parseRegistryReference(name);
    // NAME@DIGEST: what has that digest is that image, whatever it was called when it came.
    const known = wanted === undefined ? undefined : entries.find((entry) => entry.digest === wanted);
    if (known !== undefined) return [known];
    throw new MissingContentError(`store ${this.root}: it has no image ${whole}`);
  }

  /** See ImageSource. */
  async manifest(descriptor: Descriptor, options?: ContentOptions): Promise<Uint8Array> {
    await this.lease.add([descriptor.digest], options?.signal);
    return await this.contents.manifest(descriptor, options);
  }
  /** See ImageSource. */
  async *blob(descriptor: Descriptor, options?: ContentOptions): AsyncGenerator<Uint8Array> {
    await this.lease.add([descriptor.digest], options?.signal);
    yield* this.contents.blob(descriptor, options);
  }
  /** See ImageSource. */
  referrers(digest: string, options?: ContentOptions): Promise<readonly Descriptor[]> {
    return this.contents.referrers(digest, options);
  }
  /** See ImageSource. */
  names(options?: ContentOptions): AsyncIterable<string> {
    return this.contents.names(options);
  }

  /** See ImageSink. A blob that is there will stay. */
  async hasBlob(descriptor: Descriptor, options: ContentOptions = {}): Promise<boolean> {
    await this.lease.add([descriptor.digest], options.signal);
    const info = await Deno.stat(`${this.root}/${blobPath(descriptor.digest)}`).catch(() => null);
    return info?.isFile === true && info.size === descriptor.size;
  }

  /** See ImageSink. */
  putBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options: ContentOptions = {},
  ): Promise<void> {
    return this.#ingest(descriptor, open, false, options);
  }
  /** See ImageSink. */
  resumeBlob(
    descriptor: Descriptor,
    openFrom: (offset: number) => AsyncIterable<Uint8Array>,
    options: ContentOptions = {},
  ): Promise<void> {
    return this.#ingest(descriptor, openFrom, true, options);
  }

  async #ingest(
    descriptor: Descriptor,
    openFrom: (offset: number) => AsyncIterable<Uint8Array>,
    resume: boolean,
    options: ContentOptions,
  ): Promise<void> {
    if (await this.hasBlob(descriptor, options)) return;
    await ingest({
      root: this.root,
      descriptor,
      openFrom,
      resume,
      ...this.#prepareLayers ? { prepare: { cache: this.layers, lease: this.lease } } : {},
      ...options.signal === undefined ? {} : { signal: options.signal },
    });
  }

  /** See ImageSink. */
  async putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    name: string | undefined,
    options: ContentOptions = {},
  ): Promise<void> {
    await this.#ingest(descriptor, () => streamOf(bytes), false, options);
    const whole = name === undefined ? undefined : storeName(name);
    this.#manifests.add(descriptor, bytes, whole, `store ${this.root}: ${contentName(descriptor)}`);
  }

  /** See ImageSink. */
  async commit(): Promise<void> {
    await changeIndex(this.root, (entries) => this.#manifests.into(entries));
    this.#manifests.clear();
  }

  /** Leases everything that a manifest leads to, decompressed layers included. */
  async hold(descriptor: Descriptor, signal?: AbortSignal): Promise<void> {
    const seen = new Set<string>(), archives = new Set<string>();
    await walk(this.contents, descriptor, {
      reach: async ({ digest }) => {
        if (seen.has(digest)) return false;
        seen.add(digest);
        await this.lease.add([digest], signal);
        return true;
      },
      archive: (diffId) => archives.add(diffId),
      subject: () => {},
      problem: () => {}, // whoever reads it will be told
    });
    await this.lease.add(archives, signal);
  }

  /** Gives an image another name, too; one that has it loses it. What is given: what the name means now. */
  async tag(source: string, target: string): Promise<readonly Descriptor[]> {
    const name = storeName(target);
    if (!isRefName(name) || isKnownDigest(name)) {
      throw new Error(`tagging ${source}: ${JSON.stringify(target)} cannot be a name`);
    }
    const found = await this.resolve(source);
    for (const descriptor of found) await this.hold(descriptor);
    // If its last name has been taken away before it was held, it may be gone.
    for (const descriptor of found) {
      if (!await this.hasBlob(descriptor)) throw new MissingContentError(`tagging ${source}: it has gone`);
    }
    await changeIndex(this.root, (entries) => {
      const known = new Map(entries.map(({ descriptor }) => [descriptor.digest, descriptor]));
      return [
        ...entries.filter(({ descriptor }) => refName(descriptor) !== name),
        ...found.map((each) => indexEntry(known.get(each.digest) ?? each, name)),
      ];
    });
    return found;
  }

  /**
   * Takes a name away; of a digest, every name that means it. The names that are gone; "" where an image had none. Content goes with the
   * next collection.
   */
  async remove(name: string): Promise<string[]> {
    const found = await this.#lookUp(name, {});
    const byDigest = isKnownDigest(name);
    const removed: string[] = [];
    await changeIndex(this.root, (entries) =>
      entries.filter(({ descriptor }) => {
        const same = found.some((each) =>
          each.digest === descriptor.digest && (byDigest || refName(each) === refName(descriptor))
        );
        if (same) removed.push(refName(descriptor) ?? "");
        return !same;
      }));
    if (removed.length > 0) return removed;
    throw new MissingContentError(`store ${this.root}: no name there means ${name}`);
  }

  /** Gives the lease back. */
  close(): void {
    this.lease.close();
  }
}
