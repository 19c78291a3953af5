/** Writes images into an oci-archive: a layout in a tar file. It takes the place of a file that is there. @module */
import type { Member } from "../archive/members.ts";
import type { ContentOptions, ImageSink } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { Workshop } from "./archive_file.ts";
import { LayoutSink } from "./layout_sink.ts";

/** See the module's comment. The same images in it give the same bytes. */
export class OciArchiveSink implements ImageSink {
  /** See ImageSink. */
  readonly name: string;
  readonly #workshop: Workshop;
  #layout: LayoutSink | undefined;

  /** The archive at `path`. */
  constructor(path: string) {
    this.name = path;
    this.#workshop = new Workshop(path);
  }

  #inner(): LayoutSink {
    return this.#layout ??= new LayoutSink(this.#workshop.directory());
  }

  /** See ImageSink. */
  hasBlob(descriptor: Descriptor): Promise<boolean> {
    return this.#inner().hasBlob(descriptor);
  }
  /** See ImageSink. */
  putBlob(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options?: ContentOptions,
  ): Promise<void> {
    return this.#inner().putBlob(descriptor, open, options);
  }
  /** See ImageSink. */
  putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    name: string | undefined,
    options?: ContentOptions,
  ): Promise<void> {
    return this.#inner().putManifest(descriptor, bytes, name, options);
  }

  /** See ImageSink. */
  async commit(): Promise<void> {
    await this.#inner().commit();
    const directory = this.#workshop.directory();
    const members: Member[] = [];
    for (const name of ["index.json", "oci-layout"]) members.push(await this.#workshop.member(name));
    for await (const algorithm of Deno.readDir(`${directory}/blobs`)) {
      for await (const { name } of Deno.readDir(`${directory}/blobs/${algorithm.name}`)) {
        members.push(await this.#workshop.member(`blobs/${algorithm.name}/${name}`));
      }
    }
    await this.#workshop.write(members);
  }

  /** See ImageSink. */
  close(): void {
    this.#workshop.close();
  }
}
