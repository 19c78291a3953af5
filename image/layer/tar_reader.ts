/**
 * A tar reader that is fed chunks of any size: it reports every entry with the place of its data in the archive, and never
 * keeps the data itself. Reads v7, ustar, GNU (long names, sparse, base 256) and PAX.
 * @module
 */
import { bytesToName } from "../../fs/abi/name.ts";
import { decodePax, type PaxHeader, paxNumber, type PaxRecords, paxText, paxTime, paxXattrs } from "./pax.ts";
import { checkedParts, Map10, mapOf01, MAX_PARTS, oldGnuParts } from "./sparse.ts";
import { type SparsePart, type TarEntry, TarError, type TarType } from "./tar_entry.ts";
import { BLOCK, decodeHeader, isZeroBlock, type RawHeader, tarNumber } from "./tar_header.ts";

/** Longest extended header or long name. */
const MAX_META = 1024 * 1024;
/** Most records that hold for all entries that follow: each of these pays for them. */
const MAX_GLOBAL = 100;

const TYPES: Readonly<Record<string, TarType>> = {
  "0": "file",
  "1": "link",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "dir",
  "6": "fifo",
  "7": "file",
  "S": "file",
  "D": "dir",
};

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;
const decoder = new TextDecoder();

type State = "header" | "meta" | "extension" | "map" | "skip" | "end";

/** See the module's comment. */
export class TarReader {
  #state: State = "header";
  /** Archive offset of the first byte that has not been taken. */
  #position = 0;
  /** Bytes being collected: a block, or the data of a meta entry. */
  #buffer = new Uint8Array(BLOCK);
  #filled = 0;
  #wanted = BLOCK;
  /** Data bytes still to pass over, and how many of them at the end are padding. */
  #skip = 0;
  #padding = 0;
  #zeroBlock = false;
  #meta: RawHeader | null = null;
  readonly #global: PaxRecords = new Map();
  #pax: PaxHeader | null = null;
  #longName: string | null = null;
  #longLink: string | null = null;
  /** The entry whose sparse map is still being read. */
  #open: { header: RawHeader; position: number; parts: SparsePart[]; map: Map10 | null } | null = null;

  /** Data bytes still to come of the entry reported last. */
  #data = 0;

  /**
   * `onEntry` is called for every entry in the archive's order, `onData` with the data of the entry reported last (of a sparse file
   * that of its parts, one after the other), in pieces that are the pushed chunks' own; what they throw comes out of push.
   */
  constructor(readonly onEntry: (entry: TarEntry) => void, readonly onData?: (bytes: Uint8Array) => void) {}

