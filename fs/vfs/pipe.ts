/** Pipes and FIFOs (man 7 pipe, man 7 fifo). @module */
import { EAGAIN, EINVAL, ENXIO, EPIPE } from "../abi/errno.ts";
import { S_IFIFO } from "../abi/mode.ts";
import { O_ACCMODE, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from "../abi/open.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from "../abi/poll.ts";
import type { Statfs } from "../abi/stat.ts";
import { Inode, SuperBlock } from "./inode.ts";
import { OpenFile } from "./open_file.ts";
import { WaitQueue } from "./wait_queue.ts";

/** Bytes a pipe holds. */
export const PIPE_CAPACITY = 65536;
/** Writes up to this size are atomic. */
export const PIPE_BUF = 4096;

/** The buffer between the ends, shared by every open end. */
export class Pipe {
  /** Open reading ends. */
  readers = 0;
  /** Open writing ends. */
  writers = 0;
  /** Reading ends there ever were: lets a blocking open notice one that came and went. */
  readerOpens = 0;
  /** Writing ends there ever were. */
  writerOpens = 0;
  /** Where both ends wait. */
  readonly queue: WaitQueue = new WaitQueue();
  #data = new Uint8Array(0);
  #start = 0;
  #length = 0;

  /** Bytes inside. */
  get length(): number {
    return this.#length;
  }
  /** Bytes that still fit. */
  get room(): number {
    return PIPE_CAPACITY - this.#length;
  }

  /** Puts in as many bytes as fit; how many that was. */
  push(buf: Uint8Array, off: number, len: number): number {
    const n = Math.min(len, this.room);
    if (this.#length + n > this.#data.length) this.#grow(this.#length + n);
    const capacity = this.#data.length;
    const end = (this.#start + this.#length) % capacity;
    const first = Math.min(n, capacity - end);
    this.#data.set(buf.subarray(off, off + first), end);
    if (n > first) this.#data.set(buf.subarray(off + first, off + n), 0);
    this.#length += n;
    return n;
  }

  /** Takes out up to `len` bytes; how many that was. */
  take(buf: Uint8Array, off: number, len: number): number {
    const n = Math.min(len, this.#length);
    const first = Math.min(n, this.#data.length - this.#start);
    buf.set(this.#data.subarray(this.#start, this.#start + first), off);
    if (n > first) buf.set(this.#data.subarray(0, n - first), off + first);
    this.#start = this.#data.length === 0 ? 0 : (this.#start + n) % this.#data.length;
    this.#length -= n;
    return n;
  }

  #grow(needed: number): void {
    let size = Math.max(this.#data.length, 4096);
    while (size < needed) size *= 2;
    const data = new Uint8Array(size);
    const length = this.take(data, 0, this.#length);
    this.#data = data;
    this.#start = 0;
    this.#length = length;
  }
}

/** One open end of a pipe, or both (a FIFO opened O_RDWR). */
export class PipeFile extends OpenFile {
  readonly #opensSeen: number;

  /** An end of `pipe`; `flags` say which. */
  constructor(inode: Inode, readonly pipe: Pipe, flags: number) {
    super(inode, flags);
    this.#opensSeen = (flags & O_ACCMODE) === O_RDONLY ? pipe.writerOpens : pipe.readerOpens;
    if (this.readable) pipe.readers++, pipe.readerOpens++;
    if (this.writable) pipe.writers++, pipe.writerOpens++;
    pipe.queue.wake(POLLIN | POLLOUT);
  }

  /** True once the other end is (or has been) open: what a blocking open of a FIFO waits for. */
  peerReady(): boolean {
    const access = this.flags & O_ACCMODE;
    if (access === O_RDWR) return true;
    return access === O_RDONLY
      ? this.pipe.writers > 0 || this.pipe.writerOpens > this.#opensSeen
      : this.pipe.readers > 0 || this.pipe.readerOpens > this.#opensSeen;
  }

  /** See OpenFile. 0 when it is empty and nobody writes. */
  override read(buf: Uint8Array, off: number, len: number): number {
    const pipe = this.pipe;
    if (len === 0) return 0;
    if (pipe.length === 0) return pipe.writers === 0 ? 0 : -EAGAIN;
    const n = pipe.take(buf, off, len);
    pipe.queue.wake(POLLOUT);
    return n;
  }

  /** See OpenFile. Up to PIPE_BUF bytes go in as a whole or not at all. -EPIPE when nobody reads. */
  override write(buf: Uint8Array, off: number, len: number): number {
    const pipe = this.pipe;
    if (pipe.readers === 0) return -EPIPE;
    if (len === 0) return 0;
    if (pipe.room === 0 || (len <= PIPE_BUF && pipe.room < len)) return -EAGAIN;
    const n = pipe.push(buf, off, len);
    pipe.queue.wake(POLLIN);
    return n;
  }

  /** See OpenFile. */
  override poll(): number {
    const pipe = this.pipe;
    let events = 0;
    if (this.readable) {
      if (pipe.length > 0) events |= POLLIN;
      if (pipe.writers === 0 && pipe.writerOpens > 0) events |= POLLHUP;
    }
    if (this.writable) {
      if (pipe.room >= PIPE_BUF) events |= POLLOUT;
      if (pipe.readers === 0) events |= POLLERR;
    }
    return events;
  }

  /** See OpenFile. */
  override waitQueue(): WaitQueue {
    return this.pipe.queue;
  }
  /** See OpenFile. */
  override available(): number {
    return this.pipe.length;
  }

  /** See OpenFile. */
  protected override release(): number {
    if (this.readable) this.pipe.readers--;
    if (this.writable) this.pipe.writers--;
    this.pipe.queue.wake(POLLIN | POLLOUT | POLLHUP | POLLERR);
    return 0;
  }
}

/**
 * Opens a FIFO's inode. A blocking open of one end waits for the other: the caller does that with `peerReady` and the
 * wait queue. O_WRONLY | O_NONBLOCK without a reader is -ENXIO.
 */
export function openFifo(inode: Inode, flags: number): OpenFile | number {
  const access = flags & O_ACCMODE;
  if (access !== O_RDONLY && access !== O_WRONLY && access !== O_RDWR) return -EINVAL;
  const pipe = inode.pipe ??= new Pipe();
  if (access === O_WRONLY && (flags & O_NONBLOCK) !== 0 && pipe.readers === 0) return -ENXIO;
  return new PipeFile(inode, pipe, flags);
}

class PipeInode extends Inode {}

class PipeSuper extends SuperBlock {
  readonly type = "pipefs";
  readonly root: Inode = new PipeInode(this, 1, S_IFIFO | 0o600);
  #next = 2;
  statfs(out: Statfs): number {
    out.type = 0x50495045;
    return 0;
  }
  inode(): Inode {
    const inode = new PipeInode(this, this.#next++, S_IFIFO | 0o600);
    inode.setTimes(this.clock.now());
    return inode;
  }
}

const pipefs = new PipeSuper();

/** A pipe: its reading and its writing end (man 2 pipe). `flags`: O_NONBLOCK. */
export function makePipe(flags = 0): [PipeFile, PipeFile] {
  const inode = pipefs.inode();
  const pipe = new Pipe();
  inode.pipe = pipe;
  return [new PipeFile(inode, pipe, O_RDONLY | flags), new PipeFile(inode, pipe, O_WRONLY | flags)];
}
