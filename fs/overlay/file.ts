/** Open regular files of an overlay. @module */
import { O_ACCMODE, O_APPEND, O_RDONLY } from "../abi/open.ts";
import { type OpenFile, RegularFile } from "../vfs/open_file.ts";
import type { OverlayInode } from "./inode.ts";

/**
 * A file that follows its inode: one opened for reading before a copy-up reads the upper file afterwards. (Linux's overlay goes on
 * showing the old content; overlay(5) lists that as not POSIX.)
 */
export class OverlayFile extends RegularFile {
  #real: OpenFile;
  #generation: number;

  private constructor(readonly file: OverlayInode, flags: number, real: OpenFile) {
    super(file, flags);
    this.#real = real;
    this.#generation = file.generation;
  }

  /** Opens a file; for writing it is copied up. */
  static open(file: OverlayInode, flags: number): OverlayFile | number {
    if ((flags & O_ACCMODE) !== O_RDONLY) {
      const error = file.copyUp();
      if (error < 0) return error;
    }
    const real = file.real.open(flags & ~O_APPEND);
    return typeof real === "number" ? real : new OverlayFile(file, flags, real);
  }

  /** The real file as it is now. */
  #current(): OpenFile {
    return this.#generation === this.file.generation ? this.#real : this.#reopen();
  }

  #reopen(): OpenFile {
    const real = this.file.real.open(this.flags & ~O_APPEND);
    if (typeof real === "number") return this.#real; // what was open stays readable
    this.#real.close();
    this.#generation = this.file.generation;
    return this.#real = real;
  }

  protected override readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    return this.#current().pread(buf, off, len, pos);
  }

  protected override writeAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    return this.#current().pwrite(buf, off, len, pos);
  }

  protected override currentSize(): number {
    return this.file.real.size;
  }

  /** See OpenFile. */
  override truncate(size: number): number {
    return this.file.setattr({ size });
  }

  /** See OpenFile. */
  override allocate(mode: number, offset: number, len: number): number {
    return this.#current().allocate(mode, offset, len);
  }

  /** See OpenFile. */
  override sync(dataOnly: boolean): number {
    return this.#current().sync(dataOnly);
  }

  protected override seekData(offset: number, whence: number): number {
    const n = this.#current().seek(offset, whence);
    if (n >= 0) this.pos = n;
    return n;
  }

  protected override release(): number {
    return this.#real.close();
  }
}
