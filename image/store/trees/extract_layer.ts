/**
 * Writes a layer as a directory that the kernel's overlay takes for one of its layers (overlayfs(5)): whiteouts are character devices 0:0, opaque
 * directories have an attribute. The layer is the one that the userland kernel mounts, so that both have the same files; names are made
 * in open directories only, one component at a time, and no link is followed.
 * @module
 */
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { isBlk, isChr, isDir, isLnk, isReg, S_IFCHR, S_IFMT } from "../../../fs/abi/mode.ts";
import { type LayerfsSuper, LayerInode, NONE } from "../../../fs/layerfs/mod.ts";
import { isImplied, isOpaque, isWhiteout } from "../../../fs/overlay/marks.ts";
import type { Inode } from "../../../fs/vfs/inode.ts";
import {
  type HostAttributes,
  type HostDirectory,
  HostError,
  type HostFile,
  type HostTree,
} from "../host_fs/types.ts";
import { type Place, Places } from "../tree/places.ts";
import { type ForeignFile, OverlayMarkError, type TreeOwner } from "./tree_key.ts";

const OF_OVERLAYS = /^(trusted|user)\.overlay\./;
const CHUNK = 1024 * 1024;
const CAPABILITY = "security.capability";

/** How a layer is extracted. */
export interface ExtractLayerOptions {
  /** Whose the files are. */
  readonly owner: TreeOwner;
  /** The root of the layers below; null for the lowest. */
  readonly beneath: Inode | null;
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal;
}

/** What an ordinary user could not keep, or the filesystem has no room for: how often, and the first file of each kind. */
export type Lost = Map<string, { count: number; first: string }>;

const mark = ({ isUser }: TreeOwner): string => isUser ? "user.overlay.opaque" : "trusted.overlay.opaque";

function xattrsOf(inode: Inode): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>(), names = inode.listxattr();
  for (const name of typeof names === "number" ? [] : names) {
    const value = OF_OVERLAYS.test(name) ? 0 : inode.getxattr(name);
    if (typeof value !== "number") found.set(name, value);
  }
  return found;
}

/** A layer that has been extracted. */
export interface ExtractedLayer {
  /** What could not be kept. */
  readonly lost: Lost;
  /** An ordinary user's files that are to be others', the innermost first. */
  readonly foreign: readonly ForeignFile[];
  /** Notes something more that is lost. */
  lose(attribute: string, path: string): void;
}

class Extraction implements ExtractedLayer {
  readonly lost: Lost = new Map();
  readonly foreign: ForeignFile[] = [];
  readonly #places: Places;
  /** Where the files with several names have their first one. */
  readonly #first: Map<Inode, readonly [Place, string]> = new Map();
  readonly #buffer = new Uint8Array(CHUNK);

  readonly #layer: LayerfsSuper;

  constructor(layer: LayerfsSuper, tree: HostTree, readonly options: ExtractLayerOptions) {
    this.#layer = layer;
    this.#places = new Places(tree.root);
  }

  run(): void {
    try {
      this.#directory(this.#places.root, this.#layer.root, this.options.beneath);
    } finally {
      this.#places.close();
    }
  }

