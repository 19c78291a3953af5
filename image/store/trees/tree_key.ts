/** Names of extracted layers. @module */
import { hasher } from "../../digest.ts";

/**
 * Whose a tree is. `root`: every file has the owner that the image says, and marks of overlays are in `trusted` attributes. `user`: every file is
 * the user's own, and the marks are in `user` attributes (overlayfs(5), userxattr).
 */
export type TreeOwner = "root" | "user";

/** All there are. */
export const TREE_OWNERS: readonly TreeOwner[] = ["root", "user"];

/**
 * Keys of an image's layers, the lowest first. What a layer means may depend on those below it (layer.md#whiteouts, and links on the way of its
 * paths), so a key stands for it and all of them, like a ChainID (config.md#layer-chainid).
 */
export function treeKeys(diffIds: readonly string[], owner: TreeOwner): string[] {
  let below = `umiak tree 1 ${owner}`;
  return diffIds.map((diffId) => below = hasher("sha256").update(`${below} ${diffId}`).digest("hex"));
}

/** True for the name of a tree. */
export function isTreeKey(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
