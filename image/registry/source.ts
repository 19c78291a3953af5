/** A registry's repository as a source of images. @module */
import { type ContentOptions, type ImageSource, MissingContentError } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { parseDigest } from "../digest.ts";
import { MAX_MANIFEST } from "../manifest.ts";
import { readVerified, VerifyError } from "../verify.ts";
import { isNotFound } from "./http/errors.ts";
import { DEFAULT_TAG, isTag } from "./reference.ts";
import type { Repository } from "./repository.ts";

/** An error of the registry as what it means to whoever reads an image. */
function missing(error: unknown): unknown {
  return isNotFound(error) ? new MissingContentError((error as Error).message, { cause: error }) : error;
}

async function* carried(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** See the module's comment. */
export class RegistrySource implements ImageSource {
  /** HOST/NAME. */
  readonly name: string;
  readonly #repository: Repository;
  readonly #default: string;

  /** Reads from `repository`; `reference` is the tag or digest that is meant when nothing else is said. */
  constructor(repository: Repository, reference: string = DEFAULT_TAG) {
    this.#repository = repository;
    this.#default = reference;
    this.name = repository.text;
  }

  /** See ImageSource. */
  async resolve(name: string | undefined, options: ContentOptions = {}): Promise<readonly Descriptor[]> {
    const reference = name ?? this.#default;
    if (parseDigest(reference) === undefined && !isTag(reference)) {
      throw new Error(`${this.name}: ${JSON.stringify(reference)} is neither a tag nor a digest`);
    }
    const found = await this.#repository.headManifest(reference, options);
    if (found !== undefined) return [found];
    throw new MissingContentError(`${this.name}: there is no ${reference}`);
  }

  /** See ImageSource. */
  async manifest(descriptor: Descriptor, options: ContentOptions = {}): Promise<Uint8Array> {
    const { digest, mediaType, data } = descriptor;
    const what = `${this.name}: manifest ${digest}`;
    if (data !== undefined) {
      return await readVerified(carried(data), descriptor, what, MAX_MANIFEST, options.signal);
    }
    let found;
    try {
      found = await this.#repository.getManifest(digest, { ...options, mediaType });
    } catch (error) {
      throw missing(error);
    }
    if (found.descriptor.mediaType !== mediaType) {
      throw new VerifyError(
        `${what}: its descriptor calls it ${mediaType}, the registry ${found.descriptor.mediaType}`,
      );
    }
    return await readVerified(carried(found.bytes), descriptor, what, MAX_MANIFEST, options.signal);
  }

  /** See ImageSource. */
  async *blob(descriptor: Descriptor, options: ContentOptions = {}): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#repository.getBlob(descriptor, options);
    } catch (error) {
      throw missing(error);
    }
  }

  /** See ImageSource. A connection that breaks is resumed already; this is for what was interrupted earlier. */
  async *blobFrom(
    descriptor: Descriptor,
    offset: number,
    options: ContentOptions = {},
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#repository.getBlobFrom(descriptor, offset, options);
    } catch (error) {
      throw missing(error);
    }
  }

  /** See ImageSource. */
  referrers(digest: string, options: ContentOptions = {}): Promise<readonly Descriptor[]> {
    return this.#repository.referrers(digest, options);
  }

  /** See ImageSource: the tags. */
  names(options: ContentOptions = {}): AsyncIterable<string> {
    return this.#repository.tags(options);
  }

  /** See ImageSource: it holds nothing. */
  close(): void {}
}