  /** Takes the next bytes. Throws a TarError. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === "end") {
        this.#position += chunk.length - at;
        return;
      }
      if (this.#state === "skip") {
        const n = Math.min(this.#skip, chunk.length - at);
        if (this.#data > 0) {
          const data = Math.min(this.#data, n);
          this.#data -= data;
          this.onData?.(chunk.subarray(at, at + data));
        }
        this.#skip -= n;
        this.#position += n;
        at += n;
        if (this.#skip === 0) this.#expect("header", BLOCK);
        continue;
      }
      if (this.#filled === 0 && this.#wanted === BLOCK && chunk.length - at >= BLOCK) {
        this.#position += BLOCK;
        this.#block(chunk.subarray(at, at + BLOCK));
        at += BLOCK;
        continue;
      }
      const n = Math.min(this.#wanted - this.#filled, chunk.length - at);
      this.#buffer.set(chunk.subarray(at, at + n), this.#filled);
      this.#filled += n;
      this.#position += n;
      at += n;
      if (this.#filled < this.#wanted) return;
      this.#filled = 0;
      this.#block(this.#buffer.subarray(0, this.#wanted));
    }
  }

  /**
   * Instead of pushing data that is only passed over: moves on by as much of it as there is, `most` at the most. How many bytes
   * that was; the next push begins behind them.
   */
  passOver(most: number): number {
    if (this.#state !== "skip") return 0;
    const n = Math.min(this.#skip, most);
    this.#skip -= n;
    this.#data = Math.max(0, this.#data - n);
    this.#position += n;
    if (this.#skip === 0) this.#expect("header", BLOCK);
    return n;
  }

  /** No more bytes. Throws if an entry is cut off; padding and end marker may be missing, as umoci's insert leaves them out. */
  end(): void {
    if (this.#state === "end" || (this.#state === "skip" && this.#skip <= this.#padding)) return;
    if (this.#state !== "header" || this.#filled > 0 || this.#pax !== null || this.#longName !== null) {
      throw new TarError(this.#position, "it ends in the middle of an entry");
    }
  }

  #expect(state: State, bytes: number): void {
    this.#state = state;
    this.#wanted = bytes;
    if (bytes > this.#buffer.length) this.#buffer = new Uint8Array(bytes);
  }

  /** Goes on behind `size` bytes of data. */
  #pass(size: number): void {
    this.#skip = padded(size);
    this.#padding = this.#skip - size;
    if (this.#skip === 0) this.#expect("header", BLOCK);
    else this.#state = "skip";
  }

  #block(block: Uint8Array): void {
    switch (this.#state) {
      case "header":
        return this.#header(block);
      case "meta":
        return this.#metaData(block);
      case "extension":
        return this.#extension(block);
      case "map":
        return this.#mapBlock(block);
    }
  }

  #header(block: Uint8Array): void {
    const position = this.#position - BLOCK;
    if (isZeroBlock(block)) {
      if (this.#zeroBlock) this.#state = "end";
      this.#zeroBlock = true;
      return;
    }
    if (this.#zeroBlock) throw new TarError(position, "an entry behind the end marker");
    const header = decodeHeader(block, position);
    if ("xgLK".includes(header.flag)) {
      if (header.size > MAX_META) {
        throw new TarError(
          position,
          `an extended header of ${header.size} bytes: more than ${MAX_META} are not read`,
        );
      }
      this.#meta = header;
      if (header.size === 0) this.#metaData(new Uint8Array(0));
      else this.#expect("meta", padded(header.size));
      return;
    }
    if (header.flag === "V") return this.#pass(header.size); // a volume label
    this.#open = { header, position, parts: [], map: null };
    if (header.flag !== "S") return this.#entry();
    this.#open.parts.push(...oldGnuParts(block, 386, 4, position));
    this.#realSize = tarNumber(block, 483, 12, "real size", position);
    if (block[482] !== 0) this.#expect("extension", BLOCK);
    else this.#entry();
  }
  /** Real size of an old GNU sparse file. */
  #realSize = 0;

  #extension(block: Uint8Array): void {
    const open = this.#open!;
    open.parts.push(...oldGnuParts(block, 0, 21, open.position));
    if (open.parts.length > MAX_PARTS) throw new TarError(open.position, "its sparse map has too many parts");
    if (block[504] === 0) this.#entry();
  }

  #metaData(data: Uint8Array): void {
    const header = this.#meta!;
    const position = this.#position;
    const content = data.subarray(0, header.size);
    this.#meta = null;
    if (header.flag === "L" || header.flag === "K") {
      const nul = content.indexOf(0);
      const name = bytesToName(nul < 0 ? content : content.subarray(0, nul));
      if (header.flag === "L") this.#longName = name;
      else this.#longLink = name;
    } else {
      const pax = decodePax(content.slice(), position);
      if (header.flag === "x") this.#pax = pax;
      else {
        for (const [key, value] of pax.records) {
          if (value.length === 0) this.#global.delete(key);
          else this.#global.set(key, value);
        }
        if (this.#global.size > MAX_GLOBAL) {
          throw new TarError(position, `more than ${MAX_GLOBAL} records for the whole archive`);
        }
      }
    }
    this.#expect("header", BLOCK);
  }

  /** Global records with the entry's own over them; an empty value deletes. */
  #records(): PaxRecords {
    if (this.#pax === null) return this.#global;
    const own = this.#pax.records;
    const merged: PaxRecords = this.#global.size === 0 ? own : new Map([...this.#global, ...own]);
    for (const [key, value] of own) {
      if (value.length === 0 && !key.startsWith("SCHILY.xattr.")) merged.delete(key);
    }
    return merged;
  }

  /** The header is complete: reports the entry, or reads a 1.0 sparse map first. */
  #entry(): void {
    const { position, header } = this.#open!;
    const records = this.#records();
    if (text(records, "GNU.sparse.major") === "1" && text(records, "GNU.sparse.minor") === "0") {
      if (this.#storedSize(header, records, position) === 0) {
        throw new TarError(position, "its sparse map is missing");
      }
      this.#open!.map = new Map10(position);
      this.#expect("map", BLOCK);
      return;
    }
    this.#report(records, 0);
  }

  #mapBlock(block: Uint8Array): void {
    const { map, header, position } = this.#open!;
    const records = this.#records();
    const done = map!.push(block);
    if (map!.size > padded(this.#storedSize(header, records, position))) {
      throw new TarError(position, "its sparse map is longer than its data");
    }
    if (done) this.#report(records, map!.size);
  }

  #storedSize(header: RawHeader, records: PaxRecords, position: number): number {
    const size = records.get("size");
    return size === undefined ? header.size : paxNumber(size, "size", position);
  }

  /** Reports the open entry, whose first `mapSize` bytes of data were a map. */
  #report(records: PaxRecords, mapSize: number): void {
    const { header, position, parts, map } = this.#open!;
    let type = TYPES[header.flag];
    if (type === undefined) {
      throw new TarError(
        position,
        `entry ${JSON.stringify(header.name)} has the unknown type ${JSON.stringify(header.flag)}`,
      );
    }
    const value = (key: string): Uint8Array | undefined => records.get(key);
    const pathValue = value("GNU.sparse.name") ?? value("path");
    const name = pathValue !== undefined
      ? paxText(pathValue, "path", position)
      : this.#longName ?? header.name;
    const linkValue = value("linkpath");
    const linkname = linkValue !== undefined
      ? paxText(linkValue, "linkpath", position)
      : this.#longLink ?? header.linkname;
    if (type === "file" && header.flag === "0" && name.endsWith("/")) type = "dir"; // v7 had no other way to say it
    const declared = this.#storedSize(header, records, position);
    const stored = type === "file" ? declared - mapSize : 0;
    if (stored < 0) throw new TarError(position, "its sparse map is longer than its data");
    const paxParts = value("GNU.sparse.map");
    const sparse = map !== null
      ? map.parts
      : paxParts !== undefined
      ? mapOf01(decoder.decode(paxParts), position)
      : this.#pax !== null && this.#pax.parts.length > 0
      ? this.#pax.parts
      : header.flag === "S"
      ? parts
      : null;
    const realSize = value("GNU.sparse.realsize") ?? value("GNU.sparse.size");
    const size = type !== "file"
      ? 0
      : sparse === null
      ? stored
      : realSize !== undefined
      ? paxNumber(realSize, "real size", position)
      : this.#realSize;
    const mtime = value("mtime");
    const [mtimeSec, mtimeNsec] = mtime === undefined ? [header.mtime, 0] : paxTime(mtime, "mtime", position);
    const id = (key: string, fallback: number): number => {
      const v = value(key);
      return v === undefined ? fallback : paxNumber(v, key, position);
    };
    this.#pass(stored);
    const entry: TarEntry = {
      name,
      type,
      linkname,
      mode: header.mode & 0o7777,
      uid: id("uid", header.uid),
      gid: id("gid", header.gid),
      size,
      mtimeSec,
      mtimeNsec,
      devmajor: id("SCHILY.devmajor", header.devmajor),
      devminor: id("SCHILY.devminor", header.devminor),
      // The entry's own only: one record for the whole archive would be a copy in every file.
      xattrs: this.#pax === null ? null : paxXattrs(this.#pax.records, position),
      position,
      offset: this.#position,
      stored,
      sparse: sparse === null ? null : checkedParts(sparse, size, stored, position),
    };
    this.#open = null;
    this.#pax = null;
    this.#longName = this.#longLink = null;
    this.#data = stored;
    this.onEntry(entry);
  }
}

function text(records: PaxRecords, key: string): string | undefined {
  const value = records.get(key);
  return value === undefined ? undefined : decoder.decode(value);
}
