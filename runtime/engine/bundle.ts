/** `umiak image unpack`, `diff` and `repack`: images as bundles on disk, and back. @module */
import { resolve } from "node:path";
import type { ImageConfig } from "../../image/config.ts";
import type { Change } from "../../image/layer/change.ts";
import type { CompressionChoice } from "../../image/layer/compressor.ts";
import { loadImage } from "../../image/load.ts";
import { appendLayer } from "../../image/mutate/append.ts";
import type { Platform } from "../../image/platform.ts";
import { type ImageReference, parseReference, referenceText } from "../../image/reference.ts";
import type { Image } from "../../image/source.ts";
import { readBundle, ROOTFS, type UnpackedBundle, writeBundleState } from "../../image/store/bundle_state.ts";
import { openTree } from "../../image/store/host_fs/open_tree.ts";
import { LayoutSink } from "../../image/store/layout_sink.ts";
import { choiceFor, openImage } from "../../image/store/open_image.ts";
import { openSource } from "../../image/store/open_source.ts";
import {
  bundleChanges,
  compareViews,
  openBundleView,
  repackLayer,
  type TreeView,
} from "../../image/store/repack.ts";
import { IdMap, type IdMaps, type IdRange } from "../../image/store/tree/id_map.ts";
import { readTreeFile } from "../../image/store/tree/read_file.ts";
import { unpackLayers } from "../../image/store/unpack.ts";
import { writeImage } from "../../image/write_image.ts";
import type { NamespaceType, Spec } from "../spec/types.ts";
import { convert } from "./conversion.ts";
import type { UserFiles } from "./user.ts";

/** Largest /etc/passwd or /etc/group that is read. */
const MAX_USER_FILE = 1024 * 1024;

/** How an image is unpacked. */
export interface UnpackBundleOptions {
  /** Which of several images. */
  readonly platform?: Platform;
  /** As an ordinary user. */
  readonly rootless?: boolean;
  /** User ids of the container and of the host. */
  readonly uids?: readonly IdRange[];
  /** Group ids of the container and of the host. */
  readonly gids?: readonly IdRange[];
  /** A directory does not replace a symbolic link that leads to one. */
  readonly keepDirlinks?: boolean;
}

/** A reference whose path means the same from everywhere. */
function absolute(reference: ImageReference): string {
  return referenceText({ ...reference, path: resolve(reference.path) });
}

function idMaps(options: UnpackBundleOptions): IdMaps {
  const own = (id: number | null): IdRange[] => [{ container: 0, host: id ?? 0, size: 1 }];
  const { rootless, uids = [], gids = [] } = options;
  return {
    uids: new IdMap(uids.length === 0 && rootless ? own(Deno.uid()) : uids),
    gids: new IdMap(gids.length === 0 && rootless ? own(Deno.gid()) : gids),
  };
}

function userFiles(rootfs: string): UserFiles {
  const tree = openTree(rootfs);
  try {
    const text = (path: string): string | undefined => {
      const bytes = readTreeFile(tree, path, MAX_USER_FILE);
      return bytes && new TextDecoder().decode(bytes);
    };
    return { passwd: text("etc/passwd"), group: text("etc/group") };
  } finally {
    tree.root.close();
  }
}

