/** The root filesystems of containers: an overlay of extracted layers, or a copy of the image. @module */
import { S_IFDIR } from "../../../fs/abi/mode.ts";
import { openTree } from "../../../image/store/host_fs/open_tree.ts";
import type { HostTree } from "../../../image/store/host_fs/types.ts";
import { openMergedTree } from "../../../image/store/trees/merged_tree.ts";
import { openTrees } from "../../../image/store/trees/tree_cache.ts";
import { OverlayMarkError, ROOT } from "../../../image/store/trees/tree_key.ts";
import { StepError } from "../../native/container/step_error.ts";
import type { LeasedImage } from "../leased_image.ts";
import type { RunOptions } from "../options.ts";
import { removeAll } from "./remove_all.ts";
import { type OwnIds, treeOwner } from "./rootless_ids.ts";

/** For whom a root filesystem is. */
export interface RootOptions {
  /** What is asked for. */
  readonly options: RunOptions;
  /** Ids of an ordinary user's container. */
  readonly ids: OwnIds | undefined;
}

/** True if the kernel or the filesystem does without an overlay; a copy does without both. */
export function refusesOverlay(error: unknown): boolean {
  if (error instanceof StepError) return error.note?.what.startsWith("mounting the overlay") ?? false;
  return error instanceof Error && error.cause instanceof OverlayMarkError;
}

/** The root filesystem of a container, and what is known of it before it is mounted. */
export interface Root {
  /** Extracted layers, the topmost first; undefined if it is a copy. */
  readonly layers: readonly string[] | undefined;
  /** Its files. */
  open(): HostTree;
}

/** Layers below a directory that the container may write in, which begins as the topmost one's root is. */
export async function overlayRoot(
  { image, store }: LeasedImage,
  { options, ids }: RootOptions,
  path: string,
  warn: (message: string) => void,
): Promise<Root> {
  const trees = await openTrees(image, store, ids === undefined ? ROOT : treeOwner(ids), {
    ...options.prepare,
    remove: removeAll,
  });
  for (const note of trees.notes) warn(`${image.name}: ${note}`);
  let layers = trees.paths;
  if (layers.length === 0) {
    // The kernel wants at least one.
    await Deno.mkdir(`${path}/empty`, { mode: 0o755 });
    layers = [`${path}/empty`];
  }
  const { mode, uid, gid } = await Deno.stat(layers[0]!);
  await Deno.chmod(`${path}/upper`, (mode ?? 0o755) & 0o7777);
  if (ids === undefined) await Deno.chown(`${path}/upper`, uid, gid);
  else if (uid !== Deno.uid() || gid !== Deno.gid()) {
    const { giveFiles } = await import("../../native/container/as_own_root.ts");
    const { idInside } = await import("../../native/container/root_of_maps.ts");
    const owner = {
      uid: idInside(uid ?? 0, ids.uidMappings),
      gid: idInside(gid ?? 0, ids.gidMappings),
    };
    const upper = { path: "upper", ...owner, mode: mode ?? S_IFDIR | 0o755 };
    await giveFiles(ids, path, [upper], "giving the root directory to its owner");
  }
  return { layers, open: () => openMergedTree(layers) };
}

/** A copy of all layers, for hosts that mount no overlay for this user. */
export async function copiedRoot(
  { image }: LeasedImage,
  { options, ids }: RootOptions,
  path: string,
): Promise<Root> {
  const { unpackLayers } = await import("../../../image/store/unpack.ts");
  const { IdMap } = await import("../../../image/store/tree/id_map.ts");
  const rootfs = `${path}/rootfs`;
  await unpackLayers(image, rootfs, {
    maps: { uids: new IdMap([]), gids: new IdMap([]) },
    rootless: ids !== undefined,
    ...options.prepare?.signal === undefined ? {} : { signal: options.prepare.signal },
  });
  return { layers: undefined, open: () => openTree(rootfs) };
}
