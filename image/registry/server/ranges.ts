/** Parts of a representation (RFC 9110, 14). @module */

/** The bytes from `start` to before `end`. */
export interface ByteRange {
  /** First byte. */
  readonly start: number;
  /** Byte after the last one. */
  readonly end: number;
}

/**
 * What a Range header asks for of `size` bytes; "unsatisfiable" when that has none of them; undefined when the whole is to be sent: the
 * unit is not known, the syntax is wrong, or several parts are asked for, which a server may ignore.
 */
export function parseRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header?.replaceAll(/[ \t]/g, "") ?? "");
  if (match === null) return undefined;
  const [, first, last] = match as unknown as [string, string, string];
  if (first === "") {
    if (last === "") return undefined;
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(first), end = last === "" ? size : Math.min(Number(last) + 1, size);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}

/** True if a list of entity tags (If-None-Match) has this one; weak comparison. */
export function matchesTag(header: string | null, etag: string): boolean {
  return header !== null &&
    header.split(",").map((each) => each.trim()).some((each) =>
      each === "*" || each.replace(/^W\//, "") === etag
    );
}
