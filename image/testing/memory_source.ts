/** A place in memory with images, for tests: a source that can be told to break off, and a sink. @module */
import { type ContentOptions, type ImageSink, type ImageSource, MissingContentError } from "../content.ts";
import { describeManifest, manifestFacts } from "../describe_manifest.ts";
import type { Descriptor } from "../descriptor.ts";
import { sha256 } from "../digest.ts";
import { OCI_INDEX } from "../media_types.ts";
import type { Image } from "../source.ts";
import { verified } from "../verify.ts";
import { descriptorJson } from "../wasm/module_image.ts";
import { writeImage } from "../write_image.ts";

/** See the module's comment. */
export class MemorySource implements ImageSource, ImageSink {
  readonly name = "memory";
  /** Content by digest. */
  readonly content = new Map<string, Uint8Array>();
  /** What names mean. */
  readonly tags = new Map<string, Descriptor>();
  /** Reads of blobs so far: digest and offset. */
  readonly reads: [digest: string, offset: number][] = [];
  /** Bytes after which reading a blob fails; never unless told. */
  breakAfter = Infinity;

  /** Adds content that needs no name. */
  add(mediaType: string, content: unknown): Descriptor {
    const bytes = content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content));
    const digest = sha256(bytes);
    this.content.set(digest, bytes);
    return { mediaType, digest, size: bytes.length, annotations: {} };
  }

  /** Adds an image; what refers to it. */
  async image(image: Image, name?: string): Promise<Descriptor> {
    await writeImage(image, this, name);
    return image.descriptor;
  }

  /** Adds an index under a name. */
  index(manifests: readonly Descriptor[], name?: string): Descriptor {
    const document = {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: manifests.map(descriptorJson),
    };
    const descriptor = this.add(OCI_INDEX, document);
    if (name !== undefined) this.tags.set(name, descriptor);
    return descriptor;
  }

  resolve(name: string | undefined): Promise<readonly Descriptor[]> {
    const tagged = this.tags.get(name ?? "latest");
    if (tagged !== undefined) return Promise.resolve([tagged]);
    const bytes = this.content.get(name ?? "");
    if (bytes !== undefined) return Promise.resolve([describeManifest(bytes, "memory")]);
    return Promise.reject(new MissingContentError(`memory: there is no ${name}`));
  }
  manifest(descriptor: Descriptor): Promise<Uint8Array> {
    const bytes = this.content.get(descriptor.digest);
    return bytes === undefined
      ? Promise.reject(new MissingContentError(`memory: ${descriptor.digest} is missing`))
      : Promise.resolve(bytes);
  }
  blob(descriptor: Descriptor, options: ContentOptions = {}): AsyncIterable<Uint8Array> {
    return verified(this.blobFrom(descriptor, 0), descriptor, `memory: ${descriptor.digest}`, options.signal);
  }
  async *blobFrom(descriptor: Descriptor, offset: number): AsyncGenerator<Uint8Array> {
    this.reads.push([descriptor.digest, offset]);
    const bytes = this.content.get(descriptor.digest);
    if (bytes === undefined) throw new MissingContentError(`memory: ${descriptor.digest} is missing`);
    const step = 1000;
    for (let at = offset; at < bytes.length; at += step) {
      if (at - offset >= this.breakAfter) throw new Error("memory: it breaks off");
      yield await Promise.resolve(bytes.slice(at, at + step));
    }
  }
  referrers(digest: string): Promise<readonly Descriptor[]> {
    const found = [...this.content].flatMap(([own, bytes]) => {
      try {
        const { subject, mediaType } = manifestFacts(bytes, own);
        return subject?.digest === digest
          ? [{ mediaType, digest: own, size: bytes.length, annotations: {} }]
          : [];
      } catch {
        return []; // no manifest
      }
    });
    return Promise.resolve(found);
  }
  async *names(): AsyncGenerator<string> {
    yield* await Promise.resolve(this.tags.keys());
  }
  hasBlob(descriptor: Descriptor): Promise<boolean> {
    return Promise.resolve(this.content.has(descriptor.digest));
  }
  async putBlob(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    const chunks = await Array.fromAsync(verified(open(), descriptor, "memory"));
    this.content.set(
      descriptor.digest,
      new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()),
    );
  }
  putManifest(descriptor: Descriptor, bytes: Uint8Array, name: string | undefined): Promise<void> {
    this.content.set(descriptor.digest, bytes);
    if (name !== undefined) this.tags.set(name, descriptor);
    return Promise.resolve();
  }
  commit(): Promise<void> {
    return Promise.resolve();
  }
  close(): void {}
}
