/** Copies images between any two places, as the bytes are: every digest stays what it was. @module */
import { type ContentOptions, type ImageSink, type ImageSource, MissingContentError } from "./content.ts";
import { type ManifestFacts, manifestFacts } from "./describe_manifest.ts";
import type { Descriptor } from "./descriptor.ts";
import { findManifest, type ImageChoice, MAX_NESTING } from "./load.ts";
import { MAX_MANIFEST } from "./manifest.ts";
import { INDEX_TYPES, isForeignLayer, MANIFEST_TYPES } from "./media_types.ts";
import { inParallel } from "./parallel.ts";
import { contentName, readBlob, readManifest } from "./read_content.ts";
import { PARALLEL_BLOBS, transferBlob, type TransferOptions } from "./transfer.ts";

/** Manifests of one copy, at most, and their bytes: they are held until the blobs have been copied. */
const MAX_MANIFESTS = 4096, MAX_HELD = 128 * 1024 * 1024;

/** What is copied. */
export interface CopyOptions extends TransferOptions {
  /** The one image that is wanted of an index; without it everything is copied as it stands. */
  readonly choice?: ImageChoice;
  /** What refers to the copied manifests (signatures, bills of materials) comes along. */
  readonly referrers?: boolean;
  /** Layers that are not to be distributed go to registries, too. */
  readonly nonDistributable?: boolean;
}

/** What has been copied. */
export interface Copied {
  /** What the name means now. */
  readonly descriptor: Descriptor;
  /** Manifests and indexes that were put. */
  readonly manifests: readonly Descriptor[];
  /** What the source did not have: parts of a sparse index, layers that are to be had elsewhere. */
  readonly missing: readonly Descriptor[];
  /** Layers that are not to be distributed, and did not go to where others have access. */
  readonly withheld: readonly Descriptor[];
}

/** A manifest that waits for its blobs. */
interface Planned {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** What it refers to. */
  readonly parts: readonly Descriptor[];
  /** Without it there is nothing to copy. */
  readonly required: boolean;
}

/** Everything that is to be copied, found out before anything is. */
class Plan {
  /** In an order in which what is referred to comes first. */
  readonly manifests = new Map<string, Planned>();
  readonly blobs = new Map<string, Descriptor>();
  readonly missing = new Map<string, Descriptor>();
  #held = 0;

  constructor(readonly source: ImageSource, readonly options: ContentOptions) {}

  /** Adds a manifest with all below it. */
  async add(descriptor: Descriptor, required: boolean, depth = 0): Promise<void> {
    const { digest, mediaType } = descriptor;
    if (this.manifests.has(digest) || this.missing.has(digest)) return;
    const { name } = this.source;
    if (depth > MAX_NESTING) throw new Error(`${name}: indexes nested more than ${MAX_NESTING} deep`);
    const bytes = await this.#read(descriptor, required);
    if (bytes === undefined) return;
    this.#held += bytes.length;
    if (this.manifests.size >= MAX_MANIFESTS || this.#held > MAX_HELD) {
      throw new Error(`${name}: more than ${MAX_MANIFESTS} manifests, or ${MAX_HELD} bytes of them`);
    }
    const isIndex = INDEX_TYPES.includes(mediaType);
    // A manifest of a kind that is not known is carried as it is; what it refers to cannot be.
    const known = isIndex || MANIFEST_TYPES.includes(mediaType);
    const { parts } = known ? this.#facts(descriptor, bytes) : { parts: [] };
    for (const part of parts) {
      if (isIndex) await this.add(part, false, depth + 1);
      else if (!this.blobs.has(part.digest)) this.blobs.set(part.digest, part);
    }
    this.manifests.set(digest, { descriptor, bytes, parts, required });
  }

