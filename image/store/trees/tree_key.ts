/** Names of extracted layers. @module */
import { digestOf } from "../../digest.ts";

/** Whose the files of trees are. */
export interface TreeOwner {
  /** What is appended to the names of trees, which differ by what their files have; "" for root's. */
  readonly suffix: string;
  /** An ordinary user: its files are its own at first, devices cannot be made, and the marks of overlays are `user` attributes (overlayfs(5), userxattr). */
  readonly isUser: boolean;
  /**
   * Gives files of a user's directory to others that it has ids of, and then their capabilities to them. Those whose owners it has no ids of are told to
   * `lost`. Without it nobody has capabilities.
   */
  readonly giveAway?: (
    directory: string,
    files: readonly ForeignFile[],
    lost: (path: string) => void,
  ) => Promise<void>;
}

/** A file that an image says is not root's, or has capabilities, which a change of its owner takes. */
export interface ForeignFile {
  /** Path in the tree. */
  readonly path: string;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Type and permission bits. */
  readonly mode: number;
  /** Value of security.capability, as the image has it (man 7 capabilities). */
  readonly capability?: Uint8Array;
}

/** Root's trees: every file has the owner that the image says, and the marks of overlays are `trusted` attributes. */
export const ROOT: TreeOwner = { suffix: "", isUser: false };

/**
 * Keys of an image's layers, the lowest first. What a layer means may depend on those below it (layer.md#whiteouts, and links on the way of its
 * paths), so a key stands for it and all of them, like a ChainID (config.md#layer-chainid).
 */
export async function treeKeys(diffIds: readonly string[]): Promise<string[]> {
  const keys: string[] = [];
  for (const diffId of diffIds) {
    const text = `${keys.at(-1) ?? "umiak tree 1"} ${diffId}`;
    keys.push(await digestOf("sha256", new TextEncoder().encode(text)));
  }
  return keys;
}

/** The key of a directory that is a tree; undefined for others. */
export function keyOfTree(name: string): string | undefined {
  return /^([0-9a-f]{64})(?:-[a-z0-9-]+)?$/.exec(name)?.[1];
}

/** A directory whose name begins with it has no name of its own yet, or any more. */
export const UNFINISHED = "~";

/** The filesystem cannot keep what tells the kernel's overlay what a layer hides. */
export class OverlayMarkError extends Error {}