/** config.json of a bundle (conversion.md), with a user namespace where ids are mapped. An image without a command gets a shell. */
function bundleSpec(config: ImageConfig, name: string, users: UserFiles, maps: IdMaps): unknown {
  const { Entrypoint, Cmd } = config.config;
  const args = Entrypoint.length + Cmd.length === 0 ? { args: ["sh"] } : {};
  const spec: Spec = convert(config, args, {
    imageName: name,
    users,
    hostname: "umiak",
    hostPath: (path) => path,
  });
  if (maps.uids.ranges.length + maps.gids.ranges.length === 0) return spec;
  const mappings = (map: IdMap): unknown[] =>
    map.ranges.map(({ container, host, size }) => ({ containerID: container, hostID: host, size }));
  const user: NamespaceType = "user";
  return {
    ...spec,
    linux: {
      ...spec.linux,
      namespaces: [...spec.linux.namespaces, { type: user }],
      uidMappings: mappings(maps.uids),
      gidMappings: mappings(maps.gids),
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Makes the directory of a bundle if it is not there. True if it was made. */
async function makeBundle(directory: string): Promise<boolean> {
  for (const name of [ROOTFS, "config.json"]) {
    if (await exists(`${directory}/${name}`)) {
      throw new Error(`unpacking into ${directory}: it has a ${name} already`);
    }
  }
  if (await exists(directory)) return false;
  try {
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`making ${directory}: ${(error as Error).message}`, { cause: error });
  }
  return true;
}

/**
 * Unpacks an image as a bundle: config.json, rootfs, and what repack wants to know. The root filesystem gets its name when it is complete;
 * after an error nothing is left. Gives sentences about what could not be kept.
 */
export async function unpackBundle(
  reference: string,
  directory: string,
  options: UnpackBundleOptions = {},
): Promise<readonly string[]> {
  if (Deno.build.os === "linux" && !options.rootless && Deno.uid() !== 0) {
    throw new Error(
      `unpacking ${reference}: only root can give files to others; --rootless keeps owners in attributes`,
    );
  }
  const maps = idMaps(options), parsed = parseReference(reference);
  const image = await openImage(parsed, options.platform === undefined ? {} : { platform: options.platform });
  try {
    const made = await makeBundle(directory);
    const temporary = `${directory}/.${ROOTFS}-${crypto.randomUUID()}`;
    try {
      await Deno.mkdir(temporary);
      const rootless = options.rootless ?? false;
      const unpacked = await unpackLayers(image, temporary, {
        maps,
        rootless,
        keepDirlinks: options.keepDirlinks ?? false,
      });
      const spec = bundleSpec(image.config, image.name, userFiles(temporary), maps);
      const state = { image: absolute(parsed), digest: image.digest, rootless, maps };
      await writeBundleState(directory, state, unpacked.entries);
      await Deno.writeTextFile(`${directory}/config.json`, `${JSON.stringify(spec, null, 2)}\n`);
      await Deno.rename(temporary, `${directory}/${ROOTFS}`);
      return unpacked.notes;
    } catch (error) {
      const made_ = made
        ? [directory]
        : [temporary, `${directory}/config.json`, `${directory}/umiak.json`, `${directory}/umiak.tree`];
      for (const path of made_) await Deno.remove(path, { recursive: true }).catch(() => {}); // perhaps it was never made
      throw error;
    }
  } finally {
    image.close();
  }
}

/** A bundle's tree, or that of an image. */
async function viewOf(operand: string): Promise<TreeView> {
  if (await exists(`${operand}/umiak.json`)) return openBundleView(await readBundle(operand));
  const { prepareImage, rootFilesystem } = await import("./root_filesystem.ts");
  const { inodeView } = await import("../../image/store/tree/inode_view.ts");
  const overlay = rootFilesystem((await prepareImage(operand, undefined)).layers);
  try {
    return { ...inodeView(overlay.root), close: () => overlay.shutdown() };
  } catch (error) {
    overlay.shutdown();
    throw error;
  }
}

/** What has changed in a bundle since it was unpacked; of two bundles or images, in the second against the first. */
export async function diffTrees(first: string, second?: string): Promise<readonly Change[]> {
  if (second === undefined) return bundleChanges(await readBundle(first)).changes;
  const a = await viewOf(first);
  try {
    const b = await viewOf(second);
    try {
      return compareViews(a, b);
    } finally {
      b.close();
    }
  } finally {
    a.close();
  }
}

/** How a bundle is repacked. */
export interface RepackBundleOptions {
  /** Where the image goes: a layout directory with a tag. */
  readonly image: string;
  /** Compression of the new layer. */
  readonly compression?: CompressionChoice;
  /** No file's time is later than this, and the image is of then: seconds since 1970. */
  readonly timestamp?: number;
  /** What the history says of the layer. */
  readonly history?: { readonly createdBy?: string; readonly author?: string; readonly comment?: string };
  /** Paths whose changes stay out, beside the image's volumes. */
  readonly masked?: readonly string[];
  /** Changes in the image's volumes count, too. */
  readonly volumes?: boolean;
  /** The bundle counts as unpacked from the new image afterwards. */
  readonly refresh?: boolean;
}

/** What has been repacked. */
export interface Repacked {
  /** Digest of the manifest. */
  readonly digest: string;
  /** Digest of the new layer; undefined if nothing had changed. */
  readonly layer?: string;
  /** Changes. */
  readonly changes: number;
  /** What no layer can contain. */
  readonly notes: readonly string[];
}

/** `DIR:TAG`, perhaps with `oci:` in front; a Windows drive's colon belongs to the directory. */
function destination(text: string): { directory: string; tag: string } {
  const path = text.replace(/^oci:/, ""), at = path.lastIndexOf(":");
  const tag = path.slice(at + 1);
  if (at < 1 || tag === "" || /[\\/]/.test(tag)) {
    throw new Error(`image ${JSON.stringify(text)}: expected DIR:TAG, a layout directory and a name`);
  }
  return { directory: path.slice(0, at), tag };
}

/** The image that a bundle was unpacked from, wherever its name points to by now. */
async function baseImage({ state, directory }: UnpackedBundle): Promise<Image> {
  const { source } = await openSource(parseReference(state.image));
  try {
    return await loadImage(source, state.digest, choiceFor(undefined));
  } catch (error) {
    source.close();
    const message = `bundle ${directory}: its image ${state.digest} in ${state.image}: ${
      (error as Error).message
    }`;
    throw new Error(message, { cause: error });
  }
}

/** Writes a new image: that of the bundle, with what has changed since as a layer on top. */
export async function repackBundle(directory: string, options: RepackBundleOptions): Promise<Repacked> {
  const to = destination(options.image);
  const bundle = await readBundle(directory);
  const base = await baseImage(bundle);
  try {
    const { compression, timestamp, masked = [], volumes = false } = options;
    const { layer, changes, found, notes } = await repackLayer(bundle, {
      directory: await Deno.realPath(directory),
      masked: [...masked, ...(volumes ? [] : base.config.config.Volumes)],
      ...(compression === undefined ? {} : { compression }),
      ...(timestamp === undefined ? {} : { timestamp }),
    });
    try {
      const created = new Date(timestamp === undefined ? Date.now() : timestamp * 1000).toISOString();
      const step = {
        createdBy: "umiak image repack",
        ...options.history,
        created: created.replace(/\.\d+Z$/, "Z"),
      };
      const image = layer === null ? base : appendLayer(base, layer, step);
      await writeTo(to.directory, image, to.tag);
      if (options.refresh) {
        const state = {
          ...bundle.state,
          image: `oci:${resolve(to.directory)}:${to.tag}`,
          digest: image.digest,
        };
        await writeBundleState(directory, state, [...found.values()]);
      }
      return {
        digest: image.digest,
        ...(layer === null ? {} : { layer: image.layers.at(-1)!.descriptor.digest }),
        changes: changes.length,
        notes,
      };
    } finally {
      await layer?.[Symbol.asyncDispose]();
    }
  } finally {
    base.close();
  }
}

async function writeTo(directory: string, image: Image, tag: string): Promise<void> {
  const sink = new LayoutSink(directory);
  try {
    await writeImage(image, sink, tag);
    await sink.commit();
  } finally {
    sink.close();
  }
}
