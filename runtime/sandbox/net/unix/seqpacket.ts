/** Unix sockets with connections and messages (man 7 unix, SOCK_SEQPACKET). @module */
import { EAGAIN, EINVAL, EMSGSIZE, ENOBUFS, ENOTCONN, EOPNOTSUPP, EPIPE } from "../../../../fs/abi/errno.ts";
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import { MSG_EOR, MSG_OOB, SOCK_SEQPACKET, TCP_STATE } from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import type { SocketAddress } from "../address.ts";
import { MessageQueue } from "../message_queue.ts";
import type { NetNamespace } from "../namespace.ts";
import { type Incoming, type Outgoing, RCV_SHUTDOWN, SEND_SHUTDOWN } from "../socket_file.ts";
import { UnixConnection } from "./connection.ts";
import { takeMessage, type UnixMessage } from "./messages.ts";
import { drop, embark } from "./rights.ts";

/** See the module's comment. */
export class UnixSeqpacket extends UnixConnection {
  /** See SocketFile. */
  override readonly type: number = SOCK_SEQPACKET;
  readonly #rx: MessageQueue<UnixMessage> = new MessageQueue(this.memory);

  /** Two connected sockets on the inodes given. */
  static pair(ns: NetNamespace, a: Inode, b: Inode, flags: number): [UnixSeqpacket, UnixSeqpacket] {
    const one = new UnixSeqpacket(ns, a, flags), two = new UnixSeqpacket(ns, b, flags);
    one.join(two);
    return [one, two];
  }

  /** See UnixConnection. */
  protected override another(ns: NetNamespace, inode: Inode, flags: number): this {
    return new UnixSeqpacket(ns, inode, flags) as this;
  }
  /** See UnixConnection. */
  override get hasUnread(): boolean {
    return this.#rx.length > 0;
  }
  /** See UnixConnection. */
  protected override get isWritable(): boolean {
    return this.peer === null || this.peer.#rx.cost * 4 <= this.options.sndbuf;
  }
  /** See UnixConnection. */
  protected override dropUnread(): void {
    this.#rx.clear((message) => drop(message.extra.ancillary));
  }

  /** See SocketFile. */
  override recv(buf: Uint8Array, off: number, len: number, flags: number, more?: Incoming): number {
    if (this.state !== TCP_STATE.ESTABLISHED) return -ENOTCONN;
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (this.error !== 0) return -this.takeError(); // before what has been received (__skb_try_recv_datagram)
    if (this.#rx.length === 0) {
      if (more !== undefined) more.from = null, more.flags = 0;
      return (this.shut & RCV_SHUTDOWN) !== 0 ? 0 : -EAGAIN;
    }
    const n = takeMessage(this.#rx, buf, off, len, flags, this.options.passCred, more);
    if (more !== undefined) more.from = null, more.flags |= MSG_EOR;
    this.peer?.queue.wake(POLLOUT);
    return n;
  }

  /** See SocketFile. */
  override send(
    buf: Uint8Array,
    off: number,
    len: number,
    flags = 0,
    _to: SocketAddress | null = null,
    _caller: Task | null = null,
    more?: Outgoing,
  ): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (this.error !== 0) return -this.takeError();
    const error = this.sendError();
    if (error < 0) return error;
    const { peer } = this;
    if (len > this.options.sndbuf - 32) return -EMSGSIZE;
    if (peer === null || (this.shut & SEND_SHUTDOWN) !== 0 || (peer.shut & RCV_SHUTDOWN) !== 0) return -EPIPE;
    if (peer.#rx.cost >= this.options.sndbuf) return -EAGAIN;
    const ancillary = embark(more, this.owner.uid);
    if (typeof ancillary === "number") return ancillary;
    if (!peer.#rx.push(buf.slice(off, off + len), { from: "", ancillary }, Infinity)) {
      drop(ancillary);
      return -ENOBUFS;
    }
    peer.queue.wake(POLLIN);
    return len;
  }

  /** See OpenFile. */
  override available(): number {
    return this.isListening ? -EINVAL : this.#rx.first?.data.length ?? 0;
  }
}
