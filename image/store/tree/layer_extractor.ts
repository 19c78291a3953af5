/** Applies the archive of a layer to a tree on the host (layer.md#applying-changesets). @module */
import type { Hash } from "node:crypto";
import { makedev } from "../../../fs/abi/device.ts";
import {
  isDir,
  isLnk,
  isReg,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
} from "../../../fs/abi/mode.ts";
import { hasher } from "../../digest.ts";
import { ownXattrs } from "../../layer/layer_indexer.ts";
import type { TarEntry, TarType } from "../../layer/tar_entry.ts";
import { TarReader } from "../../layer/tar_reader.ts";
import type { HostFile, HostTree } from "../host_fs/types.ts";
import { type FileMetadata, type HostPlan, isHostXattr, type MetadataStore } from "./metadata.ts";
import { components, type Place, Places, UnpackError } from "./places.ts";

const TYPE_BITS: Readonly<Record<Exclude<TarType, "link">, number>> = {
  file: S_IFREG,
  symlink: S_IFLNK,
  char: S_IFCHR,
  block: S_IFBLK,
  dir: S_IFDIR,
  fifo: S_IFIFO,
};
const WHITEOUT = ".wh.", AUFS = ".wh..wh.", OPAQUE = ".wh..wh..opq";
/** Entries of one image, at most. */
const MAX_ENTRIES = 1 << 24;
const MAX_ID = 0xfffffffe;
const DEFAULT_ACL = "system.posix_acl_default";
const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** How layers are unpacked. */
export interface ExtractOptions {
  /** How metadata is kept. */
  readonly metadata: MetadataStore;
  /** A directory does not replace a symbolic link that leads to one. */
  readonly keepDirlinks?: boolean;
}

/** What an image says of a file of which the host does not keep all. */
export interface Recorded extends FileMetadata {
  /** Modification time. */
  readonly mtime: readonly [sec: number, nsec: number];
}

interface OpenContent {
  readonly file: HostFile;
  readonly entry: TarEntry;
  readonly plan: HostPlan;
  readonly hash: Hash | null;
  /** Part of a sparse file that is being written, and how much of it has been. */
  part: number;
  done: number;
}

/** See the module's comment. One extractor applies all layers of an image, the lowest first. */
export class LayerExtractor {
  readonly #places: Places;
  readonly #metadata: MetadataStore;
  #layer = -1;
  #entries = 0;
  #content: OpenContent | null = null;
  /** Names as they are, by place and folded form, where the host folds them. */
  readonly #folded: Map<Place, Map<string, string>> = new Map();
  /** Hashes of contents by inode number. */
  readonly hashes: Map<number, string> = new Map();
  /** What the host does not keep, by path. */
  readonly recorded: Map<string, Recorded> = new Map();
  /** What could not be kept: how many times, and the first file it happened to. */
  readonly lost: Map<string, { count: number; first: string }> = new Map();

