/** What is done to images: append, config, mutate, squash, rebase, export, import. @module */
import type { CompressionChoice } from "../../image/layer/compressor.ts";
import { annotate } from "../../image/mutate/annotate.ts";
import { appendLayer, checkedArchive } from "../../image/mutate/append.ts";
import { convertCompression, convertFormat } from "../../image/mutate/convert.ts";
import { type ConfigChange, editConfig, type MapChange } from "../../image/mutate/edit_config.ts";
import { emptyImage } from "../../image/mutate/empty.ts";
import type { HistoryStep } from "../../image/mutate/history.ts";
import type { Format } from "../../image/mutate/layer_types.ts";
import { BASE_DIGEST, BASE_NAME, rebase } from "../../image/mutate/rebase.ts";
import { exportTree, squash } from "../../image/mutate/squash.ts";
import { normalizePlatform } from "../../image/platform.ts";
import { parseReference } from "../../image/reference.ts";
import type { ImageLayer } from "../../image/source.ts";
import { hostFiles } from "../../image/store/host_files.ts";
import { openSink } from "../../image/store/open_sink.ts";
import type { PackedTree } from "../../image/store/pack.ts";
import { tarLayer } from "../../image/wasm/module_image.ts";
import { writeImage } from "../../image/write_image.ts";
import { type Change, editImage, type EditOptions, EditTools, parseOutput } from "./edit.ts";

/** A layer to be appended: an archive (`-` is standard input), or files of the host. */
export type NewLayer = { readonly archive: string } | { readonly tree: PackedTree };

/** What is changed, in this order. */
export interface MutateOptions extends EditOptions {
  /** Layers that are put on top. */
  readonly append?: readonly NewLayer[];
  /** Their compression, and that of all layers if `convert` says so. */
  readonly compression?: CompressionChoice;
  /** All layers are compressed that way. */
  readonly convert?: boolean;
  /** Changes to the configuration. */
  readonly config?: ConfigChange;
  /** Changes to the manifest's annotations. */
  readonly annotations?: MapChange;
  /** Media types. */
  readonly format?: Format;
  /** Steps of the history for new layers; for files their times too. */
  readonly step?: HistoryStep;
}

async function* standardInput(): AsyncGenerator<Uint8Array> {
  yield* Deno.stdin.readable;
}

/** The bytes of a file, or of standard input. */
async function openArchive(path: string): Promise<AsyncIterable<Uint8Array>> {
  if (path === "-") return standardInput();
  try {
    return (await Deno.open(path)).readable;
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "no such file or directory"
      : (error as Error).message;
    throw new Error(`archive ${path}: ${why}`, { cause: error });
  }
}

const seconds = (created: string | undefined): number =>
  created === undefined ? 0 : Math.floor(Date.parse(created) / 1000);

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Makes a layer of what a user gave. */
async function newLayer(
  layer: NewLayer,
  compression: CompressionChoice,
  step: HistoryStep,
  tools: EditTools,
): Promise<ImageLayer> {
  if ("archive" in layer) {
    const { archive } = layer;
    const what = archive === "-" ? "standard input" : archive;
    return await tools.make(checkedArchive(await openArchive(archive), what), compression);
  }
  const { host, container } = layer.tree;
  return await tools.make(
    once(tarLayer(await hostFiles(host, container, seconds(step.created)))),
    compression,
  );
}

const nameOf = (layer: NewLayer): string => "archive" in layer ? layer.archive : layer.tree.container;

/** The change that MutateOptions describe. */
function mutation(options: MutateOptions): Change {
  const { append = [], compression = { compression: "gzip" }, config, annotations, format, step = {} } =
    options;
  let made: Promise<ImageLayer[]> | undefined;
  const layers = async (tools: EditTools): Promise<ImageLayer[]> => {
    const result: ImageLayer[] = [];
    for (const each of append) result.push(await newLayer(each, compression, step, tools));
    return result;
  };
  return async (image, tools) => {
    let result = image;
    // Standard input can be read once: all images of an index get the same layer.
    for (const [i, layer] of (await (made ??= layers(tools))).entries()) {
      result = appendLayer(result, layer, { createdBy: `umiak image append ${nameOf(append[i]!)}`, ...step });
    }
    if (config !== undefined) result = editConfig(result, config);
    if (format === "oci") result = convertFormat(result, format);
    if (options.convert) result = await convertCompression(result, compression, (a, c) => tools.make(a, c));
    if (annotations !== undefined) result = annotate(result, annotations);
    return format === "docker" ? convertFormat(result, format) : result;
  };
}

