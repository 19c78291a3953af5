/** From a layer's tar stream to its index: whiteouts are understood here (layer.md#whiteouts). @module */
import { makedev } from "../../fs/abi/device.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from "../../fs/abi/mode.ts";
import { NAME_MAX, PATH_MAX } from "../../fs/abi/limits.ts";
import { LayerEntryError, type LayerIndex, LayerIndexBuilder, pathParts } from "../../fs/layerfs/mod.ts";
import type { OverlayInode } from "../../fs/overlay/mod.ts";
import type { Inode } from "../../fs/vfs/inode.ts";
import type { TarEntry, TarType } from "./tar_entry.ts";
import { TarReader } from "./tar_reader.ts";

const TYPE_BITS: Readonly<Record<Exclude<TarType, "link">, number>> = {
  file: S_IFREG,
  symlink: S_IFLNK,
  char: S_IFCHR,
  block: S_IFBLK,
  dir: S_IFDIR,
  fifo: S_IFIFO,
};
const WHITEOUT = ".wh.", AUFS = ".wh..wh.", OPAQUE = ".wh..wh..opq";
/** Names that are not plain: with ".", ".." or more slashes than needed. */
const ODD = /(^|\/)\.{0,2}(\/|$)/;
/** Largest id there is; -1 has a meaning of its own in chown. */
const MAX_ID = 0xfffffffe;

/** Takes the bytes of a layer's archive, in chunks; gives its index. */
export class LayerIndexer {
  readonly #builder: LayerIndexBuilder;
  readonly #reader = new TarReader((entry) => this.#entry(entry));
  #size = 0;

  /** `beneath`: the root of the merged tree of the layers below, null if there are none; undefined if that is not known. */
  constructor(beneath?: OverlayInode | null) {
    this.#builder = new LayerIndexBuilder(beneath);
  }

  /** The next bytes. Throws a TarError or a LayerEntryError. */
  push(chunk: Uint8Array): void {
    this.#size += chunk.length;
    this.#reader.push(chunk);
  }

  /** Instead of pushing contents, which are only passed over: see TarReader. */
  passOver(most: number): number {
    const n = this.#reader.passOver(most);
    this.#size += n;
    return n;
  }

  /** The files of lower layers that hard links lead to, by their nodes in the finished index. */
  get aliases(): ReadonlyMap<number, Inode> {
    return this.#builder.aliases;
  }

  /** The index, once everything has been pushed. */
  finish(): LayerIndex {
    this.#reader.end();
    return this.#builder.build(this.#size);
  }

  #entry(entry: TarEntry): void {
    const { name } = entry;
    const what = `entry ${JSON.stringify(name)}`;
    const path = ODD.test(name) ? pathParts(name).join("/") : name;
    const slash = path.lastIndexOf("/");
    const base = path.slice(slash + 1), dir = path.slice(0, Math.max(slash, 0));
    if (dir.includes(WHITEOUT)) {
      for (const part of dir.split("/")) {
        if (part.startsWith(AUFS)) return; // aufs' own bookkeeping, which some old images contain
        if (part.startsWith(WHITEOUT)) {
          throw new LayerEntryError(`${what}: a name that begins with ".wh." marks a deletion`);
        }
      }
    }
    if (base.startsWith(WHITEOUT)) return this.#marker(dir, base, name);
    if (entry.type === "link") return this.#builder.link(entry.name, entry.linkname);
    const { uid, gid, devmajor, devminor } = entry;
    const device = entry.type === "char" || entry.type === "block";
    if (entry.type === "char" && devmajor === 0 && devminor === 0) {
      throw new LayerEntryError(`${what}: a character device 0:0, which would hide other layers' files`);
    }
    if (device && (devmajor < 0 || devmajor > 0xfff || devminor < 0 || devminor > 0xfffff)) {
      throw new LayerEntryError(`${what}: device ${devmajor}:${devminor} is out of range`);
    }
    if (uid > MAX_ID || gid > MAX_ID || uid < 0 || gid < 0) {
      throw new LayerEntryError(`${what}: owner ${uid}:${gid} is out of range`);
    }
    if (entry.type === "symlink" && entry.linkname === "") {
      throw new LayerEntryError(`${what}: a symbolic link without a target`);
    }
    if (entry.linkname.length >= PATH_MAX) {
      throw new LayerEntryError(`${what}: a link's target of more than ${PATH_MAX - 1} bytes`);
    }
    for (const each of entry.xattrs?.keys() ?? []) {
      if (each.length > NAME_MAX || each.includes("\0")) {
        throw new LayerEntryError(`${what}: an attribute's name is malformed`);
      }
    }
    this.#builder.add(entry.name, {
      mode: TYPE_BITS[entry.type] | (entry.type === "symlink" ? 0o777 : entry.mode),
      uid,
      gid,
      mtimeSec: entry.mtimeSec,
      mtimeNsec: entry.mtimeNsec,
      size: entry.size,
      offset: entry.offset,
      sparse: entry.sparse,
      target: entry.linkname,
      rdev: device ? makedev(devmajor, devminor) : 0,
      xattrs: ownXattrs(entry.xattrs),
    });
  }

  /** A whiteout or an opaque marker. */
  #marker(dir: string, base: string, name: string): void {
    if (base === OPAQUE) return this.#builder.opaque(dir);
    if (base.startsWith(AUFS)) return; // aufs' own bookkeeping
    const hidden = base.slice(WHITEOUT.length);
    const what = `whiteout ${JSON.stringify(name)}`;
    if (hidden === "") throw new LayerEntryError(`${what}: it has no name`);
    if (hidden === "." || hidden === "..") throw new LayerEntryError(`${what}: ${hidden} cannot be removed`);
    this.#builder.whiteout(`${dir}/${hidden}`);
  }
}

/** Attributes without those that speak to overlay filesystems, null without any: a layer has whiteouts for that. */
export function ownXattrs(
  xattrs: ReadonlyMap<string, Uint8Array> | null,
): ReadonlyMap<string, Uint8Array> | null {
  if (xattrs === null) return null;
  const kept = [...xattrs].filter(([name]) => !/^(trusted|user)\.overlay\./.test(name));
  return kept.length === 0 ? null : new Map(kept);
}
