/** How the trees of an overlay say what they hide (overlay(5), "whiteouts and opaque directories"). @module */
import { isChr, isDir } from "../abi/mode.ts";
import type { Inode } from "../vfs/inode.ts";

/** The attribute of a directory that hides what is below it. */
export const OPAQUE = "trusted.overlay.opaque";

/** The attribute of a layer's directory that the layer does not describe, only names something in: a lower one's attributes count. */
export const IMPLIED = "trusted.overlay.umiak.implied";

/** A whiteout: a character device 0:0. */
export function isWhiteout(inode: Inode): boolean {
  return isChr(inode.mode) && inode.rdev === 0;
}

/** True if a directory hides what is below it. */
export function isOpaque(dir: Inode): boolean {
  const value = dir.getxattr(OPAQUE);
  return typeof value !== "number" && value[0] === 0x79; // "y"
}

/** True if a directory has no attributes of its own. */
export function isImplied(dir: Inode): boolean {
  return isDir(dir.mode) && typeof dir.getxattr(IMPLIED) !== "number";
}
