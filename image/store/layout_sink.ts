/** Writes images into an OCI layout directory. Every file appears complete, by rename; index.json comes last and keeps other images. @module */
import type { ContentOptions, ImageSink } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { blobPath } from "../layout.ts";
import { contentName, streamOf } from "../read_content.ts";
import { isRefName } from "../select.ts";
import { verified, VerifyError } from "../verify.ts";
import { directoryOf, makeDirectory, writeAtomically } from "./atomic_file.ts";
import { isAbandoned } from "./file_lock.ts";
import { DirectoryTree } from "./host_tree.ts";
import { changeIndex } from "./layout_index.ts";
import { PutManifests } from "./put_manifests.ts";

/** Files on their way into a layout begin like this. */
const PARTIAL = ".partial-";

/** See the module's comment. */
export class LayoutSink implements ImageSink {
  /** See ImageSink. */
  readonly name: string;
  readonly #manifests = new PutManifests();

  /** The layout in `directory`, which is made with the first blob. */
  constructor(readonly directory: string) {
    this.name = directory;
  }

  /** See ImageSink. Only its size is looked at. */
  async hasBlob({ digest, size }: Descriptor): Promise<boolean> {
    const info = await Deno.stat(`${this.directory}/${blobPath(digest)}`).catch(() => null);
    return info?.isFile === true && info.size === size;
  }

  /** See ImageSink. A blob that is there is read, and replaced if it is damaged. */
  async putBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options: ContentOptions = {},
  ): Promise<void> {
    const path = `${this.directory}/${blobPath(descriptor.digest)}`;
    const what = `${this.name}: ${contentName(descriptor)}`;
    if (await this.hasBlob(descriptor) && await this.#isWhole(descriptor, what, options)) return;
    await makeDirectory(directoryOf(path));
    const temporary = `${this.directory}/${PARTIAL}${crypto.randomUUID()}`;
    await writeAtomically(path, verified(open(), descriptor, what, options.signal), temporary);
  }

  async #isWhole(descriptor: Descriptor, what: string, { signal }: ContentOptions): Promise<boolean> {
    const file = new DirectoryTree(this.directory).read(blobPath(descriptor.digest));
    try {
      for await (const _ of verified(file, descriptor, what, signal));
      return true;
    } catch (error) {
      if (error instanceof VerifyError) return false;
      throw error;
    }
  }

  /** See ImageSink. */
  async putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    name: string | undefined,
    options: ContentOptions = {},
  ): Promise<void> {
    if (name !== undefined && !isRefName(name)) {
      throw new Error(`writing ${this.name}: ${JSON.stringify(name)} cannot be a name (annotations.md)`);
    }
    await this.putBlob(descriptor, () => streamOf(bytes), options);
    this.#manifests.add(descriptor, bytes, name, `${this.name}: ${contentName(descriptor)}`);
  }

  /** See ImageSink. */
  async commit(): Promise<void> {
    await this.#sweep();
    await makeDirectory(`${this.directory}/blobs/sha256`);
    await changeIndex(this.directory, (entries) => this.#manifests.into(entries));
    this.#manifests.clear();
  }

  /** Removes what writers that were killed have left behind. */
  async #sweep(): Promise<void> {
    for await (const { name } of Deno.readDir(this.directory)) {
      const path = `${this.directory}/${name}`;
      if (name.startsWith(PARTIAL) && await isAbandoned(path)) await Deno.remove(path).catch(() => {}); // somebody else swept
    }
  }

  /** See ImageSink. */
  close(): void {}
}