  /** Unpacks into a tree, whose root stays the caller's. */
  constructor(readonly tree: HostTree, readonly options: ExtractOptions) {
    this.#places = new Places(tree.root);
    this.#metadata = options.metadata;
    // Until a layer says otherwise: an implied directory like any other.
    this.#setDirectory(
      this.#places.root,
      { mode: S_IFDIR | 0o755, uid: 0, gid: 0, rdev: 0, xattrs: NO_XATTRS },
      [0, 0],
      true,
    );
  }

  /** Begins the next layer: takes its archive's bytes. What is wrong comes out of push and end. */
  layer(): TarReader {
    this.#layer++;
    return new TarReader((entry) => this.#entry(entry), (bytes) => this.#data(bytes));
  }

  /** The layer's archive has ended. */
  layerEnd(): void {
    this.#finishContent();
  }

  /** All layers are there: directories get their times. */
  finish(): void {
    for (const place of this.#places.all()) {
      const { mtime, inherited } = place;
      const attributes = { mtime, ...(inherited === null ? {} : { xattrs: inherited }) };
      this.#places.open(place).set(undefined, attributes, this.#loser(place.path));
    }
  }

  /** Closes what is open. */
  close(): void {
    this.#content?.file.close();
    this.#content = null;
    this.#places.close();
  }

  #entry(entry: TarEntry): void {
    this.#finishContent();
    if (++this.#entries > MAX_ENTRIES) throw new UnpackError(`more than ${MAX_ENTRIES} entries in one image`);
    const what = `entry ${JSON.stringify(entry.name)}`;
    const parts = components(entry.name, what);
    const base = parts.at(-1);
    if (base !== undefined && base.startsWith(WHITEOUT)) return this.#marker(parts, base, what);
    for (const part of parts) {
      if (part.startsWith(AUFS)) return; // below aufs' own bookkeeping
      if (part.startsWith(WHITEOUT)) {
        throw new UnpackError(`${what}: a name that begins with ".wh." marks a deletion`);
      }
    }
    const make = (place: Place, name: string): Place => this.#implied(place, name, what);
    if (base === undefined) {
      if (entry.type !== "dir") throw new UnpackError(`${what}: the root must be a directory`);
      return this.#setDirectory(this.#places.root, this.#facts(entry, what), [
        entry.mtimeSec,
        entry.mtimeNsec,
      ], true);
    }
    const parent = this.#places.resolve(parts.slice(0, -1), what, make)!;
    this.#distinct(parent, base, what);
    if (entry.type === "link") this.#link(entry, parent, base);
    else if (entry.type === "dir") this.#directory(entry, parent, base, what);
    else this.#file(entry, parent, base, what);
    this.#markOwn(parent, base);
  }

  /** The entry's metadata, checked. */
  #facts(entry: TarEntry, what: string): FileMetadata {
    const { uid, gid, devmajor, devminor } = entry;
    if (uid > MAX_ID || gid > MAX_ID || uid < 0 || gid < 0) {
      throw new UnpackError(`${what}: owner ${uid}:${gid} is out of range`);
    }
    const device = entry.type === "char" || entry.type === "block";
    if (device && devmajor === 0 && devminor === 0 && entry.type === "char") {
      throw new UnpackError(`${what}: a character device 0:0, which would hide other layers' files`);
    }
    if (device && (devmajor < 0 || devmajor > 0xfff || devminor < 0 || devminor > 0xfffff)) {
      throw new UnpackError(`${what}: device ${devmajor}:${devminor} is out of range`);
    }
    for (const name of entry.xattrs?.keys() ?? []) {
      if (name.length > 255 || /[\0]/.test(name)) {
        throw new UnpackError(`${what}: an attribute's name is malformed`);
      }
    }
    const mode = TYPE_BITS[entry.type as Exclude<TarType, "link">] |
      (entry.type === "symlink" ? 0o777 : entry.mode);
    return {
      mode,
      uid,
      gid,
      rdev: device ? makedev(devmajor, devminor) : 0,
      xattrs: this.#ownXattrs(entry),
    };
  }

  /** Attributes without those that would command the kernel's overlay filesystem: fs/layerfs does not show them either. */
  #ownXattrs({ name, xattrs }: TarEntry): ReadonlyMap<string, Uint8Array> {
    if (xattrs === null) return NO_XATTRS;
    const own = ownXattrs(xattrs);
    if ((own?.size ?? 0) < xattrs.size) {
      this.#lose("attributes of overlay filesystems", name.replace(/\/+$/, ""));
    }
    return own ?? NO_XATTRS;
  }

  #plan(facts: FileMetadata, path: string): HostPlan {
    try {
      return this.#metadata.plan(facts);
    } catch (error) {
      throw new UnpackError(`entry ${JSON.stringify(path)}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Notes what is lost of a file. */
  #record(path: string, facts: FileMetadata, mtime: readonly [number, number], plan: HostPlan): void {
    if (plan.lost === null) {
      if (this.recorded.size > 0) this.recorded.delete(path);
      return;
    }
    this.recorded.set(path, { ...facts, mtime });
    if (plan.standIn) this.#lose("devices and FIFOs (empty files take their places)", path);
    else if (plan.lost !== "metadata") this.#lose(plan.lost, path);
  }
  #lose(attribute: string, path: string): void {
    const known = this.lost.get(attribute);
    if (known === undefined) this.lost.set(attribute, { count: 1, first: path });
    else known.count++;
  }
  #loser(path: string): (attribute: string) => void {
    return (attribute) => this.#lose(attribute, path);
  }

  /** A name that the host takes for another that is there already is an error, not a replacement. */
  #distinct(parent: Place, name: string, what: string): void {
    if (!this.tree.limits.folds) return;
    let names = this.#folded.get(parent);
    if (names === undefined) this.#folded.set(parent, names = new Map());
    const folded = name.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFC");
    const known = names.get(folded);
    if (known !== undefined && known !== name && this.#places.open(parent).names().includes(known)) {
      throw new UnpackError(`${what}: this host cannot tell it from ${JSON.stringify(parent.pathOf(known))}`);
    }
    names.set(folded, name);
  }

  #markOwn(place: Place, name: string): void {
    for (let at: Place | null = place, below = name; at !== null; below = at.name, at = at.parent) {
      if (at.layer !== this.#layer) {
        at.layer = this.#layer;
        at.own = new Set();
      }
      if (at.own.has(below)) return;
      at.own.add(below);
    }
  }
  #isOwn(place: Place, name: string): boolean {
    return place.layer === this.#layer && place.own.has(name);
  }

  /** A directory that an entry's path implies. */
  #implied(parent: Place, name: string, what: string): Place {
    this.#distinct(parent, name, what);
    this.#places.open(parent).mkdir(name, 0o755);
    const place = this.#places.child(parent, name, [0, 0]);
    this.#setDirectory(
      place,
      { mode: S_IFDIR | 0o755, uid: 0, gid: 0, rdev: 0, xattrs: NO_XATTRS },
      [0, 0],
      false,
    );
    this.#markOwn(parent, name);
    return place;
  }

  /** Gives a directory its attributes, in place of those it had if it `existed`. */
  #setDirectory(place: Place, facts: FileMetadata, mtime: readonly [number, number], existed: boolean): void {
    const plan = this.#plan(facts, place.path);
    this.#record(place.path, facts, mtime, plan);
    const directory = this.#places.open(place);
    const xattrs = new Map(plan.attributes.xattrs);
    if (existed) {
      for (const name of directory.xattrs().keys()) {
        if (!isHostXattr(name) && !xattrs.has(name)) directory.removeXattr(name);
      }
    }
    const acl = xattrs.get(DEFAULT_ACL);
    place.inherited = acl === undefined ? null : new Map([[DEFAULT_ACL, acl]]);
    xattrs.delete(DEFAULT_ACL);
    directory.set(undefined, { ...plan.attributes, xattrs }, this.#loser(place.path));
    place.mtime = mtime;
  }

  #directory(entry: TarEntry, parent: Place, name: string, what: string): void {
    const facts = this.#facts(entry, what);
    const mtime = [entry.mtimeSec, entry.mtimeNsec] as const;
    const directory = this.#places.open(parent);
    const stat = directory.stat(name);
    let place: Place;
    if (stat !== null && isDir(stat.mode)) {
      place = this.#places.child(parent, name, mtime);
    } else {
      if (stat !== null && isLnk(stat.mode) && this.options.keepDirlinks) {
        const linked = this.#linkedDirectory(parent, name, what);
        if (linked !== null) return this.#setDirectory(linked, facts, mtime, true);
      }
      if (stat !== null) this.#remove(parent, name, false);
      directory.mkdir(name, 0o700);
      place = this.#places.child(parent, name, mtime);
    }
    this.#setDirectory(place, facts, mtime, stat !== null && isDir(stat.mode));
  }

  /** The directory that a link leads to; null if it leads to none. */
  #linkedDirectory(parent: Place, name: string, what: string): Place | null {
    const path = parent.pathOf(name).split("/");
    try {
      return this.#places.resolve(path, what, null);
    } catch (error) {
      if (error instanceof UnpackError) return null;
      throw error;
    }
  }

  /** What has the name makes room, whatever it is (layer.md#changeset-over-existing-files). */
  #makeRoom(parent: Place, name: string): void {
    const stat = this.#places.open(parent).stat(name);
    if (stat !== null) this.#remove(parent, name, isDir(stat.mode));
  }

  #file(entry: TarEntry, parent: Place, name: string, what: string): void {
    const facts = this.#facts(entry, what);
    const path = parent.pathOf(name);
    const plan = this.#plan(facts, path);
    const mtime = [entry.mtimeSec, entry.mtimeNsec] as const;
    this.#makeRoom(parent, name);
    this.#record(path, facts, mtime, plan);
    const directory = this.#places.open(parent);
    if (isReg(facts.mode) || plan.standIn) {
      const file = directory.create(name);
      const regular = isReg(facts.mode);
      const hash = regular && entry.sparse === null ? hasher("sha256") : null;
      this.#content = { file, entry, plan, hash, part: 0, done: 0 };
      if (entry.stored === 0) this.#finishContent();
      return;
    }
    if (isLnk(facts.mode)) {
      if (entry.linkname === "") throw new UnpackError(`${what}: a symbolic link without a target`);
      directory.symlink(name, entry.linkname);
    } else directory.mknod(name, facts.mode & ~0o7777 | 0o600, facts.rdev);
    directory.set(name, { ...plan.attributes, mtime }, this.#loser(path));
  }

  #link(entry: TarEntry, parent: Place, name: string): void {
    const doing = `hard link ${JSON.stringify(entry.name)} to ${JSON.stringify(entry.linkname)}`;
    const parts = components(entry.linkname, doing);
    const base = parts.pop();
    const place = base === undefined ? null : this.#places.resolve(parts, doing, null);
    const target = place === null ? null : this.#places.open(place).stat(base!);
    if (place === null || target === null) throw new UnpackError(`${doing}: there is no such file`);
    if (isDir(target.mode)) throw new UnpackError(`${doing}: it is a directory`);
    if (place === parent && base === name) return;
    for (let at: Place = place; at.parent !== null; at = at.parent) {
      if (at.parent === parent && at.name === name) {
        throw new UnpackError(`${doing}: it would take the place of its own target`);
      }
    }
    this.#makeRoom(parent, name);
    const recorded = this.recorded.get(place.pathOf(base!));
    if (recorded !== undefined) this.recorded.set(parent.pathOf(name), recorded);
    // Opening one directory may have closed the other.
    const from = this.#places.open(place);
    const to = this.#places.open(parent);
    to.link(name, from, base!);
  }

  #data(bytes: Uint8Array): void {
    const content = this.#content;
    if (content === null) return;
    const { file, entry, hash } = content;
    hash?.update(bytes);
    if (entry.sparse === null) {
      file.write(bytes, content.done);
      content.done += bytes.length;
    } else {
      for (let at = 0; at < bytes.length;) {
        const part = entry.sparse[content.part]!;
        const n = Math.min(part.length - content.done, bytes.length - at);
        file.write(bytes.subarray(at, at + n), part.offset + content.done);
        content.done += n;
        at += n;
        if (content.done < part.length) continue;
        content.part++;
        content.done = 0;
      }
    }
  }

  #finishContent(): void {
    const content = this.#content;
    if (content === null) return;
    this.#content = null;
    const { file, entry, plan, hash } = content;
    try {
      if (entry.sparse !== null) file.truncate(entry.size);
      const mtime = [entry.mtimeSec, entry.mtimeNsec] as const;
      file.set({ ...plan.attributes, mtime }, this.#loser(entry.name));
      const { ino } = file.stat();
      if (hash === null) this.hashes.delete(ino);
      else this.hashes.set(ino, hash.digest("base64url"));
    } finally {
      file.close();
    }
  }

  /** A whiteout or an opaque marker: it speaks about lower layers only, wherever in the archive it stands. */
  #marker(parts: readonly string[], base: string, what: string): void {
    const parent = this.#places.resolve(parts.slice(0, -1), what, null);
    if (parent === null || base !== OPAQUE && base.startsWith(AUFS)) return; // aufs' own bookkeeping
    if (base === OPAQUE) return this.#removeLower(parent);
    if (base === WHITEOUT) throw new UnpackError(`whiteout ${what.slice(6)}: it has no name`);
    const name = base.slice(WHITEOUT.length);
    if (name === "." || name === "..") {
      throw new UnpackError(`whiteout ${what.slice(6)}: ${name} cannot be removed`);
    }
    const stat = this.#places.open(parent).stat(name);
    if (stat === null) return;
    if (!this.#isOwn(parent, name)) this.#remove(parent, name, isDir(stat.mode));
    else if (isDir(stat.mode)) this.#removeLower(this.#placeOf(parent, name));
  }

  #placeOf(parent: Place, name: string): Place {
    const known = parent.children.get(name);
    if (known !== undefined) return known;
    const stat = this.#places.open(parent).stat(name);
    return this.#places.child(parent, name, stat === null ? [0, 0] : [stat.mtimeSec, stat.mtimeNsec]);
  }

  /** Removes everything in a directory that is not this layer's. */
  #removeLower(place: Place): void {
    for (const name of this.#places.open(place).names()) {
      const stat = this.#places.open(place).stat(name);
      if (stat === null) continue;
      if (!this.#isOwn(place, name)) this.#remove(place, name, isDir(stat.mode));
      else if (isDir(stat.mode)) this.#removeLower(this.#placeOf(place, name));
    }
  }

  /** Removes an entry, and all below it. */
  #remove(parent: Place, name: string, directory: boolean): void {
    if (directory) {
      const place = this.#placeOf(parent, name);
      for (const each of this.#places.open(place).names()) {
        const stat = this.#places.open(place).stat(each);
        if (stat !== null) this.#remove(place, each, isDir(stat.mode));
      }
      this.#folded.delete(place);
      this.#places.forget(place);
    }
    if (this.recorded.size > 0) this.recorded.delete(parent.pathOf(name));
    this.#places.open(parent).remove(name, directory);
  }
}
