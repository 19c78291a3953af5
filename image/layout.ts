/** OCI image layouts (image-layout.md), as a directory or in an archive. @module */
import { Cursor, parseJson } from "../json/mod.ts";
import { type ContentOptions, type ImageSource, MissingContentError } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";
import { isKnownDigest, parseDigest } from "./digest.ts";
import { decodeIndex, type Index, MAX_MANIFEST } from "./manifest.ts";
import { collect, contentName } from "./read_content.ts";
import { findReferrers } from "./referrers.ts";
import { refName, selectTag } from "./select.ts";
import type { FileTree } from "./source.ts";
import { describeManifest } from "./describe_manifest.ts";
import { verified } from "./verify.ts";

/** Reads a whole small file of a tree; undefined if there is none. It may be replaced by another one at any time. */
export async function readSmall(
  tree: FileTree,
  path: string,
  limit: number,
): Promise<Uint8Array | undefined> {
  const size = await tree.size(path);
  if (size === undefined) return undefined;
  const tooLarge = (size: number | string): Error =>
    new Error(`${tree.name}: ${path}: ${size} bytes, more than the ${limit} that are read`);
  if (size > limit) throw tooLarge(size);
  let bytes = new Uint8Array(size), used = 0;
  for await (const chunk of tree.read(path)) {
    if (used + chunk.length > limit) throw tooLarge(`at least ${used + chunk.length}`);
    if (used + chunk.length > bytes.length) {
      const larger = new Uint8Array(Math.min(limit, Math.max(2 * bytes.length, used + chunk.length)));
      larger.set(bytes.subarray(0, used));
      bytes = larger;
    }
    bytes.set(chunk, used);
    used += chunk.length;
  }
  return bytes.subarray(0, used);
}

/** Where a layout has a blob: `blobs/ALGORITHM/ENCODED` (image-layout.md#blobs). */
export function blobPath(digest: string): string {
  const { algorithm, encoded } = parseDigest(digest)!;
  return `blobs/${algorithm}/${encoded}`;
}

async function checkLayoutFile(tree: FileTree): Promise<void> {
  const bytes = await readSmall(tree, "oci-layout", 65536);
  if (bytes === undefined) {
    throw new Error(`${tree.name}: not an OCI image layout: it has no oci-layout file`);
  }
  const what = `${tree.name}: oci-layout`;
  const version = new Cursor(parseJson(bytes, what), what).field("imageLayoutVersion");
  if (version.string() !== "1.0.0") {
    throw version.error(`version ${version.string()} is not supported, only 1.0.0`);
  }
}

/** The images of a layout. Closing it closes the tree. */
export class LayoutSource implements ImageSource {
  /** See ImageSource. */
  readonly name: string;

  /** The layout in `tree`. Nothing is read before something is asked for. */
  constructor(readonly tree: FileTree) {
    this.name = tree.name;
  }

  /** The index as it is now. Throws if the tree is not a layout. */
  async index(): Promise<Index> {
    await checkLayoutFile(this.tree);
    const bytes = await readSmall(this.tree, "index.json", MAX_MANIFEST);
    if (bytes === undefined) throw new Error(`${this.name}: index.json is missing`);
    return decodeIndex(bytes, `${this.name}: index.json`);
  }

  /** See ImageSource. A digest may be that of any manifest in the layout, whether index.json names it or not. */
  async resolve(name: string | undefined, options: ContentOptions = {}): Promise<readonly Descriptor[]> {
    options.signal?.throwIfAborted();
    const { manifests } = await this.index();
    if (name === undefined || !isKnownDigest(name) || manifests.some((d) => refName(d) === name)) {
      return selectTag(manifests, name, this.name);
    }
    const named = manifests.find((d) => d.digest === name);
    if (named !== undefined) return [named];
    const size = await this.tree.size(blobPath(name));
    if (size === undefined) {
      throw new MissingContentError(`${this.name}: manifest ${name}: ${blobPath(name)} is missing`);
    }
    const what = `${this.name}: manifest ${name}`;
    const unknown = { mediaType: "", digest: name, size, annotations: {} };
    const bytes = await collect(this.blob(unknown, options), unknown, what, MAX_MANIFEST);
    return [describeManifest(bytes, what)];
  }

  /** See ImageSource. */
  manifest(descriptor: Descriptor, options: ContentOptions = {}): Promise<Uint8Array> {
    const what = `${this.name}: ${contentName(descriptor)}`;
    return collect(this.blob(descriptor, options), descriptor, what, MAX_MANIFEST);
  }

  /** See ImageSource. */
  async *blob(descriptor: Descriptor, options: ContentOptions = {}): AsyncGenerator<Uint8Array> {
    const what = `${this.name}: ${contentName(descriptor)}`;
    const path = blobPath(descriptor.digest);
    if (await this.tree.size(path) === undefined) {
      throw new MissingContentError(`${what}: ${path} is missing`);
    }
    yield* verified(this.tree.read(path), descriptor, what, options.signal);
  }

  /** See ImageSource. They are the entries of index.json whose manifests say so, and what the tag fallback's index lists. */
  async referrers(digest: string, options: ContentOptions = {}): Promise<readonly Descriptor[]> {
    return await findReferrers(this, (await this.index()).manifests, digest, options);
  }

  /** See ImageSource. */
  async *names(options: ContentOptions = {}): AsyncGenerator<string> {
    options.signal?.throwIfAborted();
    const names = (await this.index()).manifests.map(refName).filter((name) => name !== undefined);
    yield* new Set(names);
  }

  /** See ImageSource. */
  close(): void {
    this.tree.close();
  }
}
