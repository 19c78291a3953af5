/** Parsed path names. Those that come as text are remembered, so that a repeated path is parsed once. @module */
import { ENAMETOOLONG, ENOENT } from "../abi/errno.ts";
import { NAME_MAX, PATH_MAX } from "../abi/limits.ts";
import { asciiName, nameByteLength } from "../abi/name.ts";

/** A path split into components (man 7 path_resolution). */
export class PathName {
  /** @ignore */
  constructor(
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

/** A path of these components, whose last one as it was written (perhaps empty or ".") is `last`. */
function pathOf(parts: readonly string[], absolute: boolean, last: string): PathName {
  const dot = last === "." || last === "..";
  return new PathName(parts, absolute, last === "" || last === ".", parts.length === 0 || dot);
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
  const path = pathOf(parts, text.charCodeAt(0) === SLASH, raw[raw.length - 1]!);
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(text, path);
  return path;
}

const SLASH = 0x2f, DOT = 0x2e;

/** Parses the path in bytes `from` to `to`, all below 0x80, fewer than PATH_MAX: as parsePath, without a string of the whole. */
export function parseAsciiPath(bytes: Uint8Array, from: number, to: number): PathName | number {
  if (from === to) return -ENOENT;
  const parts: string[] = [];
  let last = "";
  for (let start = from; start <= to;) {
    let end = start;
    while (end < to && bytes[end] !== SLASH) end++;
    if (end - start > NAME_MAX) return -ENAMETOOLONG;
    if (end === start) last = "";
    else if (end - start === 1 && bytes[start] === DOT) last = ".";
    else {
      last = asciiName(bytes, start, end);
      parts.push(last);
    }
    start = end + 1;
  }
  return pathOf(parts, bytes[from] === SLASH, last);
}

/** The path that means the base itself: what an empty path is with AT_EMPTY_PATH. */
export const EMPTY_PATH: PathName = new PathName([], false, false, true);
