/** Writes tar archives: ustar, with a PAX header where ustar cannot say it. The same input gives the same bytes. @module */
import { nameToBytes } from "../../fs/abi/name.ts";
import type { TarType } from "./tar_entry.ts";
import { BLOCK } from "./tar_header.ts";

/** What to write about a file. */
export interface TarInput {
  /** Path; a directory's gets a slash at its end. */
  readonly name: string;
  /** What it is. */
  readonly type: TarType;
  /** Permission bits. */
  readonly mode: number;
  /** Bytes of content that will follow; files only. */
  readonly size?: number;
  /** Target of a link. */
  readonly linkname?: string;
  /** Owner. */
  readonly uid?: number;
  /** Group. */
  readonly gid?: number;
  /** Modification time, seconds. */
  readonly mtimeSec?: number;
  /** Modification time, nanoseconds. */
  readonly mtimeNsec?: number;
  /** Device numbers. */
  readonly devmajor?: number;
  /** See devmajor. */
  readonly devminor?: number;
  /** Extended attributes. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  /** Further PAX records. */
  readonly records?: Readonly<Record<string, string | Uint8Array>>;
}

const FLAGS: Readonly<Record<TarType, string>> = {
  file: "0",
  link: "1",
  symlink: "2",
  char: "3",
  block: "4",
  dir: "5",
  fifo: "6",
};
const MAX_ID = 0o7777777, MAX_SIZE = 0o77777777777;
const encoder = new TextEncoder();

function octal(block: Uint8Array, at: number, length: number, value: number): void {
  block.set(encoder.encode(value.toString(8).padStart(length - 1, "0")), at);
}

/** One PAX record: its length counts itself. */
function record(key: string, value: Uint8Array): Uint8Array {
  const rest = encoder.encode(` ${key}=`).length + value.length + 1;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  const out = new Uint8Array(length);
  const head = encoder.encode(`${length} ${key}=`);
  out.set(head);
  out.set(value, head.length);
  out[length - 1] = 0x0a;
  return out;
}

/** Splits a path into ustar's prefix and name; undefined if it does not fit or is not ASCII. */
function split(name: Uint8Array): [prefix: Uint8Array, name: Uint8Array] | undefined {
  if (name.some((byte) => byte >= 0x80)) return undefined;
  if (name.length <= 100) return [new Uint8Array(0), name];
  for (let i = Math.min(name.length - 2, 155); i > 0; i--) {
    if (name[i] === 0x2f && name.length - i - 1 <= 100) return [name.subarray(0, i), name.subarray(i + 1)];
  }
  return undefined;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function ustar(
  input: TarInput,
  prefix: Uint8Array,
  name: Uint8Array,
  link: Uint8Array,
  flag: string,
): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const size = input.size ?? 0, mtime = input.mtimeSec ?? 0;
  block.set(name.subarray(0, 100));
  octal(block, 100, 8, input.mode & 0o7777);
  octal(block, 108, 8, (input.uid ?? 0) > MAX_ID ? 0 : input.uid ?? 0);
  octal(block, 116, 8, (input.gid ?? 0) > MAX_ID ? 0 : input.gid ?? 0);
  octal(block, 124, 12, size > MAX_SIZE ? 0 : size);
  octal(block, 136, 12, mtime < 0 || mtime > MAX_SIZE ? 0 : mtime);
  block.fill(0x20, 148, 156);
  block[156] = flag.charCodeAt(0);
  block.set(link.subarray(0, 100), 157);
  block.set(encoder.encode("ustar\x0000"), 257);
  octal(block, 329, 8, input.devmajor ?? 0);
  octal(block, 337, 8, input.devminor ?? 0);
  block.set(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(encoder.encode(sum.toString(8).padStart(6, "0") + "\0 "), 148);
  return block;
}

/** The header of one entry, with a PAX header in front if it needs one. */
export function tarHeader(input: TarInput): Uint8Array<ArrayBuffer> {
  const path = input.type === "dir" && !input.name.endsWith("/") ? `${input.name}/` : input.name;
  const name = nameToBytes(path), link = nameToBytes(input.linkname ?? "");
  const records: Uint8Array[] = [];
  const parts = split(name);
  if (parts === undefined) records.push(record("path", name));
  if (link.length > 100 || link.some((byte) => byte >= 0x80)) records.push(record("linkpath", link));
  const number = (key: string, value: number | undefined, max: number): void => {
    if (value !== undefined && (value > max || value < 0)) {
      records.push(record(key, encoder.encode(String(value))));
    }
  };
  number("size", input.size, MAX_SIZE);
  number("uid", input.uid, MAX_ID);
  number("gid", input.gid, MAX_ID);
  const sec = input.mtimeSec ?? 0, nsec = input.mtimeNsec ?? 0;
  if (nsec !== 0 || sec < 0 || sec > MAX_SIZE) {
    records.push(record("mtime", encoder.encode(timeText(sec, nsec))));
  }
  for (const [key, value] of [...input.xattrs ?? []].sort(([a], [b]) => a < b ? -1 : 1)) {
    records.push(record(`SCHILY.xattr.${key}`, value));
  }
  for (const [key, value] of Object.entries(input.records ?? {})) {
    records.push(record(key, typeof value === "string" ? encoder.encode(value) : value));
  }
  const [prefix, short] = parts ?? [new Uint8Array(0), name.subarray(0, 100)];
  const header = ustar(input, prefix, short, link, FLAGS[input.type]);
  if (records.length === 0) return concat([header]);
  const data = concat(records);
  const paxName = encoder.encode("PaxHeaders/entry");
  const pax = ustar(
    { name: "", type: "file", mode: 0o644, size: data.length },
    new Uint8Array(0),
    paxName,
    new Uint8Array(0),
    "x",
  );
  return concat([pax, data, tarPadding(data.length), header]);
}

function timeText(sec: number, nsec: number): string {
  if (sec >= 0) return `${sec}.${String(nsec).padStart(9, "0")}`;
  if (nsec === 0) return String(sec);
  return `-${-sec - 1}.${String(1e9 - nsec).padStart(9, "0")}`;
}

/** Zeros that fill the last block of `size` bytes of content. */
export function tarPadding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK - size % BLOCK) % BLOCK);
}

/** The end of an archive: two blocks of zeros. */
export function tarEnd(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(2 * BLOCK);
}
