/** A layer as a read-only filesystem: metadata from its index, content from tar offsets. @module */
import { EIO, EISDIR, ENODATA, ENOENT, ENOTDIR } from "../abi/errno.ts";
import { isDir, isReg, modeToDt } from "../abi/mode.ts";
import { bytesToName, nameToBytes } from "../abi/name.ts";
import type { Statfs } from "../abi/stat.ts";
import { type Clock, hostClock } from "../vfs/clock.ts";
import { Inode, SuperBlock } from "../vfs/inode.ts";
import { type DirEntry, type DirStream, type OpenFile, RegularFile } from "../vfs/open_file.ts";
import { pathsOfFiles } from "./index_paths.ts";
import { type LayerIndex, NONE } from "./layer_index.ts";

const MAGIC = 0x756d6c61;

/** The bytes an index points into. */
export interface BlobSource {
  /** Size in bytes. */
  readonly size: number;
  /** Up to `len` bytes from `pos` into `buf` at `off`: bytes read, 0 at the end, or a negative errno. */
  readAt(buf: Uint8Array, off: number, len: number, pos: number): number;
  /** Gives back what it holds. */
  close(): void;
}

/** A blob in memory. */
export class MemoryBlob implements BlobSource {
  /** A blob of these bytes. */
  constructor(readonly bytes: Uint8Array) {}
  /** See BlobSource. */
  get size(): number {
    return this.bytes.length;
  }
  /** See BlobSource. */
  readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    const n = Math.max(0, Math.min(len, this.bytes.length - pos));
    buf.set(this.bytes.subarray(pos, pos + n), off);
    return n;
  }
  /** See BlobSource. */
  close(): void {}
}

/** What a LayerfsSuper is made of. */
export interface LayerfsOptions {
  /** The tree. */
  readonly index: LayerIndex;
  /** The archive. */
  readonly blob: BlobSource;
  /** Files of layers below that nodes of the index are names of (layer.md#hardlinks). */
  readonly aliases?: ReadonlyMap<number, Inode>;
  /** Source of times; a layer's own times come from its index. */
  readonly clock?: Clock;
}

/** See the module's comment. */
export class LayerfsSuper extends SuperBlock {
  /** See SuperBlock. */
  readonly type = "layerfs";
  /** The tree. */
  readonly index: LayerIndex;
  /** The archive. */
  readonly blob: BlobSource;
  readonly #inodes: Map<number, Inode>;
  /** Paths of the files with several names, once somebody has asked. */
  #linked: ReadonlyMap<number, readonly string[]> | null = null;
  /** Paths that layers above have given to files of this one. */
  readonly #paths: Map<number, Set<string>> = new Map();
  #scratch = new Uint8Array(256);

  /** A filesystem of one layer. It closes the blob when it is shut down. */
  constructor(options: LayerfsOptions) {
    super(options.clock ?? hostClock);
    this.index = options.index;
    this.blob = options.blob;
    this.readOnly = true;
    const { index, aliases } = options;
    this.#inodes = new Map(aliases);
    if (aliases === undefined || aliases.size === 0) return;
    for (const [node, paths] of pathsOfFiles(index, (node) => aliases.has(node))) {
      const file = aliases.get(node)!;
      if (file instanceof LayerInode) file.fs.addPaths(file.node, paths);
    }
  }

  /** See SuperBlock. */
  get root(): Inode {
    return this.inode(0);
  }

  /** Notes that layers above have more names for a file. */
  addPaths(node: number, paths: readonly string[]): void {
    let known = this.#paths.get(node);
    if (known === undefined) {
      known = new Set(pathsOfFiles(this.index, (each) => each === node).get(node));
      this.#paths.set(node, known);
    }
    for (const path of paths) known.add(path);
  }

  /** Every path of a file, those in layers above too; null if it has only one. */
  pathsOf(node: number): readonly string[] | null {
    const paths = this.#paths.get(node);
    if (paths !== undefined) return [...paths];
    const { nlink } = this.index;
    if (nlink[node]! < 2) return null;
    this.#linked ??= pathsOfFiles(this.index, (each) => nlink[each]! > 1);
    return this.#linked.get(node) ?? null;
  }

  /** The inode of a node: always the same object, as hard links and open files want. */
  inode(node: number): Inode {
    let inode = this.#inodes.get(node);
    if (inode === undefined) this.#inodes.set(node, inode = new LayerInode(this, node));
    return inode;
  }

  /** Index of a name in a directory, or -1. */
  find(dir: number, name: string): number {
    let scratch = this.#scratch;
    let length = name.length;
    for (let i = 0; i < length; i++) {
      const c = name.charCodeAt(i);
      if (c >= 0x80 || i >= 256) {
        scratch = nameToBytes(name);
        length = scratch.length;
        break;
      }
      scratch[i] = c;
    }
    return this.index.find(dir, scratch, length);
  }

  /** See SuperBlock. */
  statfs(out: Statfs): number {
    out.type = MAGIC;
    out.bsize = 4096;
    out.blocks = Math.ceil(this.blob.size / 4096);
    out.bfree = out.bavail = 0;
    out.files = this.index.counts.nodes;
    out.ffree = 0;
    out.namelen = 255;
    return 0;
  }

  /** See SuperBlock. */
  override shutdown(): void {
    this.blob.close();
  }
}

