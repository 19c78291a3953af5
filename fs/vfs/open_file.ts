/**
 * Open file descriptions (man 2 open): what descriptors refer to. One class a kind: regular file, directory, pipe end,
 * device, terminal, socket. Reads and writes go straight to and from the guest's memory: `buf` is the memory's bytes,
 * `off` and `len` lie inside it (the personality has checked), and no call keeps `buf`.
 * @module
 */
import { EBADF, EFBIG, EINVAL, EISDIR, ENOSYS, ENOTDIR, ENOTTY, EOPNOTSUPP, ESPIPE } from "../abi/errno.ts";
import { MAX_OFFSET } from "../abi/limits.ts";
import {
  O_ACCMODE,
  O_APPEND,
  O_NOATIME,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
} from "../abi/open.ts";
import { POLLIN, POLLOUT } from "../abi/poll.ts";
import { accessed } from "./access_time.ts";
import type { Dentry, Mount } from "./dentry.ts";
import type { Inode } from "./inode.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** One entry of a directory. */
export interface DirEntry {
  /** Name, a single component. */
  readonly name: string;
  /** Inode number. */
  readonly ino: number;
  /** DT_* type. */
  readonly type: number;
  /**
   * Position after this entry, > 0, increasing within a directory. Resuming at it yields what came after this entry,
   * whatever has been added or removed since; an entry that stayed is neither skipped nor repeated.
   */
  readonly cookie: number;
}

/** A reading position in a directory. */
export interface DirStream {
  /** The next entry, or null at the end (entries added later may still appear), or a negative errno. */
  next(): DirEntry | null | number;
  /** Goes to a position: 0 for the start, or the cookie of an entry. Any other number is taken as the nearest above. */
  seek(cookie: number): void;
}

/** An open file description. */
export abstract class OpenFile {
  /** Descriptors and other holders that refer to it; at 0 it is released. */
  #refs = 1;
  /** Current position in bytes. */
  pos = 0;
  /** The mount it was opened through; null for pipes, sockets and other files without a path. */
  mount: Mount | null = null;
  /** The name it was opened by. */
  dentry: Dentry | null = null;

  /** A file on `inode` opened with O_* flags (access mode and status flags). */
  constructor(readonly inode: Inode, public flags: number) {
    inode.openCount++;
  }

  /** One more holder. */
  acquire(): this {
    this.#refs++;
    return this;
  }

  /** One holder less; the last one releases it. Returns 0 or a negative errno of the last flush (as close(2)). */
  close(): number {
    if (--this.#refs > 0) return 0;
    const error = this.release();
    const inode = this.inode;
    if (--inode.openCount === 0 && inode.nlink === 0) inode.evict();
    return error;
  }

  /** Gives back what the description holds. Called once. */
  protected release(): number {
    return 0;
  }

  /** Opened for reading. */
  get readable(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY;
  }
  /** Opened for writing. */
  get writable(): boolean {
    return (this.flags & O_ACCMODE) !== O_RDONLY;
  }
  /** O_NONBLOCK is set. */
  get nonblocking(): boolean {
    return (this.flags & O_NONBLOCK) !== 0;
  }

  /** Reads at the current position. Bytes read, 0 at the end, -EAGAIN when it would block. */
  read(_buf: Uint8Array, _off: number, _len: number): number {
    return -EINVAL;
  }
  /** Writes at the current position (or the end: O_APPEND). Bytes written, -EAGAIN when it would block. */
  write(_buf: Uint8Array, _off: number, _len: number): number {
    return -EINVAL;
  }
  /** Reads at `pos`, leaving the current position alone; -ESPIPE if there are no positions. */
  pread(_buf: Uint8Array, _off: number, _len: number, _pos: number): number {
    return -ESPIPE;
  }
  /** Writes at `pos`, leaving the current position alone. */
  pwrite(_buf: Uint8Array, _off: number, _len: number, _pos: number): number {
    return -ESPIPE;
  }
  /** Moves the current position (SEEK_*). The new position or a negative errno. */
  seek(_offset: number, _whence: number): number {
    return -ESPIPE;
  }
  /** Directory entries; the stream keeps its own position. -ENOTDIR if it is none. */
  dirStream(): DirStream | number {
    return -ENOTDIR;
  }
  /** Sets the size. */
  truncate(_size: number): number {
    return -EINVAL;
  }
  /** fallocate(2) with FALLOC_FL_* mode. */
  allocate(_mode: number, _offset: number, _len: number): number {
    return -EOPNOTSUPP;
  }
  /** fsync(2), or fdatasync(2) with `dataOnly`. */
  sync(_dataOnly: boolean): number {
    return 0;
  }
  /** ioctl(2): -ENOTTY for what the device does not know. `arg` is a buffer the caller owns, in and out. */
  ioctl(_request: number, _arg: Uint8Array): number {
    return -ENOTTY;
  }
  /** POLL* events that are true now. */
  poll(): number {
    return POLLIN | POLLOUT;
  }
  /** Where to wait for poll() to change; null: it never changes (regular files). */
  waitQueue(): WaitQueue | null {
    return null;
  }
  /** Bytes that a read would get now without blocking (FIONREAD); -ENOSYS if unknown. */
  available(): number {
    return -ENOSYS;
  }
  /** True for a terminal. */
  get isTty(): boolean {
    return false;
  }
}

/** An open regular file: positions, append mode and access checks once; a filesystem adds readAt and writeAt. */
export abstract class RegularFile extends OpenFile {
  /** Up to `len` bytes from `pos` into `buf` at `off`. Bytes read; 0 at or behind the end. */
  protected abstract readAt(buf: Uint8Array, off: number, len: number, pos: number): number;
  /** `len` bytes from `buf` at `off` to `pos`, extending the file (a gap reads as zeros). Bytes written. */
  protected abstract writeAt(buf: Uint8Array, off: number, len: number, pos: number): number;
  /** Size in bytes now. */
  protected abstract currentSize(): number;

