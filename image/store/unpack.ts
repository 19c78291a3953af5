/** Unpacks the layers of an image into a directory. @module */
import { hasher, parseDigest } from "../digest.ts";
import { compressionOf, decompress } from "../layer/compression.ts";
import type { Image, ImageLayer } from "../source.ts";
import { openTree } from "./host_fs/open_tree.ts";
import type { HostTree } from "./host_fs/types.ts";
import { LayerExtractor } from "./tree/layer_extractor.ts";
import { FullMetadata, type MetadataStore, RootlessMetadata } from "./tree/metadata.ts";
import type { IdMaps } from "./tree/id_map.ts";
import { adopt } from "./tree/tree_diff.ts";
import type { TreeEntry } from "./tree/tree_entry.ts";
import { scanTree } from "./tree/tree_scan.ts";

/** How an image is unpacked. */
export interface UnpackOptions {
  /** Ids of the container and of the host. */
  readonly maps: IdMaps;
  /** As an ordinary user: owners and devices are kept in extended attributes. */
  readonly rootless: boolean;
  /** A directory does not replace a symbolic link that leads to one. */
  readonly keepDirlinks?: boolean;
  /** Ends the work with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Opens the directory; the host's best way by default. */
  readonly open?: (path: string) => HostTree;
}

/** A tree that has been unpacked. */
export interface UnpackedTree {
  /** Everything in it. */
  readonly entries: readonly TreeEntry[];
  /** What this host, or this user, could not keep: sentences for people. */
  readonly notes: readonly string[];
}

/** How a tree's metadata is kept. */
export function metadataStore(rootless: boolean, maps: IdMaps, tree: HostTree): MetadataStore {
  return rootless && tree.limits.full ? new RootlessMetadata() : new FullMetadata(maps, tree.limits.full);
}

/** Applies one layer. Its digests are checked to the end before anything else that is wrong with it is reported. */
async function applyLayer(layer: ImageLayer, extractor: LayerExtractor, signal?: AbortSignal): Promise<void> {
  const expected = parseDigest(layer.diffId)!;
  const hash = hasher(expected.algorithm), reader = extractor.layer();
  let failure: { error: unknown } | undefined;
  const attempt = (step: () => void): void => {
    try {
      if (failure === undefined) step();
    } catch (error) {
      failure = { error };
    }
  };
  for await (const chunk of decompress(layer.open(), { transient: true })) {
    signal?.throwIfAborted();
    hash.update(chunk);
    attempt(() => reader.push(chunk));
  }
  const diffId = `${expected.algorithm}:${hash.digest("hex")}`;
  if (diffId !== layer.diffId) {
    throw new Error(
      `its archive has digest ${diffId}, not the diff_id ${layer.diffId} of the image's config`,
    );
  }
  attempt(() => reader.end());
  attempt(() => extractor.layerEnd());
  if (failure !== undefined) throw failure.error;
}

/** Applies the layers of an image to the empty directory at `path`. On an error the directory contains some part of the image. */
export async function unpackLayers(
  image: Pick<Image, "name" | "layers">,
  path: string,
  options: UnpackOptions,
): Promise<UnpackedTree> {
  const tree = (options.open ?? openTree)(path);
  const metadata = metadataStore(options.rootless, options.maps, tree);
  try {
    const extractor = new LayerExtractor(tree, { metadata, keepDirlinks: options.keepDirlinks ?? false });
    try {
      for (const layer of image.layers) {
        const { digest, mediaType } = layer.descriptor;
        if (compressionOf(mediaType) === undefined) {
          throw new Error(`${image.name}: layer ${digest}: ${mediaType} is not a layer of files`);
        }
        try {
          await applyLayer(layer, extractor, options.signal);
        } catch (error) {
          const message = (error as Error).message;
          const what = `${image.name}: layer ${digest}`;
          throw message.includes(digest) ? error : new Error(`${what}: ${message}`, { cause: error });
        }
      }
      extractor.finish();
    } finally {
      extractor.close();
    }
    const limits = { full: tree.limits.full, rootless: options.rootless };
    const entries: TreeEntry[] = [];
    for (const entry of scanTree(tree, { metadata, hashes: extractor.hashes })) {
      const known = extractor.recorded.get(entry.path);
      const facts = known === undefined
        ? undefined
        : { ...known, mtimeSec: known.mtime[0], mtimeNsec: known.mtime[1] };
      entries.push(adopt(entry, facts, limits));
    }
    return { entries, notes: notes(extractor, tree) };
  } finally {
    tree.root.close();
  }
}

function notes(extractor: LayerExtractor, tree: HostTree): string[] {
  const found = [...extractor.lost].map(([what, { count, first }]) =>
    `${what}: not kept for ${count} ${count === 1 ? "file" : "files"} (${JSON.stringify(first)})`
  );
  if (tree.limits.full || found.length === 0) return found;
  return [
    `this ${tree.limits.reason ?? "host"} keeps less than the image says; repack takes it from umiak.tree`,
    ...found,
  ];
}
