/** Layers, and trees unpacked from them, for tests. @module */
import { sha256 } from "../../digest.ts";
import { tarEnd, tarHeader, tarPadding } from "../../layer/tar_writer.ts";
import { tarStream } from "../../layer/tar_stream.ts";
import type { LayerEntry } from "../../layer/tar_stream.ts";
import type { ImageLayer } from "../../source.ts";
import { openTree } from "../host_fs/open_tree.ts";
import type { HostTree } from "../host_fs/types.ts";
import { IdMap, type IdMaps, type IdRange } from "../tree/id_map.ts";
import { contentDigest, scanTree } from "../tree/tree_scan.ts";
import { Places } from "../tree/places.ts";
import { metadataStore, type UnpackedTree, unpackLayers, type UnpackOptions } from "../unpack.ts";

/** Id maps of these ranges. */
export function maps(uids: readonly IdRange[] = [], gids: readonly IdRange[] = uids): IdMaps {
  return { uids: new IdMap(uids), gids: new IdMap(gids) };
}

/** A layer whose archive is these bytes. */
export function rawLayer(archive: Uint8Array): ImageLayer {
  const digest = sha256(archive);
  return {
    descriptor: {
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      digest,
      size: archive.length,
      annotations: {},
    },
    diffId: digest,
    open: async function* () {
      yield await Promise.resolve(archive);
    },
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A layer of entries as they are, whatever is wrong with them: names may come twice, or lead anywhere. */
export function hostileLayer(
  entries: readonly (LayerEntry & { readonly content?: Uint8Array })[],
): ImageLayer {
  const parts = entries.flatMap((entry) => {
    const content = entry.content ?? new Uint8Array(0);
    return [tarHeader({ ...entry, size: content.length }), content, tarPadding(content.length)];
  });
  return rawLayer(joined([...parts, tarEnd()]));
}

/** A layer as it is written. */
export async function layerOf(
  entries: Iterable<LayerEntry> | AsyncIterable<LayerEntry>,
): Promise<ImageLayer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tarStream(entries)) chunks.push(chunk.slice());
  return rawLayer(joined(chunks));
}

/** Short forms of entries. */
export const file = (
  name: string,
  content: string | Uint8Array = "",
  more: Partial<LayerEntry> = {},
): LayerEntry & { content: Uint8Array } => ({
  name,
  type: "file",
  mode: 0o644,
  ...more,
  content: typeof content === "string" ? new TextEncoder().encode(content) : content,
});
/** See file. */
export const dir = (name: string, more: Partial<LayerEntry> = {}): LayerEntry & { content?: Uint8Array } => ({
  name,
  type: "dir",
  mode: 0o755,
  ...more,
} as LayerEntry & { content?: Uint8Array });
/** See file. */
export const symlink = (name: string, linkname: string): LayerEntry & { content?: Uint8Array } => ({
  name,
  type: "symlink",
  mode: 0o777,
  linkname,
});
/** See file. */
export const link = (name: string, linkname: string): LayerEntry & { content?: Uint8Array } => ({
  name,
  type: "link",
  mode: 0o644,
  linkname,
});

/** Unpacks layers into a directory, which is made; as root with full metadata unless told, else as an ordinary user. */
export async function unpack(
  layers: readonly ImageLayer[],
  path: string,
  options: Partial<UnpackOptions> = {},
): Promise<UnpackedTree> {
  await Deno.mkdir(path, { recursive: true });
  const rootless = Deno.build.os !== "windows" && Deno.uid() !== 0;
  return await unpackLayers({ name: "image", layers }, path, { maps: maps(), rootless, ...options });
}

/** How much of a tree is described. */
export interface DescribeOptions {
  /** As unpacked by an ordinary user. */
  readonly rootless?: boolean;
  /** With id maps. */
  readonly maps?: IdMaps;
  /** Names and contents only. */
  readonly short?: boolean;
  /** Opens the tree. */
  readonly open?: (path: string) => HostTree;
}

/** A tree in lines that can be compared: everything that a layer can say of its files. */
export function describeTree(path: string, options: DescribeOptions = {}): string[] {
  const { short = false } = options;
  const tree = (options.open ?? openTree)(path);
  const places = new Places(tree.root);
  const rootless = options.rootless ?? (Deno.build.os !== "windows" && Deno.uid() !== 0);
  try {
    const metadata = metadataStore(rootless, options.maps ?? maps(), tree);
    return [...scanTree(tree, { metadata })].map((entry) => {
      const isFile = (entry.mode & 0o170000) === 0o100000;
      let content = "";
      if (isFile) {
        const [directory, name] = places.locate(entry.path);
        const reader = directory.read(name!);
        content = contentDigest(reader).slice(0, 12);
        reader.close();
      }
      if (short) return `${entry.path}${entry.target === "" ? "" : ` -> ${entry.target}`}`;
      const { mode, uid, gid, size, rdev, mtimeSec, mtimeNsec, leader, target, xattrs } = entry;
      return [
        JSON.stringify(entry.path),
        mode.toString(8),
        `${uid}:${gid}`,
        size,
        rdev,
        `${mtimeSec}.${mtimeNsec}`,
        leader === entry.path ? "" : `=${leader}`,
        target,
        xattrs.slice(0, 12),
        content,
      ].join(" ");
    });
  } finally {
    places.close();
    tree.root.close();
  }
}

/** Paths of a tree, links with their targets, without the root. */
export function pathsOf(path: string, options: DescribeOptions = {}): string[] {
  return describeTree(path, { ...options, short: true }).slice(1);
}
