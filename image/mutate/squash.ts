/** Several layers as one, and all of them as one archive. @module */
import type { LayerfsSuper } from "../../fs/layerfs/mod.ts";
import { OverlaySuper } from "../../fs/overlay/mod.ts";
import { compressionOf } from "../layer/compression.ts";
import type { CompressionChoice } from "../layer/compressor.ts";
import { tarStream } from "../layer/tar_stream.ts";
import type { Image } from "../source.ts";
import { inFormatOf } from "./append.ts";
import type { JsonObject } from "./document.ts";
import { configDocument, edited } from "./edited.ts";
import { completeHistory, type HistoryStep, splitHistory, stepDocument } from "./history.ts";
import { formatOf } from "./layer_types.ts";
import { inMemory, type LayerMaker } from "./layer_maker.ts";
import { treeEntries } from "./tree_entries.ts";
import { type TreeOpener, treesInMemory } from "./trees.ts";

/** How layers are squashed. */
export interface SquashOptions {
  /** How many layers, from the top; all of them unless told. */
  readonly last?: number;
  /** Compression of the new layer; that of the topmost one unless told. */
  readonly compression?: CompressionChoice;
  /** The new layer's step in the history. */
  readonly step?: HistoryStep;
  /** Where the new layer is kept; in memory unless told. */
  readonly make?: LayerMaker;
  /** Where the trees come from; from memory unless told. */
  readonly trees?: TreeOpener;
}

/** The layer that does what the topmost `count` of `trees` do to the others. */
function archiveOf(trees: readonly LayerfsSuper[], count: number): AsyncGenerator<Uint8Array> {
  const merged = new OverlaySuper({ lowers: trees.map((tree) => tree.root) });
  if (count === trees.length) return tarStream(treeEntries(merged.root));
  const own = new Set<unknown>(trees.slice(0, count));
  const base = new OverlaySuper({ lowers: trees.slice(count).map((tree) => tree.root) });
  return tarStream(treeEntries(merged.root, { root: base.root, isOwn: (real) => own.has(real.sb) }));
}

/**
 * The root filesystem of an image as one archive: every whiteout applied, entries in a fixed order. Content is read while the archive is
 * read. Throws if a layer is damaged.
 */
export async function* exportTree(
  image: Image,
  open: TreeOpener = treesInMemory,
): AsyncGenerator<Uint8Array> {
  const trees = await open(image);
  try {
    yield* trees.length === 0 ? tarStream([]) : archiveOf(trees, trees.length);
  } finally {
    for (const tree of trees) tree.shutdown();
  }
}

/** The history with the steps of squashed layers kept, as steps that made none, and one for the new layer behind them. */
function squashedHistory(config: JsonObject, total: number, kept: number, step: HistoryStep): unknown[] {
  const [lower, upper] = splitHistory(completeHistory(config, total), kept);
  const emptied = upper.map((each) => ({ ...each as object, empty_layer: true }));
  return [...lower, ...emptied, stepDocument(config, step, false)];
}

/**
 * The image with its topmost layers as one. What the tree of all layers shows stays the same; the layers below stay as they are, byte for
 * byte. The new layer holds what differs from them: files with their attributes, explicit whiteouts for what is gone.
 */
export async function squash(image: Image, options: SquashOptions = {}): Promise<Image> {
  const total = image.layers.length;
  const { last = total, step = {}, make = inMemory, trees: open = treesInMemory } = options;
  if (!Number.isInteger(last) || last < 1 || last > total) {
    throw new Error(`${image.name}: squashing ${last} layers: it has ${total}`);
  }
  const top = image.layers.at(-1)!.descriptor.mediaType;
  const compression = options.compression ?? { compression: compressionOf(top) ?? "gzip" };
  if (compression.compression === "zstd" && formatOf(image) === "docker") {
    throw new Error(`${image.name}: squashing: Docker's format has no media type for zstd`);
  }
  const trees = await open(image);
  try {
    const layer = await make(archiveOf(trees, last), compression);
    const document = configDocument(image);
    const config = {
      ...document,
      history: squashedHistory(document, total, total - last, step),
      ...(step.created === undefined ? {} : { created: step.created }),
    };
    return edited(image, {
      config,
      layers: [...image.layers.slice(0, total - last), inFormatOf(image, layer)],
    });
  } finally {
    for (const tree of trees) tree.shutdown();
  }
}
