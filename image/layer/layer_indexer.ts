/** From a layer's tar stream to its index: whiteouts are understood here (layer.md#whiteouts). @module */
import { makedev } from "../../fs/abi/device.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from "../../fs/abi/mode.ts";
import { PATH_MAX } from "../../fs/abi/limits.ts";
import { LayerEntryError, type LayerIndex, LayerIndexBuilder } from "../../fs/layerfs/mod.ts";
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
/** Largest id there is; -1 has a meaning of its own in chown. */
const MAX_ID = 0xfffffffe;

/** Takes the bytes of a layer's archive, in chunks; gives its index. */
export class LayerIndexer {
  readonly #builder = new LayerIndexBuilder();
  readonly #reader = new TarReader((entry) => this.#entry(entry));
  #size = 0;

  /** The next bytes. Throws a TarError or a LayerEntryError. */
  push(chunk: Uint8Array): void {
    this.#size += chunk.length;
    this.#reader.push(chunk);
  }

  /** The index, once everything has been pushed. */
  finish(): LayerIndex {
    this.#reader.end();
    return this.#builder.build(this.#size);
  }

  #entry(entry: TarEntry): void {
    const path = entry.name.replace(/\/+$/, "");
    const slash = path.lastIndexOf("/");
    const base = path.slice(slash + 1), dir = path.slice(0, Math.max(slash, 0));
    if (base === OPAQUE) return this.#builder.opaque(dir);
    if (base.startsWith(AUFS)) return; // aufs' own bookkeeping, which some old images contain
    if (base === WHITEOUT) {
      throw new LayerEntryError(`whiteout ${JSON.stringify(entry.name)}: it has no name`);
    }
    if (base.startsWith(WHITEOUT)) return this.#builder.whiteout(`${dir}/${base.slice(WHITEOUT.length)}`);
    if (entry.type === "link") return this.#builder.link(entry.name, entry.linkname);
    if (entry.type === "char" && entry.devmajor === 0 && entry.devminor === 0) {
      throw new LayerEntryError(
        `entry ${JSON.stringify(entry.name)}: a character device 0:0, which would hide other layers' files`,
      );
    }
    if (entry.uid > MAX_ID || entry.gid > MAX_ID || entry.uid < 0 || entry.gid < 0) {
      throw new LayerEntryError(
        `entry ${JSON.stringify(entry.name)}: owner ${entry.uid}:${entry.gid} is out of range`,
      );
    }
    if (entry.type === "symlink" && entry.linkname === "") {
      throw new LayerEntryError(`entry ${JSON.stringify(entry.name)}: a symbolic link without a target`);
    }
    if (entry.linkname.length >= PATH_MAX) {
      throw new LayerEntryError(
        `entry ${JSON.stringify(entry.name)}: a link's target of more than ${PATH_MAX - 1} bytes`,
      );
    }
    this.#builder.add(entry.name, {
      mode: TYPE_BITS[entry.type] | (entry.type === "symlink" ? 0o777 : entry.mode),
      uid: entry.uid,
      gid: entry.gid,
      mtimeSec: entry.mtimeSec,
      mtimeNsec: entry.mtimeNsec,
      size: entry.size,
      offset: entry.offset,
      sparse: entry.sparse,
      target: entry.linkname,
      rdev: entry.type === "char" || entry.type === "block" ? makedev(entry.devmajor, entry.devminor) : 0,
      xattrs: ownXattrs(entry.xattrs),
    });
  }
}

/** Attributes without those that speak to overlay filesystems: a layer has whiteouts for that. */
function ownXattrs(xattrs: ReadonlyMap<string, Uint8Array> | null): ReadonlyMap<string, Uint8Array> | null {
  if (xattrs === null) return null;
  const kept = [...xattrs].filter(([name]) => !/^(trusted|user)\.overlay\./.test(name));
  return kept.length === 0 ? null : new Map(kept);
}
