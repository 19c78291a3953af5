/** What every place with images has in common, whether it is a layout, an archive, the store or a registry's repository. @module */
import type { Descriptor } from "./descriptor.ts";

/** What every call that may take long accepts. */
export interface ContentOptions {
  /** Ends the call with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * A place does not have what was asked for. The rest of the place is still good: a layout may lack blobs that are to be had elsewhere
 * (image-layout.md#blobs).
 */
export class MissingContentError extends Error {}

/** A place that manifests and blobs are read from. Everything it hands out has been checked against its descriptor. */
export interface ImageSource {
  /** What to call it in messages. */
  readonly name: string;
  /**
   * The manifests or indexes that a name means: a tag, a digest, or nothing where the place has one image only. Several, when a layout
   * has one name twice (one for each platform). Throws an error that says what there is when it means none; a MissingContentError when
   * another place may well have it.
   */
  resolve(name: string | undefined, options?: ContentOptions): Promise<readonly Descriptor[]>;
  /** Bytes of a manifest or an index, MAX_MANIFEST at most. */
  manifest(descriptor: Descriptor, options?: ContentOptions): Promise<Uint8Array>;
  /** Bytes of a blob, checked while they are read: nothing may be used before the end. */
  blob(descriptor: Descriptor, options?: ContentOptions): AsyncIterable<Uint8Array>;
  /**
   * The rest of a blob from an offset, unchecked: whoever joins it to the beginning checks the whole. For places where beginning anew
   * is costly.
   */
  blobFrom?(descriptor: Descriptor, offset: number, options?: ContentOptions): AsyncIterable<Uint8Array>;
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
  /** Others have access to it: layers that are not to be distributed stay away (layer.md#non-distributable-layers). */
  readonly distributes?: boolean;
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
  /**
   * As putBlob, from a source with blobFrom: goes on behind what an earlier attempt has left, and keeps what it has when the source
   * breaks off. Only where that can be done.
   */
  resumeBlob?(
    descriptor: Descriptor,
    openFrom: (offset: number) => AsyncIterable<Uint8Array>,
    options?: ContentOptions,
  ): Promise<void>;
  /** Takes a manifest or an index, as the bytes are, and lets `name` mean it, if given. */
  putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    name: string | undefined,
    options?: ContentOptions,
  ): Promise<void>;
  /**
   * Completes what was begun: an archive is in its place, and names mean what was put, only afterwards. Manifests that were put without
   * a name, and that no other one refers to, are kept too.
   */
  commit(): Promise<void>;
  /** Gives back what it holds; without a commit nothing half-made stays behind. */
  close(): void;
}
