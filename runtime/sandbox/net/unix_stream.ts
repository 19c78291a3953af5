/** Connected pairs of stream sockets (man 2 socketpair, AF_UNIX SOCK_STREAM). @module */
import { EAGAIN, EINVAL, EPIPE } from "../../../fs/abi/errno.ts";
import { POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../../../fs/abi/poll.ts";
import type { Inode } from "../../../fs/vfs/inode.ts";
import { WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import { ByteRing } from "./byte_ring.ts";
import { MSG_PEEK, MSG_WAITALL, SHUT_RD, SHUT_RDWR, SHUT_WR, SocketFile } from "./socket_file.ts";

/** Bytes under way in one direction: as Linux's default wmem for unix sockets, rounded. */
const CAPACITY = 212_992;

/** One end of a connected pair. */
export class UnixStream extends SocketFile {
  readonly #incoming = new ByteRing(CAPACITY);
  readonly #queue = new WaitQueue();
  #peer: UnixStream | null = null;
  /** No more data will be received: we shut it down, or the peer did its sending side. */
  #ended = false;
  #sendingEnded = false;

  /** Two connected sockets on the inodes given. */
  static pair(a: Inode, b: Inode, flags: number): [UnixStream, UnixStream] {
    const one = new UnixStream(a, flags), two = new UnixStream(b, flags);
    one.#peer = two;
    two.#peer = one;
    return [one, two];
  }

  /** See SocketFile. MSG_WAITALL waits until `len` bytes are there or the stream ends. */
  override recv(buf: Uint8Array, off: number, len: number, flags: number): number {
    const there = this.#incoming.length;
    if (there === 0 || ((flags & MSG_WAITALL) !== 0 && there < Math.min(len, CAPACITY))) {
      if (!this.#ended) return -EAGAIN;
    }
    const n = this.#incoming.take(buf, off, len, (flags & MSG_PEEK) !== 0);
    if (n > 0) this.#wakePeer();
    return n;
  }

  /** See SocketFile. */
  override send(buf: Uint8Array, off: number, len: number): number {
    const peer = this.#peer;
    if (this.#sendingEnded || peer === null || peer.#ended) return -EPIPE;
    if (len === 0) return 0;
    const n = peer.#incoming.push(buf, off, len);
    if (n === 0) return -EAGAIN;
    peer.#queue.wake(POLLIN);
    return n;
  }

  /** See SocketFile. */
  override shutdown(how: number): number {
    if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) return -EINVAL;
    if (how !== SHUT_WR) this.#end();
    if (how !== SHUT_RD) {
      this.#sendingEnded = true;
      if (this.#peer !== null) this.#peer.#end();
    }
    return 0;
  }

  #end(): void {
    this.#ended = true;
    this.#queue.wake(POLLIN | POLLRDHUP);
    this.#wakePeer();
  }

  /** See OpenFile. */
  override poll(): number {
    const peer = this.#peer;
    let events = 0;
    if (this.#incoming.length > 0 || this.#ended) events |= POLLIN;
    if (this.#ended) events |= POLLRDHUP;
    if (peer === null || this.#sendingEnded || peer.#ended || peer.#incoming.room > 0) events |= POLLOUT;
    if (peer === null || (this.#ended && this.#sendingEnded)) events |= POLLHUP;
    return events;
  }
  /** See OpenFile. */
  override waitQueue(): WaitQueue {
    return this.#queue;
  }
  /** See OpenFile. */
  override available(): number {
    return this.#incoming.length;
  }

  /** See OpenFile. */
  protected override release(): number {
    const peer = this.#peer;
    this.#peer = null;
    if (peer !== null) {
      peer.#peer = null;
      peer.#ended = true;
      peer.#queue.wake(POLLIN | POLLOUT | POLLHUP);
    }
    return 0;
  }

  #wakePeer(): void {
    if (this.#peer !== null) this.#peer.#queue.wake(POLLOUT);
  }
}
