/** Unix datagram sockets (man 7 unix, SOCK_DGRAM): reliable, in order. @module */
import {
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
} from "../../../../fs/abi/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../../../../fs/abi/poll.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import type { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import { AF_UNSPEC, MSG_OOB, SOCK_DGRAM } from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import { isUnix, type SocketAddress } from "../address.ts";
import { MessageQueue } from "../message_queue.ts";
import type { NetNamespace } from "../namespace.ts";
import {
  type Incoming,
  type Outgoing,
  RCV_SHUTDOWN,
  SEND_SHUTDOWN,
  SHUTDOWN_MASK,
  waits,
} from "../socket_file.ts";
import { autobind, checkName, findSocket } from "./names.ts";
import { takeMessage, type UnixMessage } from "./messages.ts";
import { drop, embark } from "./rights.ts";
import { EVERYTHING, UnixSocket } from "./unix_socket.ts";

/** Most messages that wait at a receiver (/proc/sys/net/unix/max_dgram_qlen). */
const QUEUE_MAX = 10;

/** See the module's comment. */
export class UnixDgram extends UnixSocket {
  /** See SocketFile. */
  override readonly type: number = SOCK_DGRAM;
  #peer: UnixDgram | null = null;
  /** Sockets whose peer this one is. */
  readonly #connected: Set<UnixDgram> = new Set();
  readonly #rx: MessageQueue<UnixMessage> = new MessageQueue(this.memory);
  /** Senders that found it full, woken when it has room. */
  readonly #senders: Set<WaitQueue> = new Set();
  #closed = false;

  /** Two connected sockets on the inodes given. */
  static pair(ns: NetNamespace, a: Inode, b: Inode, flags: number): [UnixDgram, UnixDgram] {
    const one = new UnixDgram(ns, a, flags), two = new UnixDgram(ns, b, flags);
    one.#setPeer(two);
    two.#setPeer(one);
    one.peerOwner = two.owner;
    two.peerOwner = one.owner;
    return [one, two];
  }

  /** See UnixSocket. */
  override get partner(): UnixSocket | null {
    return this.#peer;
  }
  /** See UnixSocket. */
  protected override get sharesShutdown(): boolean {
    return false;
  }

  #setPeer(peer: UnixDgram | null): void {
    if (this.#peer !== null) this.#peer.#connected.delete(this);
    this.#peer = peer;
    if (peer !== null) peer.#connected.add(this);
  }

  /** connect(2): where send goes; AF_UNSPEC forgets it. -EPERM when the other is connected to somebody else. */
  override connect(caller: Task | null, address: SocketAddress): number {
    if (address.family === AF_UNSPEC) {
      this.#leavePeer(null);
      return 0;
    }
    const found = this.#find(caller, address);
    if (typeof found === "number") return found;
    if (this.options.passCred && this.name === "") this.name = autobind(this.ns, this);
    if (found.#peer !== null && found.#peer !== this) return -EPERM;
    this.#leavePeer(found);
    return 0;
  }

  /** Another peer, or none: what the old one sent is lost, and if it was connected to us it learns of that. */
  #leavePeer(next: UnixDgram | null): void {
    const old = this.#peer;
    this.#setPeer(next);
    if (old === null || old === next || this.#rx.length === 0) return;
    this.#rx.clear((message) => drop(message.extra.ancillary));
    this.#wakeSenders();
    if (old.#closed || old.#peer !== this) return;
    old.error = ECONNRESET;
    old.queue.wake(EVERYTHING);
  }

  #find(caller: Task | null, address: SocketAddress): UnixDgram | number {
    if (!isUnix(address) || address.path === "") return -EINVAL;
    const error = checkName(address.path);
    if (error < 0) return error;
    return findSocket(caller, this.ns, address.path, SOCK_DGRAM) as UnixDgram | number;
  }

  /** See SocketFile (unix_dgram_sendmsg). */
  override send(
    buf: Uint8Array,
    off: number,
    len: number,
    flags = 0,
    to: SocketAddress | null = null,
    caller: Task | null = null,
    more?: Outgoing,
  ): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (this.error !== 0) return -this.takeError();
    if ((this.shut & SEND_SHUTDOWN) !== 0) return -EPIPE;
    const named = to === null ? this.#peer : this.#find(caller, to);
    if (typeof named === "number") return named;
    if (named === null) return -ENOTCONN;
    if (len > this.options.sndbuf - 32) return -EMSGSIZE;
    if (named.#closed) {
      if (to === null) this.#setPeer(null);
      return -ECONNREFUSED;
    }
    if (named.#peer !== null && named.#peer !== this) return -EPERM;
    if ((named.shut & RCV_SHUTDOWN) !== 0) return -EPIPE;
    if (named.#rx.length > QUEUE_MAX || named.#rx.cost >= this.options.sndbuf) {
      named.#senders.add(this.queue);
      return -EAGAIN;
    }
    const ancillary = embark(more, this.owner.uid);
    if (typeof ancillary === "number") return ancillary;
    if (!named.#rx.push(buf.slice(off, off + len), { from: this.name, ancillary }, Infinity)) {
      drop(ancillary);
      return -ENOBUFS;
    }
    named.queue.wake(POLLIN);
    return len;
  }

  /** See SocketFile. */
  override recv(buf: Uint8Array, off: number, len: number, flags: number, more?: Incoming): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (this.error !== 0) return -this.takeError(); // before what has been received (__skb_try_recv_datagram)
    if (this.#rx.length === 0) {
      if (more !== undefined) more.from = null, more.flags = 0;
      // A receiver that waits sees the end; one that does not, nothing (__skb_wait_for_more_packets).
      return (this.shut & RCV_SHUTDOWN) !== 0 && waits(this, flags) ? 0 : -EAGAIN;
    }
    const n = takeMessage(this.#rx, buf, off, len, flags, this.options.passCred, more);
    this.#wakeSenders();
    return n;
  }

  #wakeSenders(): void {
    for (const queue of this.#senders) queue.wake(POLLOUT);
    this.#senders.clear();
  }

  /** See OpenFile (unix_dgram_poll). */
  override poll(): number {
    let events = 0;
    if (this.error !== 0) events |= POLLERR;
    if ((this.shut & RCV_SHUTDOWN) !== 0) events |= POLLIN | POLLRDHUP;
    if (this.shut === SHUTDOWN_MASK) events |= POLLHUP;
    if (this.#rx.length > 0) events |= POLLIN;
    const peer = this.#peer;
    if (peer === null || peer.#peer === this || peer.#rx.length <= QUEUE_MAX) events |= POLLOUT;
    else peer.#senders.add(this.queue);
    return events;
  }

  /** See OpenFile. */
  override available(): number {
    return this.#rx.first?.data.length ?? 0;
  }

  /** See OpenFile: who was connected to it learns of the end. */
  protected override release(): number {
    this.#closed = true;
    this.#setPeer(null);
    for (const other of this.#connected) other.queue.wake(EVERYTHING);
    this.#rx.clear((message) => drop(message.extra.ancillary));
    this.#wakeSenders();
    return super.release();
  }
}
