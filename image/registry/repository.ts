/** A repository, as a program uses it. @module */
import type { ContentOptions } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import type { FoundManifest, ManifestOptions } from "./manifests.ts";
import type { ReferrersOptions } from "./referrers.ts";
import type { TagsOptions } from "./tags.ts";
import type { UploadOptions } from "./uploads.ts";

/** A repository: manifests, blobs and tags. */
export interface Repository {
  /** HOST/NAME. */
  readonly text: string;
  /** Its name. */
  readonly name: string;
  /** Fetches a manifest by tag or digest, checked. Throws a RegistryError, status 404, if there is none. */
  getManifest(reference: string, options?: ManifestOptions): Promise<FoundManifest>;
  /** What the registry says about a manifest; undefined if there is none. */
  headManifest(reference: string, options?: ManifestOptions): Promise<Descriptor | undefined>;
  /** Puts a manifest under tags, or under its digest alone. */
  putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    options?: ContentOptions & { readonly tags?: readonly string[] },
  ): Promise<void>;
  /** Deletes a tag, or a manifest by its digest. */
  deleteManifest(reference: string, options?: ContentOptions): Promise<void>;
  /** Bytes of a blob, checked while they are read; a broken download is resumed. */
  getBlob(descriptor: Descriptor, options?: ContentOptions): AsyncIterable<Uint8Array>;
  /** The rest of a blob from an offset, unchecked: whoever joins it to the beginning checks the whole. */
  getBlobFrom(descriptor: Descriptor, offset: number, options?: ContentOptions): AsyncIterable<Uint8Array>;
  /** True if the repository has a blob. `push`: it is going to be put otherwise. */
  hasBlob(descriptor: Descriptor, options?: ContentOptions & { readonly push?: boolean }): Promise<boolean>;
  /** Puts a blob; `open` is called again when it has to be sent anew. */
  putBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options?: UploadOptions,
  ): Promise<void>;
  /** Deletes a blob. */
  deleteBlob(digest: string, options?: ContentOptions): Promise<void>;
  /** The tags, in the registry's order. */
  tags(options?: TagsOptions): AsyncIterable<string>;
  /** The manifests whose subject a digest is. */
  referrers(digest: string, options?: ReferrersOptions): Promise<readonly Descriptor[]>;
}