/** A file of a layer. */
export class LayerInode extends Inode {
  /** Node `node` of the layer's index. */
  constructor(readonly fs: LayerfsSuper, readonly node: number) {
    super(fs, node + 1, fs.index.mode[node]!);
    const { index } = fs;
    this.uid = index.uid[node]!;
    this.gid = index.gid[node]!;
    this.nlink = index.nlink[node]!;
    this.rdev = index.rdev[node]!;
    this.size = isDir(this.mode) ? 4096 : index.size[node]!;
    this.mtimeSec = this.atimeSec = this.ctimeSec = index.mtimeSec[node]!;
    this.mtimeNsec = this.atimeNsec = this.ctimeNsec = index.mtimeNsec[node]!;
  }

  /** See Inode. */
  override lookup(name: string): Inode | number {
    if (!isDir(this.mode)) return -ENOTDIR;
    const at = this.fs.find(this.node, name);
    return at < 0 ? -ENOENT : this.fs.inode(this.fs.index.nameNode[at]!);
  }

  /** See Inode. */
  override paths(): readonly string[] | null {
    return isDir(this.mode) ? null : this.fs.pathsOf(this.node);
  }

  /** See Inode. */
  override openDir(): DirStream | number {
    return isDir(this.mode) ? new LayerDirStream(this.fs.index, this.node) : -ENOTDIR;
  }

  /** See Inode. */
  override readlink(): string | number {
    const { index } = this.fs;
    const at = index.first[this.node]!;
    return bytesToName(index.bytes.subarray(at, at + index.count[this.node]!));
  }

  /** See Inode. */
  override open(flags: number): OpenFile | number {
    return isDir(this.mode) ? -EISDIR : new LayerFile(this, flags);
  }

  /** See Inode. */
  override blocks(): number {
    const { index } = this.fs;
    if (!isReg(this.mode) || index.first[this.node] === NONE) return Math.ceil(this.size / 512);
    let stored = 0;
    const first = index.first[this.node]!;
    for (let i = first; i < first + index.count[this.node]!; i++) stored += index.partLength[i]!;
    return Math.ceil(stored / 512);
  }

  /** Index of an extended attribute, or -1. */
  #xattr(name: string): number {
    const { index } = this.fs;
    const first = index.xattrFirst[this.node]!;
    for (let i = first; i < first + index.xattrCount[this.node]!; i++) {
      if (this.#xattrName(i) === name) return i;
    }
    return -1;
  }

  #xattrName(i: number): string {
    const { index } = this.fs;
    const at = index.xattrNameAt[i]!;
    return bytesToName(index.bytes.subarray(at, at + index.xattrNameLength[i]!));
  }

  /** See Inode. */
  override getxattr(name: string): Uint8Array | number {
    const { index } = this.fs;
    if (index.xattrCount[this.node] === 0) return -ENODATA;
    const i = this.#xattr(name);
    if (i < 0) return -ENODATA;
    const at = index.xattrValueAt[i]!;
    return index.bytes.slice(at, at + index.xattrValueLength[i]!);
  }

  /** See Inode. */
  override listxattr(): readonly string[] {
    const { index } = this.fs;
    const first = index.xattrFirst[this.node]!;
    return Array.from({ length: index.xattrCount[this.node]! }, (_, i) => this.#xattrName(first + i));
  }

  /** Reads content: sparse parts and what is between them. */
  readContent(buf: Uint8Array, off: number, len: number, pos: number): number {
    const { index, blob } = this.fs;
    const n = Math.min(len, this.size - pos);
    if (n <= 0) return 0;
    const first = index.first[this.node]!;
    if (first === NONE) return fill(blob, buf, off, n, index.offset[this.node]! + pos);
    buf.fill(0, off, off + n);
    let stored = index.offset[this.node]!;
    for (let i = first; i < first + index.count[this.node]!; i++) {
      const start = index.partOffset[i]!, length = index.partLength[i]!;
      const from = Math.max(start, pos), to = Math.min(start + length, pos + n);
      if (from < to) {
        const error = fill(blob, buf, off + from - pos, to - from, stored + from - start);
        if (error < 0) return error;
      }
      if (start >= pos + n) break;
      stored += length;
    }
    return n;
  }
}

/** Reads exactly `n` bytes; the archive has been checked, so less is an I/O error. */
function fill(blob: BlobSource, buf: Uint8Array, off: number, n: number, pos: number): number {
  let done = 0;
  while (done < n) {
    const got = blob.readAt(buf, off + done, n - done, pos + done);
    if (got < 0) return got;
    if (got === 0) return -EIO;
    done += got;
  }
  return n;
}

class LayerFile extends RegularFile {
  constructor(readonly file: LayerInode, flags: number) {
    super(file, flags);
  }
  protected override readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    return this.file.readContent(buf, off, len, pos);
  }
  protected override writeAt(): number {
    return -EIO; // the mount and the superblock are read-only: nobody has opened it for writing
  }
  protected override currentSize(): number {
    return this.file.size;
  }
}

/** A layer does not change: a cookie is the entry's number, plus one. */
class LayerDirStream implements DirStream {
  #at = 0;

  constructor(readonly index: LayerIndex, readonly dir: number) {}

  next(): DirEntry | null {
    const { index, dir } = this;
    if (this.#at >= index.count[dir]!) return null;
    const i = index.first[dir]! + this.#at++;
    const at = index.nameAt[i]!, node = index.nameNode[i]!;
    return {
      name: bytesToName(index.bytes.subarray(at, at + index.nameLength[i]!)),
      ino: node + 1,
      type: modeToDt(index.mode[node]!),
      cookie: this.#at,
    };
  }

  seek(cookie: number): void {
    this.#at = cookie;
  }
}
