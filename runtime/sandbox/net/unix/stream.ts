/** Unix stream sockets (man 7 unix, SOCK_STREAM). @module */
import { EAGAIN, EINVAL, EISCONN, EOPNOTSUPP, EPIPE } from "../../../../fs/abi/errno.ts";
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import { MSG_OOB, MSG_PEEK, SOCK_STREAM, TCP_STATE } from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import type { SocketAddress } from "../address.ts";
import { ByteRing } from "../byte_ring.ts";
import type { NetNamespace } from "../namespace.ts";
import { type Incoming, type Outgoing, RCV_SHUTDOWN, SEND_SHUTDOWN, wantsAll } from "../socket_file.ts";
import { BUFFER_DEFAULT } from "../socket_options.ts";
import { UnixConnection } from "./connection.ts";
import { type Ancillary, disembark, drop, embark, show } from "./rights.ts";

/** Something that goes along with the byte at a place of the stream. */
interface Mark {
  readonly at: number;
  readonly ancillary: Ancillary;
}

/** One end of a connected pair, a listener, or neither. */
export class UnixStream extends UnixConnection {
  /** See SocketFile. */
  override readonly type: number = SOCK_STREAM;
  readonly #rx: ByteRing = new ByteRing(BUFFER_DEFAULT, this.memory);
  /** Bytes received since the beginning. */
  #received = 0;
  readonly #marks: Mark[] = [];

  /** Two connected sockets on the inodes given. */
  static pair(ns: NetNamespace, a: Inode, b: Inode, flags: number): [UnixStream, UnixStream] {
    const one = new UnixStream(ns, a, flags), two = new UnixStream(ns, b, flags);
    one.join(two);
    return [one, two];
  }

  /** See UnixConnection. */
  protected override another(ns: NetNamespace, inode: Inode, flags: number): this {
    return new UnixStream(ns, inode, flags) as this;
  }
  /** See UnixConnection. */
  override get hasUnread(): boolean {
    return this.#rx.length > 0;
  }
  /** See UnixConnection. */
  protected override get isWritable(): boolean {
    const { peer } = this;
    return peer === null || peer.#rx.room * 4 >= peer.#rx.capacity;
  }
  /** See UnixConnection. */
  protected override dropUnread(): void {
    this.#rx.clear();
    for (const { ancillary } of this.#marks.splice(0)) drop(ancillary);
  }
  /** What is on its way counts against the sender's buffer. */
  override buffersChanged(): void {
    if (this.peer !== null) this.peer.#rx.capacity = this.options.sndbuf;
  }

  /** See SocketFile. Bytes that came with files are not read together with those before them. */
  override recv(buf: Uint8Array, off: number, len: number, flags: number, more?: Incoming): number {
    if (this.state !== TCP_STATE.ESTABLISHED) return -EINVAL;
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (more !== undefined) more.from = null, more.flags = 0;
    const rx = this.#rx, there = rx.length;
    const wanted = wantsAll(this, flags) ? len : 1;
    const over = (this.shut & RCV_SHUTDOWN) !== 0 || this.error !== 0;
    if (
      len === 0 || there === 0 || (there < wanted && !over && this.#marks.length === 0)
    ) {
      if (len === 0 && there > 0) return 0;
      if (there === 0 && this.error !== 0) return -this.takeError();
      if (there === 0 && (this.shut & RCV_SHUTDOWN) !== 0) return 0;
      return -EAGAIN;
    }
    return this.#take(buf, off, len, (flags & MSG_PEEK) !== 0, more);
  }

  #take(buf: Uint8Array, off: number, len: number, peek: boolean, more: Incoming | undefined): number {
    const rx = this.#rx, marks = this.#marks;
    let n = len;
    if (marks.length > 0) {
      const at = this.#received - rx.length;
      const own = marks[0]!.at <= at ? marks[0] : undefined;
      const next = marks[own === undefined ? 0 : 1];
      if (next !== undefined) n = Math.min(n, next.at - at);
      if (own !== undefined) {
        if (peek) show(own.ancillary, more, this.options.passCred);
        else {
          marks.shift();
          disembark(own.ancillary, more, this.options.passCred);
        }
      }
    }
    n = rx.take(buf, off, n, peek);
    const { peer } = this;
    if (!peek && peer !== null && rx.room * 4 >= rx.capacity) peer.queue.wake(POLLOUT);
    return n;
  }

  /** See SocketFile (unix_stream_sendmsg). */
  override send(
    buf: Uint8Array,
    off: number,
    len: number,
    flags = 0,
    to: SocketAddress | null = null,
    _caller: Task | null = null,
    more?: Outgoing,
  ): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (to !== null) return this.state === TCP_STATE.ESTABLISHED ? -EISCONN : -EOPNOTSUPP;
    const { peer } = this;
    if (peer === null) {
      const error = this.sendError();
      return error < 0 ? error : -EPIPE;
    }
    if ((this.shut & SEND_SHUTDOWN) !== 0 || (peer.shut & RCV_SHUTDOWN) !== 0) return -EPIPE;
    if (len === 0) return 0;
    if (peer.#rx.room === 0) return -EAGAIN;
    const withCred = more?.credentials !== undefined && (peer.options.passCred || this.options.passCred);
    if (more !== undefined && ((more.rights?.length ?? 0) > 0 || withCred)) {
      const ancillary = embark(more, this.owner.uid);
      if (typeof ancillary === "number") return ancillary;
      peer.#marks.push({ at: peer.#received, ancillary });
    }
    const n = peer.#rx.push(buf, off, len);
    peer.#received += n;
    peer.queue.wake(POLLIN);
    return n;
  }

  /** See OpenFile. */
  override available(): number {
    return this.isListening ? -EINVAL : this.#rx.length;
  }
}
