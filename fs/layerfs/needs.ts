/**
 * What an index that was made without knowing the layers below takes for granted about them. Where it is wrong, the layer has to be indexed
 * again, on top of them.
 * @module
 */
import { bytesToName } from "../abi/name.ts";
import { isDir } from "../abi/mode.ts";
import type { Inode } from "../vfs/inode.ts";
import { type LayerIndex, NONE } from "./layer_index.ts";

/** No entry describes the directory: below there must be a directory, or nothing. A symbolic link would be followed. */
export const ASSUMED = 0;
/** Something in the directory is hidden, nothing else is known of it: below there must be a directory. */
export const THERE = 1;
/** The directory hides the one below but has its attributes: below there must be none. */
export const INHERITS = 2;
/** Only on top of the layers below can be told what the layer does: a hard link leads out of it, or an entry may be wrong. */
export const DEPENDS = 3;

/** One thing that is taken for granted. */
export interface Need {
  /** What. */
  readonly kind: number;
  /** About what: the number of an earlier need to whose directory `path` is relative; NONE for the root. */
  readonly parent: number;
  /** The path from there; "" for that directory itself. */
  readonly path: string;
}

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
  const found: (Inode | null)[] = [];
  for (let i = 0; i < index.counts.needs; i++) {
    const kind = index.needKind[i]!, parent = index.needParent[i]!, at = index.needAt[i]!;
    if (kind === DEPENDS) return false;
    const from = parent === NONE ? beneath : found[parent] ?? null;
    const there = from && below(from, bytesToName(index.bytes.subarray(at, at + index.needLength[i]!)));
    found.push(there);
    const directory = there !== null && isDir(there.mode);
    if (kind === ASSUMED ? there !== null && !directory : directory === (kind === INHERITS)) return false;
  }
  return true;
}