/** Appends layers, changes configuration, annotations, compression and media types. The digest of the result. */
export function mutate(reference: string, options: MutateOptions): Promise<string> {
  return editImage(reference, mutation(options), options);
}

/** How layers are squashed. */
export interface SquashImageOptions extends EditOptions {
  /** How many, from the top; all of them unless told. */
  readonly last?: number;
  /** Compression of the new layer. */
  readonly compression?: CompressionChoice;
  /** Its step in the history. */
  readonly step?: HistoryStep;
}

/** Makes one layer of several. The digest of the result. */
export function squashImage(reference: string, options: SquashImageOptions = {}): Promise<string> {
  const { last, compression, step = {} } = options;
  return editImage(reference, (image, tools) =>
    squash(image, {
      step: { createdBy: "umiak image squash", ...step },
      ...(last === undefined ? {} : { last }),
      ...(compression === undefined ? {} : { compression }),
      make: (archive, choice) => tools.make(archive, choice),
      trees: (image) => tools.trees(image),
    }), options);
}

/** Which base an image is moved to. */
export interface RebaseImageOptions extends EditOptions {
  /** The base it is on; what its annotations say unless told. */
  readonly oldBase?: string;
  /** The base it goes to; what its annotations say unless told. */
  readonly newBase?: string;
}

/** Moves an image to another base. The digest of the result. */
export function rebaseImage(reference: string, options: RebaseImageOptions = {}): Promise<string> {
  return editImage(reference, async (image, tools) => {
    const { [BASE_NAME]: name, [BASE_DIGEST]: digest } = image.manifest.annotations;
    const known = name === undefined || digest === undefined
      ? undefined
      : `${name.replace(/@.*$/, "")}@${digest}`;
    const oldBase = options.oldBase ?? known, newBase = options.newBase ?? name;
    if (oldBase === undefined || newBase === undefined) {
      throw new Error(
        `${image.name}: rebasing: its annotations do not name its base: say --old-base and --new-base`,
      );
    }
    const { os, architecture, variant } = image.config;
    const platform = variant === undefined ? { os, architecture } : { os, architecture, variant };
    const old = await tools.open(oldBase, platform), next = await tools.open(newBase, platform);
    // A path on this host would mean nothing to others.
    const isName = parseReference(newBase).transport === "docker" || newBase === name;
    return rebase(image, old, next, isName ? { baseName: newBase.replace(/^docker:\/\//, "") } : {});
  }, options);
}

/** Calls `write` with the root filesystem of an image as one archive, piece by piece. */
export async function exportImage(
  reference: string,
  write: (chunk: Uint8Array) => Promise<void> | void,
  options: EditOptions = {},
): Promise<void> {
  const tools = new EditTools(options);
  try {
    const image = await tools.open(reference, options.platform);
    for await (const chunk of exportTree(image, (image) => tools.trees(image))) await write(chunk);
  } finally {
    await tools.close();
  }
}

/** What an imported image is to be. */
export interface ImportOptions extends MutateOptions {
  /** Where it goes. */
  readonly output: string;
}

/** Makes an image of one layer from an archive (`-` is standard input). The digest of its manifest. */
export async function importImage(archive: string, options: ImportOptions): Promise<string> {
  const base = emptyImage(
    options.platform ?? normalizePlatform({ os: "linux", architecture: Deno.build.arch }),
  );
  const tools = new EditTools(options);
  try {
    const step = { createdBy: `umiak image import ${archive}`, ...options.step };
    const image = await mutation({ ...options, append: [{ archive }], step })(base, tools);
    const { sink, imageName } = await openSink(parseOutput(options.output), {}, options);
    try {
      await writeImage(image, sink, imageName, options);
      await sink.commit();
    } finally {
      sink.close();
    }
    return image.digest;
  } finally {
    await tools.close();
  }
}
