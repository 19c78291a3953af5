/** Parsed path names, remembered by their text so that a repeated path is parsed once. @module */
import { ENAMETOOLONG, ENOENT } from "../abi/errno.ts";
import { NAME_MAX, PATH_MAX } from "../abi/limits.ts";
import { nameByteLength } from "../abi/name.ts";

/** A path split into components (man 7 path_resolution). */
export class PathName {
  /** @ignore */
  constructor(
    /** The path as given. */
    readonly text: string,
    /** Components without "." and empty ones; ".." is kept. */
    readonly parts: readonly string[],
    /** It begins with "/". */
    readonly absolute: boolean,
    /** It ends in "/" or "/.": the last component must be a directory, and is followed if it is a link. */
    readonly mustBeDir: boolean,
    /** It ends in "." or "..", or has no component at all: there is no name to create, remove or rename. */
    readonly endsInDot: boolean,
  ) {}
}

const CACHE_SIZE = 4096;
const cache = new Map<string, PathName>();

/** Parses a path: -ENOENT for an empty one, -ENAMETOOLONG for one over PATH_MAX or with a component over NAME_MAX. */
export function parsePath(text: string): PathName | number {
  const known = cache.get(text);
  if (known !== undefined) return known;
  if (text === "") return -ENOENT;
  if (text.length >= PATH_MAX || nameByteLength(text) >= PATH_MAX) return -ENAMETOOLONG;
  const raw = text.split("/");
  const parts: string[] = [];
  for (const part of raw) {
    if (part === "" || part === ".") continue;
    if (part.length > NAME_MAX || (part.length * 3 > NAME_MAX && nameByteLength(part) > NAME_MAX)) {
      return -ENAMETOOLONG;
    }
    parts.push(part);
  }
  const last = raw[raw.length - 1]!;
  const path = new PathName(
    text,
    parts,
    text.charCodeAt(0) === 0x2f,
    last === "" || last === ".",
    parts.length === 0 || last === "." || last === "..",
  );
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(text, path);
  return path;
}

/** The path that means the base itself: what an empty path is with AT_EMPTY_PATH. */
export const EMPTY_PATH: PathName = new PathName("", [], false, false, true);
