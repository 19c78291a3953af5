/**
 * The host's stdin, stdout and stderr as a process's open files: streams even where they are terminals there (see terminal/).
 *
 * Output is written at once: stdout and stderr keep their order, nothing is lost when the process is killed, and memory does
 * not grow. A reader that does not keep up makes the writer wait, with the whole kernel: the foreground container is all there is in it.
 * Input from a file is read at once, too; from a pipe or terminal it is read ahead in the background, from the first read or poll on.
 * @module
 */
import { EAGAIN, EIO, EPIPE } from "../../../fs/abi/errno.ts";
import { S_IFIFO } from "../../../fs/abi/mode.ts";
import { O_RDONLY, O_WRONLY } from "../../../fs/abi/open.ts";
import { POLLHUP, POLLIN, POLLOUT } from "../../../fs/abi/poll.ts";
import type { Statfs } from "../../../fs/abi/stat.ts";
import { hostErrno } from "../../../fs/hostfs/host_errno.ts";
import { Inode, SuperBlock } from "../../../fs/vfs/inode.ts";
import { OpenFile } from "../../../fs/vfs/open_file.ts";
import { WaitQueue } from "../../../fs/vfs/wait_queue.ts";

/** Where bytes come from. */
export interface ByteSource {
  /** Reads at once; null at the end. Only where it never waits (files). */
  readSync?(into: Uint8Array): number | null;
  /** Reads what is there already; null at the end, undefined if a read may have to wait. */
  readNow?(into: Uint8Array): number | null | undefined;
  /** Reads when there is something; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** No process has it open any more. */
  dropped?(): void;
}

/** Where bytes go. */
export interface ByteSink {
  /** Writes some; throws Deno.errors.BrokenPipe, or WouldBlock when there is no room now. */
  writeSync(bytes: Uint8Array): number;
  /** No process has it open any more. */
  dropped?(): void;
}

class StreamSuper extends SuperBlock {
  readonly type = "hostio";
  readonly root: Inode = new StreamInode(this, 1);
  statfs(out: Statfs): number {
    out.type = 0x50495045;
    return 0;
  }
}

/** A stream has no place in the tree; its inode can be opened again through /proc/self/fd. */
class StreamInode extends Inode {
  stream: OpenFile | null = null;

  constructor(sb: SuperBlock, ino: number) {
    super(sb, ino, S_IFIFO | 0o600);
    this.setTimes(sb.clock.now());
  }
  override openStream(): OpenFile | undefined {
    return this.stream?.acquire();
  }
}

const hostio = new StreamSuper();
let nextIno = 2;

/** Bytes read ahead at most. */
const AHEAD = 64 * 1024;
/** How long to wait for room where the host cannot tell when there is some. */
const RETRY_MS = 1;

/** A stream of the host that is read. */
export class HostInput extends OpenFile {
  readonly #queue = new WaitQueue();
  #buffer: Uint8Array | null = null;
  #start = 0;
  #end = 0;
  #reading = false;
  #ended = false;
  #failed = false;

  /** Reads from `source`. */
  constructor(readonly source: ByteSource) {
    super(new StreamInode(hostio, nextIno++), O_RDONLY);
    (this.inode as StreamInode).stream = this;
  }

  /** See OpenFile. */
  override read(buf: Uint8Array, off: number, len: number): number {
    if (len === 0) return 0;
    if (this.source.readSync !== undefined) return this.#readNow(buf, off, len);
    if (this.#start < this.#end) {
      const n = Math.min(len, this.#end - this.#start);
      buf.set(this.#buffer!.subarray(this.#start, this.#start + n), off);
      this.#start += n;
      return n;
    }
    if (this.#ended) return this.#failed ? -EIO : 0;
    const now = this.#readReady(buf, off, len);
    if (now !== undefined) return now;
    this.#fill();
    return -EAGAIN;
  }

  #readReady(buf: Uint8Array, off: number, len: number): number | undefined {
    if (this.#reading || this.source.readNow === undefined || buf.buffer instanceof SharedArrayBuffer) {
      return undefined;
    }
    try {
      const n = this.source.readNow(buf.subarray(off, off + len));
      this.#ended = n === null;
      return n ?? (this.#ended ? 0 : undefined);
    } catch {
      this.#ended = this.#failed = true;
      return -EIO;
    }
  }

  #readNow(buf: Uint8Array, off: number, len: number): number {
    try {
      return this.source.readSync!(buf.subarray(off, off + len)) ?? 0;
    } catch {
      return -EIO;
    }
  }

  #fill(): void {
    if (this.#reading || this.#ended) return;
    this.#reading = true;
    const buffer = this.#buffer ??= new Uint8Array(AHEAD);
    this.source.read(buffer).then((n) => {
      this.#start = 0;
      this.#end = n ?? 0;
      this.#ended = n === null;
    }, () => {
      this.#ended = this.#failed = true;
    }).finally(() => {
      this.#reading = false;
      this.#queue.wake(POLLIN | POLLHUP);
    });
  }

  /** See OpenFile. */
  override poll(): number {
    if (this.source.readSync !== undefined || this.#start < this.#end) return POLLIN;
    if (this.#ended) return POLLIN | POLLHUP;
    this.#fill();
    return 0;
  }
  /** See OpenFile. */
  override waitQueue(): WaitQueue {
    return this.#queue;
  }
  /** See OpenFile. */
  override available(): number {
    return this.source.readSync !== undefined ? 1 : this.#end - this.#start;
  }
  protected override release(): number {
    this.source.dropped?.();
    return 0;
  }
}

/** A stream of the host that is written. */
export class HostOutput extends OpenFile {
  readonly #queue = new WaitQueue();
  #full = false;
  /** Called when a write finds that the reader has gone. The host's SIGPIPE: it ends an init, too, which ignores one of its own kernel. */
  onBroken: (() => void) | null = null;

  /** Writes to `sink`. */
  constructor(readonly sink: ByteSink) {
    super(new StreamInode(hostio, nextIno++), O_WRONLY);
    (this.inode as StreamInode).stream = this;
  }

  /** See OpenFile. */
  override write(buf: Uint8Array, off: number, len: number): number {
    let done = 0;
    try {
      while (done < len) done += this.sink.writeSync(buf.subarray(off + done, off + len));
      return done;
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) {
        this.#waitForRoom();
        return done > 0 ? done : -EAGAIN;
      }
      if (done > 0) return done;
      const errno = hostErrno(error);
      if (errno === -EPIPE) this.onBroken?.();
      return errno;
    }
  }

  #waitForRoom(): void {
    if (this.#full) return;
    this.#full = true;
    setTimeout(() => {
      this.#full = false;
      this.#queue.wake(POLLOUT);
    }, RETRY_MS);
  }

  /** See OpenFile. */
  override poll(): number {
    return this.#full ? 0 : POLLOUT;
  }
  /** See OpenFile. */
  override waitQueue(): WaitQueue {
    return this.#queue;
  }
  protected override release(): number {
    this.sink.dropped?.();
    return 0;
  }
}
