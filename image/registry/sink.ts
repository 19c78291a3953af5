/** A registry's repository as a place to put images. @module */
import type { ContentOptions, ImageSink } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { isTag } from "./reference.ts";
import type { Repository } from "./repository.ts";
import type { UploadOptions } from "./uploads.ts";

/** A manifest that waits for its name. */
interface Named {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly tags: string[];
  readonly options: ContentOptions;
  /** The registry has it already, by its digest. */
  stored: boolean;
}

/** See the module's comment. */
export class RegistrySink implements ImageSink {
  /** HOST/NAME. */
  readonly name: string;
  /** See ImageSink. */
  readonly distributes = true;
  readonly #repository: Repository;
  readonly #upload: Omit<UploadOptions, "signal">;
  readonly #named = new Map<string, Named>();

  /** Writes to `repository`; `upload` says how, and where blobs may be mounted from. */
  constructor(repository: Repository, upload: Omit<UploadOptions, "signal"> = {}) {
    this.#repository = repository;
    this.#upload = upload;
    this.name = repository.text;
  }

  /** See ImageSink. */
  hasBlob(descriptor: Descriptor, options: ContentOptions = {}): Promise<boolean> {
    return this.#repository.hasBlob(descriptor, { ...options, push: true });
  }

  /** See ImageSink. */
  async putBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options: ContentOptions = {},
  ): Promise<void> {
    await this.#repository.putBlob(descriptor, open, { ...this.#upload, ...options });
  }

  /** See ImageSink. A manifest with a name goes out with the commit: until then the tag means what it meant. */
  async putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    name: string | undefined,
    options: ContentOptions = {},
  ): Promise<void> {
    if (name !== undefined && !isTag(name)) {
      throw new Error(`${this.name}: ${JSON.stringify(name)} is not a tag`);
    }
    // This one may refer to those that wait: the registry has to have them first.
    for (const each of this.#named.values()) {
      if (each.stored || each.descriptor.digest === descriptor.digest) continue;
      await this.#repository.putManifest(each.descriptor, each.bytes, each.options);
      each.stored = true;
    }
    if (name === undefined) {
      await this.#repository.putManifest(descriptor, bytes, options);
      return;
    }
    for (const other of this.#named.values()) {
      if (other.tags.includes(name)) other.tags.splice(other.tags.indexOf(name), 1);
    }
    const known = this.#named.get(descriptor.digest);
    if (known !== undefined) known.tags.push(name);
    else this.#named.set(descriptor.digest, { descriptor, bytes, tags: [name], options, stored: false });
  }

  /** See ImageSink. */
  async commit(): Promise<void> {
    for (const { descriptor, bytes, tags, options, stored } of this.#named.values()) {
      if (tags.length === 0 && stored) continue;
      await this.#repository.putManifest(descriptor, bytes, { ...options, tags });
    }
    this.#named.clear();
  }

  /** See ImageSink: tags that were not committed are forgotten. */
  close(): void {
    this.#named.clear();
  }
}