  /** See OpenFile. */
  override read(buf: Uint8Array, off: number, len: number): number {
    if ((this.flags & O_ACCMODE) === O_WRONLY) return -EBADF;
    const n = this.readAt(buf, off, len, this.pos);
    if (n > 0) this.pos += n;
    return n;
  }
  /** See OpenFile. */
  override write(buf: Uint8Array, off: number, len: number): number {
    if ((this.flags & O_ACCMODE) === O_RDONLY) return -EBADF;
    if (len === 0) return 0;
    if ((this.flags & O_APPEND) !== 0) this.pos = this.currentSize();
    if (this.pos + len > MAX_OFFSET) return -EFBIG;
    const n = this.writeAt(buf, off, len, this.pos);
    if (n > 0) this.pos += n;
    return n;
  }
  /** See OpenFile. */
  override pread(buf: Uint8Array, off: number, len: number, pos: number): number {
    if ((this.flags & O_ACCMODE) === O_WRONLY) return -EBADF;
    if (pos < 0) return -EINVAL;
    return this.readAt(buf, off, len, pos);
  }
  /** See OpenFile. With O_APPEND the data goes to the end whatever `pos` says (man 2 pwrite, BUGS). */
  override pwrite(buf: Uint8Array, off: number, len: number, pos: number): number {
    if ((this.flags & O_ACCMODE) === O_RDONLY) return -EBADF;
    if (pos < 0) return -EINVAL;
    if (len === 0) return 0;
    const at = (this.flags & O_APPEND) !== 0 ? this.currentSize() : pos;
    if (at + len > MAX_OFFSET) return -EFBIG;
    return this.writeAt(buf, off, len, at);
  }
  /** See OpenFile. */
  override seek(offset: number, whence: number): number {
    let target: number;
    if (whence === SEEK_SET) target = offset;
    else if (whence === SEEK_CUR) target = this.pos + offset;
    else if (whence === SEEK_END) target = this.currentSize() + offset;
    else return this.seekData(offset, whence);
    if (target < 0 || target > MAX_OFFSET) return -EINVAL;
    this.pos = target;
    return target;
  }
  /** SEEK_DATA and SEEK_HOLE; sparse filesystems override it. */
  protected seekData(_offset: number, _whence: number): number {
    return -EINVAL;
  }
}

/** An open directory: reading it as a file is EISDIR (man 2 read). */
export class DirFile extends OpenFile {
  #stream: DirStream | null = null;

  /** See OpenFile. */
  override dirStream(): DirStream | number {
    if (this.#stream !== null) return this.#stream;
    const stream = this.inode.openDir();
    if (typeof stream === "number") return stream;
    const { sb } = this.inode;
    if (sb.keepsAccessTimes && (this.flags & O_NOATIME) === 0) accessed(this.mount, this.inode, true);
    return this.#stream = stream;
  }
  /** See OpenFile. */
  override read(): number {
    return -EISDIR;
  }
  /** See OpenFile. */
  override pread(): number {
    return -EISDIR;
  }
  /** See OpenFile. */
  override write(): number {
    return -EBADF;
  }
  /** See OpenFile. */
  override pwrite(): number {
    return -EBADF;
  }
  /** See OpenFile. Positions are cookies of DirEntry. */
  override seek(offset: number, whence: number): number {
    if (whence !== SEEK_SET || offset < 0) return whence === SEEK_CUR && offset === 0 ? this.pos : -EINVAL;
    const stream = this.dirStream();
    if (typeof stream === "number") return stream;
    stream.seek(offset);
    return this.pos = offset;
  }
}
