/** What the parts of a registry share. @module */
import type { Grant } from "./auth.ts";
import type { RegistryStorage } from "./storage.ts";

/** What a client may make the registry hold or wait for. */
export interface RegistryLimits {
  /** Largest manifest, bytes; clients expect 4 MiB to be taken. */
  readonly manifest: number;
  /** Largest blob, bytes. */
  readonly blob: number;
  /** Uploads that are open at one time. */
  readonly uploads: number;
  /** An upload that nothing is heard of for so long is given up, milliseconds. */
  readonly uploadExpiryMs: number;
  /** Longest wait for the next bytes of a body, milliseconds. */
  readonly bodyIdleMs: number;
  /** Longest URL, characters. */
  readonly url: number;
  /** All header fields together, bytes. */
  readonly headers: number;
  /** `tag` parameters of one push. */
  readonly tags: number;
  /** Largest answer of the referrers API before it goes on with a further page, bytes. */
  readonly referrersPage: number;
}

/** The limits unless told. */
export const DEFAULT_LIMITS: RegistryLimits = {
  manifest: 4 * 1024 ** 2,
  blob: 128 * 1024 ** 3,
  uploads: 1000,
  uploadExpiryMs: 3_600_000,
  bodyIdleMs: 60_000,
  url: 8192,
  headers: 32 * 1024,
  tags: 100,
  referrersPage: 3 * 1024 ** 2,
};

/** What the specification lets a registry do without. All is on unless told. */
export interface RegistryFeatures {
  /** Deleting tags, manifests and blobs. */
  readonly deletes: boolean;
  /** The referrers API. */
  readonly referrers: boolean;
  /** A blob in one POST. */
  readonly singlePost: boolean;
  /** Mounting blobs of other repositories: never, with `from` only, or also from wherever they are. */
  readonly mounts: "none" | "named" | "any";
  /** Tags by parameters of a push by digest. */
  readonly tagParameters: boolean;
  /** `_catalog`, which the specification does not have. */
  readonly catalog: boolean;
  /** Indexes some of whose manifests the repository does not have; off unless told. */
  readonly sparseIndexes: boolean;
}

/** See RegistryFeatures. */
export const DEFAULT_FEATURES: RegistryFeatures = {
  deletes: true,
  referrers: true,
  singlePost: true,
  mounts: "any",
  tagParameters: true,
  catalog: true,
  sparseIndexes: false,
};

/** See the module's comment. */
export interface Context {
  /** Where the content is. */
  readonly storage: RegistryStorage;
  /** What clients may do. */
  readonly limits: RegistryLimits;
  /** What is switched on. */
  readonly features: RegistryFeatures;
  /** Smallest chunk but the last, bytes; 0 for none. */
  readonly chunkMinLength: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A request that has passed the door. */
export interface Call {
  /** The request. */
  readonly request: Request;
  /** Its parameters. */
  readonly query: URLSearchParams;
  /** What its sender may do. */
  readonly grant: Grant;
}
