/** What every place with images has in common, whether it is a layout, an archive, the store or a registry's repository. @module */
import type { Descriptor } from "./descriptor.ts";

/** What every call that may take long accepts. */
export interface ContentOptions {
  /** Ends the call with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A place that manifests and blobs are read from. Everything it hands out has been checked against its descriptor. */
export interface ImageSource {
  /** What to call it in messages. */
  readonly name: string;
  /**
   * The manifests or indexes that a name means: a tag, a digest, or nothing where the place has one image only. Several, when a layout
   * has one name twice (one for each platform). Throws an error that says what there is when it means none.
   */
  resolve(name: string | undefined, options?: ContentOptions): Promise<readonly Descriptor[]>;
  /** Bytes of a manifest or an index, MAX_MANIFEST at most. */
  manifest(descriptor: Descriptor, options?: ContentOptions): Promise<Uint8Array>;
  /** Bytes of a blob, checked while they are read: nothing may be used before the end. */
  blob(descriptor: Descriptor, options?: ContentOptions): AsyncIterable<Uint8Array>;
  /** Manifests whose `subject` this digest is (distribution-spec, Listing Referrers). */
  referrers(digest: string, options?: ContentOptions): Promise<readonly Descriptor[]>;
  /** Names that the place gives to its images. */
  names(options?: ContentOptions): AsyncIterable<string>;
  /** Gives back what it holds. */
  close(): void;
}

/** A place that manifests and blobs are written to. Blobs come before the manifests that refer to them. */
export interface ImageSink {
  /** What to call it in messages. */
  readonly name: string;
  /** True if the place has this blob, so that it need not be read. */
  hasBlob(descriptor: Descriptor, options?: ContentOptions): Promise<boolean>;
  /**
   * Takes a blob and checks it against its descriptor; a blob that is there already is no error. `open` may be called again when an
   * upload has to begin anew.
   */
  putBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options?: ContentOptions,
  ): Promise<void>;
  /** Takes a manifest or an index, as the bytes are, and lets `name` mean it, if given. */
  putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    name: string | undefined,
    options?: ContentOptions,
  ): Promise<void>;
  /** Completes what was begun: an archive is in its place only afterwards. */
  commit(): Promise<void>;
  /** Gives back what it holds; without a commit nothing half-made stays behind. */
  close(): void;
}
