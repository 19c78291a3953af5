/**
 * What an index that was made without knowing the layers below takes for granted about them. Where it is wrong, the layer has to be indexed
 * again, on top of them.
 * @module
 */
import { bytesToName } from "../abi/name.ts";
import { isDir } from "../abi/mode.ts";
import type { Inode } from "../vfs/inode.ts";
import type { LayerIndex } from "./layer_index.ts";

/** No entry describes the directory: below there must be a directory, or nothing. A symbolic link would be followed. */
export const ASSUMED = 0;
/** Something in the directory is hidden, nothing else is known of it: below there must be a directory. */
export const THERE = 1;
/** The directory hides the one below but has its attributes: below there must be none. */
export const INHERITS = 2;
/** Only on top of the layers below can be told what the layer does from this path on: a hard link leads there, or an entry may be wrong. */
export const DEPENDS = 3;

/** A kind, and the path it is about. */
export type Need = readonly [kind: number, path: string];

/** What is at a path, where only directories are passed through; null if nothing is. */
function below(root: Inode, path: string): Inode | null {
  let at = root;
  for (const part of path.split("/")) {
    if (part === "") continue;
    const next = at.lookup(part);
    if (typeof next === "number") return null;
    at = next;
  }
  return at;
}

/** Is the index right on top of these layers? `beneath` is the root of their merged tree, null if there is nothing below. */
export function fits(index: LayerIndex, beneath: Inode | null): boolean {
  for (let i = 0; i < index.counts.needs; i++) {
    const kind = index.needKind[i]!;
    if (kind === DEPENDS) return false;
    let found: Inode | null = null;
    if (beneath !== null) {
      const at = index.needAt[i]!;
      found = below(beneath, bytesToName(index.bytes.subarray(at, at + index.needLength[i]!)));
    }
    const directory = found !== null && isDir(found.mode);
    if (kind === ASSUMED ? found !== null && !directory : directory === (kind === INHERITS)) return false;
  }
  return true;
}