  #facts(descriptor: Descriptor, bytes: Uint8Array): ManifestFacts {
    const what = `${this.source.name}: ${contentName(descriptor)}`;
    const facts = manifestFacts(bytes, what);
    if (
      facts.mediaType !== descriptor.mediaType &&
      INDEX_TYPES.includes(facts.mediaType) !== INDEX_TYPES.includes(descriptor.mediaType)
    ) {
      throw new Error(`${what}: its content is ${facts.mediaType}`);
    }
    return facts;
  }

  async #read(descriptor: Descriptor, required: boolean): Promise<Uint8Array | undefined> {
    const known = [...INDEX_TYPES, ...MANIFEST_TYPES].includes(descriptor.mediaType);
    if (!known && descriptor.size > MAX_MANIFEST) {
      this.blobs.set(descriptor.digest, descriptor); // whatever it is, it is none that could be looked into
      return undefined;
    }
    try {
      return await readManifest(this.source, descriptor, this.options);
    } catch (error) {
      if (required || !(error instanceof MissingContentError)) throw error;
      this.missing.set(descriptor.digest, descriptor);
      return undefined;
    }
  }

  /** Adds what is about the manifests, and what is about that. */
  async addReferrers(): Promise<void> {
    const asked = new Set<string>();
    for (let more = true; more;) {
      more = false;
      for (const digest of [...this.manifests.keys()].filter((digest) => !asked.has(digest))) {
        asked.add(digest);
        for (const referrer of await this.source.referrers(digest, this.options)) {
          await this.add(referrer, false);
          more = true;
        }
      }
    }
  }

  /** True if a blob may be missing: a layer to be had elsewhere, or one that only parts of a sparse index need. */
  mayMiss(blob: Descriptor): boolean {
    if (isForeignLayer(blob.mediaType)) return true;
    return ![...this.manifests.values()].some(({ required, parts }) =>
      required && parts.some((part) => part.digest === blob.digest)
    );
  }
}

async function resolveRoot(
  source: ImageSource,
  name: string | undefined,
  choice: ImageChoice | undefined,
  options: ContentOptions,
): Promise<Descriptor> {
  if (choice !== undefined) return await findManifest(source, name, choice, options);
  const [root, ...others] = await source.resolve(name, options);
  if (root !== undefined && others.length === 0) return root;
  throw new Error(`${source.name}: ${name ?? "it"} means ${others.length + 1} images: choose a platform`);
}

/**
 * Copies what `name` means in a source into a sink, under the name `target` if it is given. Blobs that the sink has are not read; URLs
 * in descriptors are never dialled. The sink is committed, and closing it is left to the caller.
 */
export async function copyImage(
  source: ImageSource,
  name: string | undefined,
  sink: ImageSink,
  target: string | undefined,
  options: CopyOptions = {},
): Promise<Copied> {
  const { signal, parallel = PARALLEL_BLOBS } = options;
  const inner: ContentOptions = signal === undefined ? {} : { signal };
  const root = await resolveRoot(source, name, options.choice, inner);
  const plan = new Plan(source, inner);
  await plan.add(root, true);
  if (options.referrers) await plan.addReferrers();
  const withheld: Descriptor[] = [];
  await inParallel(plan.blobs.values(), parallel, async (blob, signal) => {
    if (sink.distributes && !options.nonDistributable && isForeignLayer(blob.mediaType)) {
      withheld.push(blob);
      return;
    }
    const openFrom = blob.data === undefined && source.blobFrom !== undefined
      ? (offset: number, options: ContentOptions) => source.blobFrom!(blob, offset, options)
      : undefined;
    const reader = {
      open: (options: ContentOptions) => readBlob(source, blob, options),
      ...openFrom === undefined ? {} : { openFrom },
    };
    try {
      await transferBlob(blob, reader, sink, { ...options, signal });
    } catch (error) {
      if (!(error instanceof MissingContentError) || !plan.mayMiss(blob)) throw error;
      plan.missing.set(blob.digest, blob);
    }
  }, signal);
  const put: Descriptor[] = [];
  for (const { descriptor, bytes, parts, required } of plan.manifests.values()) {
    const lacks = parts.some((part) => plan.missing.has(part.digest) && !isForeignLayer(part.mediaType));
    if (lacks && !required && !INDEX_TYPES.includes(descriptor.mediaType)) {
      plan.missing.set(descriptor.digest, descriptor);
      continue;
    }
    await sink.putManifest(descriptor, bytes, descriptor.digest === root.digest ? target : undefined, inner);
    put.push(descriptor);
  }
  await sink.commit();
  return { descriptor: root, manifests: put, missing: [...plan.missing.values()], withheld };
}
