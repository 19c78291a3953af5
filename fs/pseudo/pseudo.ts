/** Building blocks of filesystems whose files are made up when they are looked at: procfs, sysfs, devpts. @module */
import { EACCES, EINVAL, ENOENT, EPERM } from "../abi/errno.ts";
import { modeToDt, S_IFDIR, S_IFLNK, S_IFREG } from "../abi/mode.ts";
import { bytesToName, nameToBytes } from "../abi/name.ts";
import type { Statfs } from "../abi/stat.ts";
import type { VPath } from "../vfs/dentry.ts";
import { Inode, type SetAttr, SuperBlock } from "../vfs/inode.ts";
import { type DirEntry, type DirStream, type OpenFile, RegularFile } from "../vfs/open_file.ts";

/** A pseudo filesystem: numbers its inodes. */
export abstract class PseudoSuper extends SuperBlock {
  /** Magic number for statfs. */
  abstract readonly magic: number;
  /** See SuperBlock. */
  override readonly allowsIdmap = false;
  #next = 1;

  /** A fresh inode number. */
  nextIno(): number {
    return this.#next++;
  }

  /** See SuperBlock. */
  statfs(out: Statfs): number {
    out.type = this.magic;
    out.bsize = 4096;
    out.blocks =
      out.bfree =
      out.bavail =
      out.files =
      out.ffree =
        0;
    out.namelen = 255;
    return 0;
  }
}

/** Any file of a pseudo filesystem: its times are those of its making, and its owner is root unless said otherwise. */
export abstract class PseudoInode extends Inode {
  /** A file of `sb`; `mode` with its type. */
  constructor(sb: PseudoSuper, mode: number) {
    super(sb, sb.nextIno(), mode);
    this.setTimes(sb.clock.now());
  }

  /** See Inode. Sizes can be "changed" so that O_TRUNC works on writable files; nothing else can. */
  override setattr(attr: SetAttr): number {
    return attr.size !== undefined && attr.mode === undefined && attr.uid === undefined ? 0 : -EPERM;
  }
}

/** A directory. */
export abstract class PseudoDir extends PseudoInode {
  /** A directory with permission bits. */
  constructor(sb: PseudoSuper, mode = 0o555) {
    super(sb, S_IFDIR | mode);
    this.nlink = 2;
  }
  /** The file of a name, or undefined. The same object as long as it is the same file. */
  abstract child(name: string): Inode | undefined;
  /** Names with a number each that only grows: the position in a listing. */
  abstract names(): readonly (readonly [name: string, cookie: number])[];

  /** See Inode. */
  override lookup(name: string): Inode | number {
    return this.child(name) ?? -ENOENT;
  }
  /** See Inode. */
  override create(): number {
    return -EACCES;
  }
  /** See Inode. */
  override mkdir(): number {
    return -EACCES;
  }
  /** See Inode. */
  override symlink(): number {
    return -EACCES;
  }
  /** See Inode. */
  override unlink(): number {
    return -EPERM;
  }
  /** See Inode. */
  override rmdir(): number {
    return -EPERM;
  }
  /** See Inode. */
  override rename(): number {
    return -EPERM;
  }
  /** See Inode. */
  override openDir(): DirStream | number {
    return new PseudoStream(this);
  }
}

class PseudoStream implements DirStream {
  #after = 0;
  #list: readonly (readonly [string, number])[] | null = null;
  #at = 0;

  constructor(readonly dir: PseudoDir) {}

  next(): DirEntry | null {
    const list = this.#list ??= this.dir.names();
    while (this.#at < list.length) {
      const [name, cookie] = list[this.#at++]!;
      if (cookie <= this.#after) continue;
      const inode = this.dir.child(name);
      if (inode === undefined) continue; // gone in the meantime
      this.#after = cookie;
      return { name, ino: inode.ino, type: modeToDt(inode.mode), cookie };
    }
    return null;
  }

  seek(cookie: number): void {
    this.#after = cookie;
    this.#list = null;
    this.#at = 0;
  }
}

/** A directory whose names never change. */
export class StaticDir extends PseudoDir {
  readonly #children: Map<string, Inode> = new Map();

  /** Adds a file; returns the directory. */
  add(name: string, inode: Inode): this {
    this.#children.set(name, inode);
    return this;
  }
  /** See PseudoDir. */
  override child(name: string): Inode | undefined {
    return this.#children.get(name);
  }
  /** See PseudoDir. */
  override names(): readonly (readonly [string, number])[] {
    return [...this.#children.keys()].map((name, i) => [name, i + 1] as const);
  }
}

/** How a generated file is made and written. */
export interface TextFileOptions {
  /** Permission bits; 0444, or 0644 with `write`. */
  readonly mode?: number;
  /** Takes what was written, without a final newline. 0 or a negative errno. */
  readonly write?: (text: string) => number;
}

/** A file whose content is generated when it is opened, and stays as it was then for that opening. */
export class TextFile extends PseudoInode {
  /** A file with the content that `read` gives; bytes may be in it by the escape of names. */
  constructor(sb: PseudoSuper, readonly read: () => string, readonly options: TextFileOptions = {}) {
    super(sb, S_IFREG | (options.mode ?? (options.write === undefined ? 0o444 : 0o644)));
  }
  /** See Inode. */
  override open(flags: number): OpenFile | number {
    return new OpenText(this, flags);
  }
}

class OpenText extends RegularFile {
  readonly #bytes: Uint8Array;

  constructor(readonly file: TextFile, flags: number) {
    super(file, flags);
    this.#bytes = this.readable ? nameToBytes(file.read()) : new Uint8Array(0);
  }
  protected override readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    const n = Math.max(0, Math.min(len, this.#bytes.length - pos));
    buf.set(this.#bytes.subarray(pos, pos + n), off);
    return n;
  }
  protected override writeAt(buf: Uint8Array, off: number, len: number, _pos: number): number {
    const { write } = this.file.options;
    if (write === undefined) return -EACCES;
    const error = write(bytesToName(buf.slice(off, off + len)).replace(/\n$/, ""));
    return error < 0 ? error : len;
  }
  protected override currentSize(): number {
    return this.#bytes.length;
  }
  override truncate(): number {
    return this.file.options.write === undefined ? -EINVAL : 0;
  }
}

/** A symbolic link with a target that may change. */
export class TextLink extends PseudoInode {
  /** A link to what `target` gives; undefined is ENOENT. */
  constructor(sb: PseudoSuper, readonly target: () => string | undefined) {
    super(sb, S_IFLNK | 0o777);
  }
  /** See Inode. */
  override readlink(): string | number {
    return this.target() ?? -ENOENT;
  }
}

/** A link that leads to a place, whatever its text says (man 5 proc, /proc/PID/fd). */
export class MagicLink extends TextLink {
  /** A link with a text and a place; undefined is ENOENT. */
  constructor(
    sb: PseudoSuper,
    target: () => string | undefined,
    readonly place: () => VPath | undefined,
    mode = 0o777,
  ) {
    super(sb, target);
    this.mode = S_IFLNK | mode;
  }
  /** See Inode. */
  override followMagic(): VPath | number {
    return this.place() ?? -ENOENT;
  }
}
