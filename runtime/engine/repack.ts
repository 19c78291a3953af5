/** `umiak image diff` and `repack`: what has changed in a bundle, and an image of it. @module */
import type { Change } from "../../image/layer/change.ts";
import type { CompressionChoice } from "../../image/layer/compressor.ts";
import { loadImage } from "../../image/load.ts";
import { appendLayer } from "../../image/mutate/append.ts";
import { parseReference } from "../../image/reference.ts";
import type { Image } from "../../image/source.ts";
import { readBundle, type UnpackedBundle, writeBundleState } from "../../image/store/bundle_state.ts";
import { LayoutSink } from "../../image/store/layout_sink.ts";
import { choiceFor } from "../../image/store/open_image.ts";
import { openSource } from "../../image/store/open_source.ts";
import {
  bundleChanges,
  compareViews,
  openBundleView,
  repackLayer,
  type TreeView,
} from "../../image/store/repack.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../image/store/temporary_directory.ts";
import { writeImage } from "../../image/write_image.ts";
import { absolutePath } from "./host_path.ts";

/** A bundle's tree, or that of an image. */
async function viewOf(operand: string): Promise<TreeView> {
  if (await Deno.stat(`${operand}/umiak.json`).then(() => true, () => false)) {
    return openBundleView(await readBundle(operand));
  }
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
  let workshop: TemporaryDirectory | undefined;
  try {
    workshop = await temporaryDirectory(".umiak-repack-", await Deno.realPath(directory));
    const { compression, timestamp, masked = [], volumes = false } = options;
    const { layer, changes, found, notes } = await repackLayer(bundle, {
      directory: workshop.path,
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
          image: `oci:${absolutePath(to.directory)}:${to.tag}`,
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
    workshop?.close();
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
