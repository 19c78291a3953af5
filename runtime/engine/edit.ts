/** Editing images where they are, or into another place: one image, or every image that an index lists. @module */
import { type ImageSink, type ImageSource, MissingContentError } from "../../image/content.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { manifestFacts } from "../../image/describe_manifest.ts";
import type { LayerfsSuper } from "../../fs/layerfs/mod.ts";
import type { CompressionChoice } from "../../image/layer/compressor.ts";
import { compressionOf } from "../../image/layer/compression.ts";
import { LayoutSource } from "../../image/layout.ts";
import { loadImage } from "../../image/load.ts";
import { decodeIndex } from "../../image/manifest.ts";
import { CONFIG_TYPES, INDEX_TYPES, MANIFEST_TYPES } from "../../image/media_types.ts";
import { type MadeIndex, platformDocument, withManifests } from "../../image/mutate/image_index.ts";
import { arrayField, type JsonObject, readDocument } from "../../image/mutate/document.ts";
import type { Platform } from "../../image/platform.ts";
import { readBlob, readManifest } from "../../image/read_content.ts";
import { type ImageReference, looksLikePath, parseReference } from "../../image/reference.ts";
import { refName } from "../../image/select.ts";
import type { Image, ImageLayer } from "../../image/source.ts";
import { DirectoryTree } from "../../image/store/host_tree.ts";
import { openLayers } from "../../image/store/mount_layers.ts";
import { choiceFor, openImage } from "../../image/store/open_image.ts";
import { openSink } from "../../image/store/open_sink.ts";
import { type OpenSource, openSource, type OpenSourceOptions } from "../../image/store/open_source.ts";
import { Store } from "../../image/store/store.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../image/store/temporary_directory.ts";
import { writeArchive } from "../../image/store/write_layer.ts";
import { transferBlob } from "../../image/transfer.ts";
import { writeImage } from "../../image/write_image.ts";

/** Where an edited image goes, and which of several is edited. */
export interface EditOptions extends OpenSourceOptions {
  /** Where it goes; to where it came from unless told. */
  readonly output?: string;
  /** The one image of an index that is edited: the result is that image alone. Without it all of them are. */
  readonly platform?: Platform;
}

/** What edits can make use of. Everything is given back when the edit is over. */
export class EditTools {
  readonly #options: OpenSourceOptions;
  readonly #opened: Image[] = [];
  #directory: Promise<TemporaryDirectory> | undefined;

  /** Tools that look for images as `options` say. */
  constructor(options: OpenSourceOptions = {}) {
    this.#options = options;
  }

