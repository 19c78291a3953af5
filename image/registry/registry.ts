/** A registry, and what its repositories are made of. @module */
import type { ContentOptions } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { verified } from "../verify.ts";
import { readBlob } from "./blob_reader.ts";
import { deleteBlob, hasBlob } from "./blobs.ts";
import { deleteManifest, putManifest } from "./manifest_writer.ts";
import { type FoundManifest, getManifest, headManifest, type ManifestOptions } from "./manifests.ts";
import type { Repository } from "./repository.ts";
import type { RegistryOptions } from "./options.ts";
import { isRepository, parseRegistryHost } from "./reference.ts";
import { listReferrers, type ReferrersOptions } from "./referrers.ts";
import type { Endpoint, RepositoryContext } from "./repository_context.ts";
import { Session } from "./session.ts";
import { listTags, type TagsOptions } from "./tags.ts";
import { putBlob, type UploadOptions } from "./uploads.ts";

/** A registry. Nothing is asked of it until something is needed. */
export class Registry {
  /** HOST[:PORT], as users write it. */
  readonly host: string;
  readonly #session: Session;
  readonly #mirrors: readonly { session: Session; prefix: string }[];

  /** The registry at HOST[:PORT]. Throws if that is none. */
  constructor(host: string, options: RegistryOptions = {}) {
    this.host = parseRegistryHost(host);
    this.#session = new Session(this.host, options);
    this.#mirrors = (options.mirrors ?? []).map((mirror) => {
      const slash = mirror.indexOf("/");
      const prefix = slash < 0 ? "" : mirror.slice(slash + 1);
      if (prefix !== "" && !isRepository(prefix)) {
        throw new Error(`mirror ${JSON.stringify(mirror)}: expected HOST[:PORT][/PREFIX]`);
      }
      const name = parseRegistryHost(slash < 0 ? mirror : mirror.slice(0, slash));
      // One try: the registry itself is there, too. Plain HTTP was asked for the registry, not for its mirrors.
      const own = { ...options, plainHttp: false, retry: { ...options.retry, retries: 0 } };
      return { session: new Session(name, own), prefix };
    });
  }

  /** Checks that this is a registry, and that it knows the credentials (distribution-spec, Determining Support). */
  ping(options: ContentOptions = {}): Promise<void> {
    return this.#session.ping(options.signal);
  }

  /** One of its repositories. Throws if the name cannot be one. */
  repository(name: string): Repository {
    if (!isRepository(name)) {
      throw new Error(`${this.host}: ${JSON.stringify(name)} is not the name of a repository`);
    }
    const query = `?ns=${encodeURIComponent(this.host)}`;
    const mirrors = this.#mirrors.map(({ session, prefix }): Endpoint => ({
      session,
      name: prefix === "" ? name : `${prefix}/${name}`,
      query,
    }));
    const origin = { session: this.#session, name, query: "" };
    return new OpenRepository({ text: `${this.host}/${name}`, name, origin, mirrors });
  }
}

/** A repository of which the parts are known. */
class OpenRepository implements Repository {
  readonly #context: RepositoryContext;

  constructor(context: RepositoryContext) {
    this.#context = context;
  }

  /** See Repository. */
  get text(): string {
    return this.#context.text;
  }
  /** See Repository. */
  get name(): string {
    return this.#context.name;
  }

  /** See Repository. */
  getManifest(reference: string, options?: ManifestOptions): Promise<FoundManifest> {
    return getManifest(this.#context, reference, options);
  }
  /** See Repository. */
  headManifest(reference: string, options?: ManifestOptions): Promise<Descriptor | undefined> {
    return headManifest(this.#context, reference, options);
  }
  /** See Repository. */
  putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    options: ContentOptions & { readonly tags?: readonly string[] } = {},
  ): Promise<void> {
    return putManifest(this.#context, descriptor, bytes, options.tags, options.signal);
  }
  /** See Repository. */
  deleteManifest(reference: string, options: ContentOptions = {}): Promise<void> {
    return deleteManifest(this.#context, reference, options.signal);
  }

  /** See Repository. */
  getBlob(descriptor: Descriptor, options: ContentOptions = {}): AsyncIterable<Uint8Array> {
    const { signal } = options;
    return verified(
      readBlob(this.#context, descriptor, 0, signal),
      descriptor,
      `${this.text}: blob ${descriptor.digest}`,
      signal,
    );
  }
  /** See Repository. */
  getBlobFrom(
    descriptor: Descriptor,
    offset: number,
    options: ContentOptions = {},
  ): AsyncIterable<Uint8Array> {
    return readBlob(this.#context, descriptor, offset, options.signal);
  }
  /** See Repository. */
  hasBlob(descriptor: Descriptor, options?: ContentOptions & { readonly push?: boolean }): Promise<boolean> {
    return hasBlob(this.#context, descriptor, options);
  }
  /** See Repository. */
  putBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options?: UploadOptions,
  ): Promise<void> {
    return putBlob(this.#context, descriptor, open, options);
  }
  /** See Repository. */
  deleteBlob(digest: string, options: ContentOptions = {}): Promise<void> {
    return deleteBlob(this.#context, digest, options.signal);
  }

  /** See Repository. */
  tags(options?: TagsOptions): AsyncIterable<string> {
    return listTags(this.#context, options);
  }
  /** See Repository. */
  referrers(digest: string, options?: ReferrersOptions): Promise<readonly Descriptor[]> {
    return listReferrers(this.#context, digest, options);
  }
}
