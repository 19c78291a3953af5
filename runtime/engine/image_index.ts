/** Image indexes: made, added to, taken from. @module */
import { copyImage } from "../../image/copy.ts";
import type { ImageSink, ImageSource } from "../../image/content.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { INDEX_TYPES } from "../../image/media_types.ts";
import type { JsonObject } from "../../image/mutate/document.ts";
import {
  addToIndex,
  createIndex,
  indexEntry,
  type IndexOptions,
  type MadeIndex,
  removeFromIndex,
} from "../../image/mutate/image_index.ts";
import { acceptable, parsePlatform, platformText } from "../../image/platform.ts";
import { readManifest } from "../../image/read_content.ts";
import { parseReference } from "../../image/reference.ts";
import { openSink } from "../../image/store/open_sink.ts";
import { openSource, type OpenSourceOptions } from "../../image/store/open_source.ts";
import { parseOutput } from "./edit.ts";

/** How an index is made or changed. */
export interface EditIndexOptions extends OpenSourceOptions, Omit<IndexOptions, "subject"> {
  /** Annotations of the new entries. */
  readonly entryAnnotations?: Readonly<Record<string, string>>;
  /** The manifest that the index is about. */
  readonly subject?: string;
}

/** Keeps a sink from completing what is only a part: the index comes last. */
function uncommitted(sink: ImageSink): ImageSink {
  return {
    name: sink.name,
    hasBlob: (descriptor, options) => sink.hasBlob(descriptor, options),
    putBlob: (descriptor, open, options) => sink.putBlob(descriptor, open, options),
    putManifest: (descriptor, bytes, name, options) => sink.putManifest(descriptor, bytes, name, options),
    commit: () => Promise.resolve(),
    close: () => {},
  };
}

/** What one reference means, all of it copied to `sink`, as entries of an index. */
async function copied(
  reference: string,
  sink: ImageSink,
  options: EditIndexOptions,
): Promise<JsonObject[]> {
  const { source, imageName } = await openSource(parseReference(reference), options);
  try {
    const entries: JsonObject[] = [];
    for (const descriptor of await source.resolve(imageName, options)) {
      await copyImage(source, descriptor.digest, uncommitted(sink), undefined, options);
      entries.push(await indexEntry(source, descriptor, options.entryAnnotations, options));
    }
    return entries;
  } finally {
    source.close();
  }
}

async function subjectOf(options: EditIndexOptions): Promise<{ subject?: Descriptor }> {
  if (options.subject === undefined) return {};
  const { source, imageName } = await openSource(parseReference(options.subject), options);
  try {
    const found = await source.resolve(imageName, options);
    if (found.length !== 1) throw new Error(`subject ${options.subject}: ${found.length} manifests, not one`);
    return { subject: found[0]! };
  } finally {
    source.close();
  }
}

async function indexOptions(options: EditIndexOptions): Promise<IndexOptions> {
  const { annotations, artifactType } = options;
  return {
    ...(annotations === undefined ? {} : { annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...await subjectOf(options),
  };
}

/** Puts what `make` gives under the name that `target` says. */
async function write(
  target: string,
  options: EditIndexOptions,
  make: (sink: ImageSink) => Promise<MadeIndex>,
): Promise<string> {
  const { sink, imageName } = await openSink(parseOutput(target), {}, options);
  try {
    const { descriptor, bytes } = await make(sink);
    await sink.putManifest(descriptor, bytes, imageName, options);
    await sink.commit();
    return descriptor.digest;
  } finally {
    sink.close();
  }
}

/** Makes an index of images, which are copied to where it is. Its digest. */
export function createImageIndex(
  target: string,
  images: readonly string[],
  options: EditIndexOptions = {},
): Promise<string> {
  return write(target, options, async (sink) => {
    const entries: JsonObject[] = [];
    for (const image of images) entries.push(...await copied(image, sink, options));
    return createIndex(entries, await indexOptions(options));
  });
}

/** The index that a reference means. */
async function readIndex(source: ImageSource, name: string | undefined): Promise<Uint8Array> {
  const found = await source.resolve(name);
  const [first] = found as readonly [Descriptor];
  if (found.length !== 1 || !INDEX_TYPES.includes(first.mediaType)) {
    throw new Error(`${source.name}: ${name ?? "what it contains"} is not an index, but ${first.mediaType}`);
  }
  return await readManifest(source, first);
}

/** Changes an index in its place. */
async function change(
  target: string,
  options: EditIndexOptions,
  make: (bytes: Uint8Array, sink: ImageSink, source: ImageSource) => Promise<MadeIndex>,
): Promise<string> {
  const { source, imageName } = await openSource(parseReference(target), options);
  try {
    const bytes = await readIndex(source, imageName);
    return await write(target, options, (sink) => make(bytes, sink, source));
  } finally {
    source.close();
  }
}

/** Adds images to an index, and copies them to where it is; or only changes its own properties. Its new digest. */
export function addToImageIndex(
  target: string,
  images: readonly string[],
  options: EditIndexOptions = {},
): Promise<string> {
  return change(target, options, async (bytes, sink) => {
    const entries: JsonObject[] = [];
    for (const image of images) entries.push(...await copied(image, sink, options));
    return addToIndex(bytes, entries, await indexOptions(options));
  });
}

/** What a user names entries by: a digest, or a platform. */
function matcher(text: string): (entry: Descriptor) => boolean {
  if (text.includes(":")) return (entry) => entry.digest === text;
  const wanted = acceptable(parsePlatform(text))[0]!;
  return (entry) => entry.platform !== undefined && platformText(entry.platform) === wanted;
}

/** Takes entries out of an index, by digest or platform. Its new digest. Throws if there is none. */
export function removeFromImageIndex(
  target: string,
  entries: readonly string[],
  options: EditIndexOptions = {},
): Promise<string> {
  return change(target, options, (bytes) => {
    let made: MadeIndex | undefined;
    for (const entry of entries) {
      try {
        made = removeFromIndex(made?.bytes ?? bytes, matcher(entry));
      } catch (error) {
        throw new Error(`${target}: ${entry}: ${(error as Error).message}`, { cause: error });
      }
    }
    return Promise.resolve(made!);
  });
}