  /** Keeps layers in files (LayerMaker). */
  async make(archive: AsyncIterable<Uint8Array>, compression: CompressionChoice): Promise<ImageLayer> {
    const { path: directory } = await (this.#directory ??= temporaryDirectory("umiak-edit-"));
    const { signal } = this.#options;
    return await writeArchive(archive, {
      directory,
      compression,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** The trees of an image's layers, by way of the store (TreeOpener). */
  async trees(image: Image): Promise<readonly LayerfsSuper[]> {
    const store = await Store.open(this.#options.storeRoot);
    try {
      await store.lease.add(image.config.diffIds, this.#options.signal);
      return await openLayers(image, store.layers, () => store.close());
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /** Another image. */
  async open(reference: string, platform?: Platform): Promise<Image> {
    const wanted = platform === undefined ? {} : { platform };
    const image = await openImage(parseReference(reference), { ...this.#options, ...wanted });
    this.#opened.push(image);
    return image;
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    for (const image of this.#opened) image.close();
    const directory = await this.#directory?.catch(() => undefined); // it was never made
    directory?.close();
  }
}

/** From an image to another one. The result is not closed: its parts are. */
export type Change = (image: Image, tools: EditTools) => Image | Promise<Image>;

/** What a user wrote as a destination: a path with a tag is a layout. */
export function parseOutput(text: string): ImageReference {
  const reference = parseReference(text);
  const at = reference.path.lastIndexOf(":");
  const tag = reference.path.slice(at + 1);
  if (reference.transport !== "auto" || at < 2 || !looksLikePath(reference.path) || /[\\/]/.test(tag)) {
    return reference;
  }
  return tag === "" ? reference : { transport: "oci", path: reference.path.slice(0, at), tag };
}

/** The place an image came from, as a destination. */
function samePlace(opened: OpenSource, named: string | undefined): ImageReference {
  const { source } = opened;
  if (source instanceof Store) return { transport: "store", path: opened.publicName! };
  if (source instanceof LayoutSource && source.tree instanceof DirectoryTree) {
    const { path } = source.tree;
    return named === undefined ? { transport: "oci", path } : { transport: "oci", path, tag: named };
  }
  throw new Error(
    `${
      opened.title ?? source.name
    }: it cannot be changed in its place: say with --output where the result goes`,
  );
}

/** Annotation of what a builder says about another manifest of the index, by its digest. */
const ABOUT = "vnd.docker.reference.digest";

/** Manifests of one index and those in it, at most. */
const MAX_ENTRIES = 4096;

/** The entry of an index with other content; what it carried of the old content goes. */
function describing(document: JsonObject, { mediaType, digest, size }: Descriptor): JsonObject {
  const { data: _, urls: __, ...rest } = document;
  return { ...rest, mediaType, digest, size };
}

/** An edit of everything that one index leads to. */
class IndexEdit {
  #left = MAX_ENTRIES;

  constructor(
    readonly source: ImageSource,
    readonly sink: ImageSink,
    readonly change: Change,
    readonly tools: EditTools,
  ) {}

  /** The index with every image in it changed; the images are in the sink already. */
  async index(descriptor: Descriptor, depth = 0): Promise<MadeIndex> {
    if (depth > 8) throw new Error(`${this.source.name}: indexes nested more than 8 deep`);
    const bytes = await readManifest(this.source, descriptor);
    const what = `${this.source.name}: index ${descriptor.digest}`;
    const { manifests } = decodeIndex(bytes, what);
    const documents = arrayField(readDocument(bytes, what), "manifests") as readonly JsonObject[];
    const entries: JsonObject[] = [];
    for (const [i, each] of manifests.entries()) {
      // What was said about the image as it was does not hold for the edited one.
      if (ABOUT in each.annotations) continue;
      if (this.#left-- === 0) throw new Error(`${what}: more than ${MAX_ENTRIES} manifests`);
      entries.push(await this.#entry(each, documents[i]!, depth));
    }
    return withManifests(bytes, entries);
  }

  async #entry(descriptor: Descriptor, document: JsonObject, depth: number): Promise<JsonObject> {
    const { mediaType, digest } = descriptor;
    if (INDEX_TYPES.includes(mediaType)) {
      const made = await this.index(descriptor, depth + 1);
      await this.sink.putManifest(made.descriptor, made.bytes, undefined);
      return describing(document, made.descriptor);
    }
    if (!MANIFEST_TYPES.includes(mediaType)) return document;
    try {
      if (!await this.#isImage(descriptor)) return document;
    } catch (error) {
      if (error instanceof MissingContentError) return document; // a sparse index stays one
      throw error;
    }
    const image = await loadImage(this.source, digest, { platforms: [] });
    const made = await this.change(image, this.tools);
    await writeImage(made, this.sink);
    const entry = describing(document, made.descriptor);
    return entry.platform === undefined ? entry : { ...entry, platform: platformDocument(made.config) };
  }

  /** False for an artifact, which goes into the sink as it is. */
  async #isImage(descriptor: Descriptor): Promise<boolean> {
    const bytes = await readManifest(this.source, descriptor);
    const { parts } = manifestFacts(bytes, `${this.source.name}: manifest ${descriptor.digest}`);
    const [config, ...layers] = parts;
    const isImage = config !== undefined && CONFIG_TYPES.includes(config.mediaType) &&
      layers.every((layer) => compressionOf(layer.mediaType) !== undefined);
    if (isImage) return true;
    for (const part of parts) {
      await transferBlob(part, { open: (options) => readBlob(this.source, part, options) }, this.sink, {});
    }
    await this.sink.putManifest(descriptor, bytes, undefined);
    return false;
  }
}

/**
 * Changes an image, or every image that an index lists, and writes the result to where it came from or to `output`. The digest of what the
 * name means then. Nothing is in its place before all of it is complete.
 */
export async function editImage(
  reference: string,
  change: Change,
  options: EditOptions = {},
): Promise<string> {
  const tools = new EditTools(options);
  const opened = await openSource(parseReference(reference), options);
  try {
    const { source, imageName } = opened;
    const found = await source.resolve(imageName, options);
    const [first] = found as readonly [Descriptor];
    if (options.platform === undefined && found.length > 1) {
      throw new Error(
        `${source.name}: ${
          imageName ?? "it"
        } is ${found.length} images: name one with --platform, and an --output`,
      );
    }
    const isIndex = INDEX_TYPES.includes(first.mediaType) && options.platform === undefined;
    if (
      options.output === undefined && options.platform !== undefined &&
      (found.length > 1 || INDEX_TYPES.includes(first.mediaType))
    ) {
      throw new Error(
        `${source.name}: one image cannot take the place of an index: say with --output where the result goes`,
      );
    }
    const target = options.output === undefined
      ? samePlace(opened, imageName ?? refName(first))
      : parseOutput(options.output);
    const { sink, imageName: name } = await openSink(target, opened, options);
    try {
      let descriptor: Descriptor;
      if (isIndex) {
        const made = await new IndexEdit(source, sink, change, tools).index(first);
        ({ descriptor } = made);
        await sink.putManifest(descriptor, made.bytes, name, options);
      } else {
        const image = await loadImage(source, imageName, choiceFor(options.platform), options);
        const made = await change(image, tools);
        ({ descriptor } = made);
        await writeImage(made, sink, name, options);
      }
      await sink.commit();
      return descriptor.digest;
    } finally {
      sink.close();
    }
  } finally {
    await tools.close();
    opened.source.close();
  }
}
