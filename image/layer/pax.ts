/** PAX extended headers (POSIX.1-2001 pax, "pax Extended Header"): `LENGTH KEY=VALUE\n` records. @module */
import { bytesToName } from "../../fs/abi/name.ts";
import { type SparsePart, TarError } from "./tar_entry.ts";

/** Records by key. The last one of a key counts; an empty value deletes. */
export type PaxRecords = Map<string, Uint8Array>;

/** Sparse parts of format 0.0, whose keys repeat and so cannot be in a map. */
export interface PaxHeader {
  /** Records. */
  readonly records: PaxRecords;
  /** Parts of GNU.sparse.offset and numbytes records, in order. */
  readonly parts: readonly SparsePart[];
}

const decoder = new TextDecoder();

/** Reads the records of one extended header. */
export function decodePax(data: Uint8Array, position: number): PaxHeader {
  const records: PaxRecords = new Map();
  const parts: SparsePart[] = [];
  let pending: number | null = null;
  let at = 0;
  while (at < data.length && data[at] !== 0) {
    let length = 0, i = at;
    while (i < data.length && i - at < 10 && data[i]! >= 0x30 && data[i]! <= 0x39) {
      length = length * 10 + data[i++]! - 0x30;
    }
    const end = at + length;
    const equals = data.indexOf(0x3d, i);
    if (data[i] !== 0x20 || end > data.length || data[end - 1] !== 0x0a || equals < 0 || equals >= end) {
      throw new TarError(position, "a record of its extended header is malformed");
    }
    const key = decoder.decode(data.subarray(i + 1, equals));
    const value = data.subarray(equals + 1, end - 1);
    if (key === "GNU.sparse.offset") pending = paxNumber(value, key, position);
    else if (key === "GNU.sparse.numbytes") {
      if (pending === null) throw new TarError(position, "its sparse map has a length without an offset");
      parts.push({ offset: pending, length: paxNumber(value, key, position) });
      pending = null;
    } else records.set(key, value);
    at = end;
  }
  return { records, parts };
}

/** A whole number ≥ 0. */
export function paxNumber(value: Uint8Array, key: string, position: number): number {
  const text = decoder.decode(value);
  const n = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(n)) {
    throw new TarError(position, `${key} is not a valid number: ${JSON.stringify(text)}`);
  }
  return n;
}

/** Seconds with a fraction, perhaps negative, as whole seconds and nanoseconds. */
export function paxTime(value: Uint8Array, key: string, position: number): [sec: number, nsec: number] {
  const text = decoder.decode(value);
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (match === null) throw new TarError(position, `${key} is not a time: ${JSON.stringify(text)}`);
  const sec = Number(match[2]);
  const nsec = Number((match[3] ?? "").padEnd(9, "0").slice(0, 9));
  if (!Number.isSafeInteger(sec)) throw new TarError(position, `${key} is out of range: ${text}`);
  if (match[1] === "") return [sec, nsec];
  return nsec === 0 ? [-sec, 0] : [-sec - 1, 1e9 - nsec];
}

/** A path. */
export function paxText(value: Uint8Array, key: string, position: number): string {
  if (value.includes(0)) throw new TarError(position, `${key} contains a NUL byte`);
  return bytesToName(value);
}

const SCHILY = "SCHILY.xattr.", LIBARCHIVE = "LIBARCHIVE.xattr.";

/** Extended attributes among the records; null if there are none. */
export function paxXattrs(records: PaxRecords, position: number): Map<string, Uint8Array> | null {
  let found: Map<string, Uint8Array> | null = null;
  for (const [key, value] of records) {
    if (key.startsWith(SCHILY)) (found ??= new Map()).set(key.slice(SCHILY.length), value.slice());
    else if (key.startsWith(LIBARCHIVE)) {
      const name = decodeURIComponentSafely(key.slice(LIBARCHIVE.length));
      if (!(found ??= new Map()).has(name)) found.set(name, base64(value, key, position));
    }
  }
  return found;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function base64(value: Uint8Array, key: string, position: number): Uint8Array {
  try {
    return Uint8Array.from(atob(decoder.decode(value)), (c) => c.charCodeAt(0));
  } catch {
    throw new TarError(position, `${key} is not base64`);
  }
}