  lose(attribute: string, path: string): void {
    const known = this.lost.get(attribute);
    if (known === undefined) this.lost.set(attribute, { count: 1, first: path });
    else known.count++;
  }
  /** Notes whose a file is to be, if it is not its maker's; and what it is capable of, if it gets that later. */
  #noteOwner(path: string, inode: Inode): void {
    const { uid, gid, mode } = inode, { isUser, giveAway } = this.options.owner;
    const value = giveAway === undefined ? 0 : inode.getxattr(CAPABILITY);
    const capability = typeof value === "number" ? {} : { capability: value };
    if (isUser && (uid !== 0 || gid !== 0 || "capability" in capability)) {
      this.foreign.push({ path, uid, gid, mode, ...capability });
    }
  }
  #loser(path: string): (attribute: string) => void {
    return (attribute) => this.lose(attribute, path);
  }

  /** Attributes of a file, as its owner here can have them. */
  #attributes(inode: Inode): HostAttributes & { readonly xattrs: Map<string, Uint8Array> } {
    const { mode, mtimeSec, mtimeNsec } = inode;
    const xattrs = xattrsOf(inode);
    if (this.options.owner.giveAway !== undefined) xattrs.delete(CAPABILITY);
    // The user must get into directories, to remove them some day.
    const bits = (mode & 0o7777) | (this.options.owner.isUser && isDir(mode) ? 0o700 : 0);
    return {
      ...this.options.owner.isUser ? {} : { owner: [inode.uid, inode.gid] as const },
      ...isLnk(mode) ? {} : { mode: bits },
      mtime: [mtimeSec, mtimeNsec],
      xattrs,
    };
  }

  #directory(place: Place, dir: Inode, beneath: Inode | null): void {
    this.options.signal?.throwIfAborted();
    const below = beneath !== null && isDir(beneath.mode) ? beneath : null;
    const inside = isOpaque(dir) ? null : below;
    const entries = dir.openDir();
    if (typeof entries === "number") throw new Error(`reading ${place.path}: ${errnoText(-entries)}`);
    for (let entry = entries.next(); entry !== null; entry = entries.next()) {
      if (typeof entry === "number") throw new Error(`reading ${place.path}: ${errnoText(-entry)}`);
      const inode = dir.lookup(entry.name);
      if (typeof inode === "number") {
        throw new Error(`reading ${place.pathOf(entry.name)}: ${errnoText(-inode)}`);
      }
      if (!isDir(inode.mode)) this.#file(place, entry.name, inode);
      else {
        this.#places.open(place).mkdir(entry.name, 0o700);
        const found = inside?.lookup(entry.name) ?? null;
        const child = this.#places.child(place, entry.name, [0, 0]);
        this.#directory(child, inode, typeof found === "number" ? null : found);
      }
    }
    this.#finishDirectory(place, dir, below);
  }

  /** Gives a directory its attributes, which are those of the one below if the layer does not say any: the overlay shows the topmost one's. */
  #finishDirectory(place: Place, dir: Inode, below: Inode | null): void {
    const opaque = isOpaque(dir);
    const described = isImplied(dir) && !opaque && below !== null ? below : dir;
    const { xattrs, ...attributes } = this.#attributes(described);
    this.#noteOwner(place.path, described);
    if (opaque) xattrs.set(mark(this.options.owner), new Uint8Array([0x79]));
    this.#places.open(place).set(undefined, { ...attributes, xattrs }, (attribute) => {
      if (attribute.includes(mark(this.options.owner))) {
        throw new OverlayMarkError(
          `marking ${place.path} as opaque: the filesystem cannot keep the attribute ${attribute}`,
        );
      }
      this.lose(attribute, place.path);
    });
  }

  #file(place: Place, name: string, inode: Inode): void {
    const path = place.pathOf(name), { mode } = inode;
    const first = this.#first.get(inode);
    if (first !== undefined) return this.#link(place, name, ...first);
    const directory = this.#places.open(place);
    if (isWhiteout(inode)) return this.#whiteout(directory, name, path);
    if (this.options.owner.isUser && (isChr(mode) || isBlk(mode))) return this.lose("devices", path);
    this.#make(directory, name, path, inode);
    this.#noteOwner(path, inode);
    // A file of a layer below has one name there, and may have several here.
    if (inode.nlink > 1 || inode.sb !== this.#layer) this.#first.set(inode, [place, name]);
  }

  /** A whiteout is everybody's to make (Linux 5.8), but not on every filesystem: not on an overlay, for one. */
  #whiteout(directory: HostDirectory, name: string, path: string): void {
    try {
      directory.mknod(name, S_IFCHR, 0);
    } catch (error) {
      if (!(error instanceof HostError) || !["EPERM", "EINVAL", "EOPNOTSUPP"].includes(error.code)) {
        throw error;
      }
      throw new OverlayMarkError(`making a whiteout for ${path}: ${error.message}`, { cause: error });
    }
  }

  #link(place: Place, name: string, from: Place, fromName: string): void {
    this.#places.open(place);
    const source = this.#places.open(from); // which may have closed the other
    this.#places.open(place).link(name, source, fromName);
  }

  #make(directory: HostDirectory, name: string, path: string, inode: Inode): void {
    const { mode } = inode;
    const attributes = this.#attributes(inode);
    if (isReg(mode)) {
      const file = directory.create(name);
      try {
        this.#content(file, inode, path);
        file.set(attributes, this.#loser(path));
      } finally {
        file.close();
      }
      return;
    }
    if (isLnk(mode)) {
      const target = inode.readlink();
      if (typeof target === "number") throw new Error(`reading the link ${path}: ${errnoText(-target)}`);
      directory.symlink(name, target);
    } else directory.mknod(name, mode & S_IFMT | 0o600, inode.rdev);
    directory.set(name, attributes, this.#loser(path));
  }

  /** Copies what a file has; between the parts of a sparse one are holes. */
  #content(file: HostFile, inode: Inode, path: string): void {
    if (!(inode instanceof LayerInode)) throw new TypeError(`${path}: not a layer's file`);
    const { index } = inode.fs, first = index.first[inode.node]!;
    const parts = first === NONE
      ? [[0, inode.size] as const]
      : Array.from({ length: index.count[inode.node]! }, (_, i) =>
        [
          index.partOffset[first + i]!,
          index.partLength[first + i]!,
        ] as const);
    for (const [start, length] of parts) {
      for (let done = 0; done < length;) {
        this.options.signal?.throwIfAborted();
        const want = Math.min(CHUNK, length - done);
        const n = inode.readContent(this.#buffer, 0, want, start + done);
        if (n <= 0) throw new Error(`reading ${path}: ${n === 0 ? "it is cut off" : errnoText(-n)}`);
        file.write(this.#buffer.subarray(0, n), start + done);
        done += n;
      }
    }
    if (first !== NONE) file.truncate(inode.size);
  }
}

/** Extracts a layer into an empty directory. */
export function extractLayer(
  layer: LayerfsSuper,
  tree: HostTree,
  options: ExtractLayerOptions,
): ExtractedLayer {
  const extraction = new Extraction(layer, tree, options);
  extraction.run();
  return extraction;
}
