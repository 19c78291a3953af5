/**
 * The ends of TCP connections (man 7 tcp) without segments: the two ends know each other, what one sends is at once in the other's buffer,
 * and nothing is ever late. So there are no retransmissions, no TIME_WAIT, and of the states only those that last: a FIN is acknowledged
 * the moment it is sent.
 * @module
 */
import { EAGAIN, ECONNRESET, EINVAL, ENOTCONN, EOPNOTSUPP, EPIPE } from "../../../../fs/abi/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../../../../fs/abi/poll.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import {
  IPPROTO_TCP,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  SOCK_STREAM,
  TCP_STATE,
} from "../../../abi/linux/socket.ts";
import type { InetAddress } from "../address.ts";
import { ByteRing } from "../byte_ring.ts";
import type { Path } from "../delivery.ts";
import type { NetNamespace } from "../namespace.ts";
import type { PortTable } from "../ports.ts";
import {
  type Incoming,
  RCV_SHUTDOWN,
  SEND_SHUTDOWN,
  SHUTDOWN_MASK,
  shutdownBits,
  wantsAll,
} from "../socket_file.ts";
import { type InetFamily, InetSocket } from "./inet_socket.ts";

/** Defaults of the buffers (/proc/sys/net/ipv4/tcp_rmem, tcp_wmem). */
const RCVBUF = 131_072, SNDBUF = 16_384;
const { CLOSE, CLOSE_WAIT, ESTABLISHED, FIN_WAIT2, LISTEN, SYN_SENT } = TCP_STATE;
/** Every event a waiter may look for. */
export const EVERYTHING = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP;

/** What a TCP socket is while it has a connection. */
export abstract class TcpEndpoint extends InetSocket {
  /** See SocketFile. */
  override readonly type: number = SOCK_STREAM;
  /** See SocketFile. */
  override readonly protocol: number = IPPROTO_TCP;
  /** One of TCP_STATE. */
  state: number = CLOSE;
  /** Received and not read. */
  readonly rx: ByteRing;
  /** The other end; it stays known when that is closed. */
  peer: TcpEndpoint | null = null;
  /** The descriptor's side is gone. */
  isClosed = false;
  /** A FIN has come: what is received ends, whatever errors there are (SOCK_DONE). */
  protected finReceived = false;
  /** The way to the peer. */
  protected path: Path | null = null;

  /** A socket in `ns`. */
  constructor(ns: NetNamespace, family: InetFamily, inode: Inode, flags: number) {
    super(ns, family, inode, flags);
    this.options.rcvbuf = RCVBUF;
    this.options.sndbuf = SNDBUF;
    this.rx = new ByteRing(RCVBUF + SNDBUF, this.memory);
  }

  /** See InetSocket. */
  override get table(): PortTable {
    return this.ns.tcp;
  }

  /** What is on its way to an end fills its receive buffer and its peer's send buffer. */
  override buffersChanged(): void {
    const { peer } = this;
    if (peer === null) return;
    this.rx.capacity = this.options.rcvbuf + peer.options.sndbuf;
    peer.rx.capacity = peer.options.rcvbuf + this.options.sndbuf;
  }

  /** Makes two sockets the ends of a connection. */
  static join(client: TcpEndpoint, server: TcpEndpoint): void {
    client.peer = server;
    server.peer = client;
    server.path = client.path === null ? null : reverse(client.path);
    client.state = server.state = ESTABLISHED;
    client.buffersChanged();
    client.queue.wake(POLLOUT);
  }

  /** Ends the connection without a goodbye: the peer sees a reset, and so does who waits here. */
  abort(): void {
    this.resetPeer();
    if (this.state !== CLOSE) this.#done(ECONNRESET);
  }

  /** The peer sees a reset. */
  protected resetPeer(): void {
    const { peer } = this;
    this.peer = null;
    if (peer !== null && peer.peer === this) peer.#reset();
  }

  /** A RST has come (tcp_reset). */
  #reset(): void {
    if (this.state !== CLOSE) this.#done(this.state === CLOSE_WAIT ? EPIPE : ECONNRESET);
  }

  /** The connection is over (tcp_done). */
  #done(error: number): void {
    if (error !== 0) this.error = error;
    this.state = CLOSE;
    this.shut = SHUTDOWN_MASK;
    this.releasePort();
    this.queue.wake(EVERYTHING);
  }

  /** Gives back a port that was not asked for. */
  protected releasePort(): void {
    if (this.portAsked || this.port === 0) return;
    this.table.release(this, this.port);
    this.lastPort = this.port;
    this.port = 0;
    this.hostBinding?.close();
    this.hostBinding = null;
  }

  /** A FIN has come (tcp_fin). */
  #fin(): void {
    this.finReceived = true;
    this.shut |= RCV_SHUTDOWN;
    if (this.state === FIN_WAIT2) return this.#done(0);
    if (this.state === ESTABLISHED) this.state = CLOSE_WAIT;
    this.queue.wake(EVERYTHING);
  }

  /** Sends a FIN; what was sent before is with the peer already. */
  protected sendFin(): void {
    const peer = this.peer!;
    if (this.state === CLOSE_WAIT) this.#done(0);
    else if (this.state === ESTABLISHED) this.state = FIN_WAIT2;
    else return;
    if (!peer.isClosed) peer.#fin();
  }

  /** See SocketFile (tcp_recvmsg). */
  override recv(buf: Uint8Array, off: number, len: number, flags: number, more?: Incoming): number {
    if (this.state === LISTEN) return -ENOTCONN;
    if ((flags & MSG_OOB) !== 0) return -EINVAL;
    if (more !== undefined) more.from = null, more.flags = 0;
    const { rx } = this, there = rx.length;
    const wanted = wantsAll(this, flags) ? len : Math.min(this.options.rcvlowat, len, rx.capacity);
    if (there > 0 && (there >= wanted || this.#isOver)) {
      return this.#take(buf, off, len, flags);
    }
    if (this.finReceived) return 0;
    if (this.error !== 0) return -this.takeError();
    if ((this.shut & RCV_SHUTDOWN) !== 0) return 0;
    return this.state === CLOSE ? -ENOTCONN : -EAGAIN;
  }

  /** Nothing more will come. */
  get #isOver(): boolean {
    return this.finReceived || this.error !== 0 || (this.shut & RCV_SHUTDOWN) !== 0 || this.state === CLOSE;
  }

  #take(buf: Uint8Array, off: number, len: number, flags: number): number {
    const { rx, peer } = this, peek = (flags & MSG_PEEK) !== 0;
    let n = Math.min(len, rx.length);
    if ((flags & MSG_TRUNC) === 0) n = rx.take(buf, off, len, peek);
    else if (!peek) rx.skip(n); // nothing is copied (man 7 tcp)
    if (peer !== null && rx.room * 3 >= rx.capacity) peer.queue.wake(POLLOUT);
    return n;
  }

  /** See SocketFile (tcp_sendmsg). An address is ignored, as the connection has one. */
  override send(buf: Uint8Array, off: number, len: number, flags = 0): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    const { state } = this;
    if (state === SYN_SENT) return -EAGAIN;
    if (this.error !== 0 || (this.shut & SEND_SHUTDOWN) !== 0 || state === CLOSE || state === LISTEN) {
      return -(this.takeError() || EPIPE);
    }
    if (len === 0) return 0;
    const peer = this.peer!;
    if (peer.isClosed || (peer.shut === SHUTDOWN_MASK && peer.state === FIN_WAIT2)) {
      // Data for an end that will not read: it answers with a reset (RFC 1122, section 4.2.2.13).
      if (!peer.isClosed) peer.#reset();
      this.#reset();
      return len;
    }
    const n = peer.rx.push(buf, off, len);
    if (n === 0) return -EAGAIN;
    const { path } = this;
    if (path !== null) path.out.count(path.in, n);
    peer.queue.wake(POLLIN);
    return n;
  }

  /** shutdown(2) of a connection (inet_shutdown). */
  override shutdown(how: number): number {
    const bits = shutdownBits(how);
    if (bits < 0) return bits;
    const error = this.state === CLOSE ? -ENOTCONN : 0;
    this.shut |= bits;
    if (error === 0 && (bits & SEND_SHUTDOWN) !== 0) this.sendFin();
    this.queue.wake(EVERYTHING);
    return error;
  }

  /** See SocketFile: none while the connection is not there (any more). */
  override getpeername(): InetAddress | number {
    return this.state === CLOSE || this.state === SYN_SENT ? -ENOTCONN : super.getpeername();
  }

  /** See OpenFile (tcp_poll). */
  override poll(): number {
    const { state, shut } = this;
    let events = 0;
    if (shut === SHUTDOWN_MASK || state === CLOSE) events |= POLLHUP;
    if ((shut & RCV_SHUTDOWN) !== 0) events |= POLLIN | POLLRDHUP;
    if (state !== SYN_SENT) {
      const { length, capacity } = this.rx;
      if (length > 0 && length >= Math.min(this.options.rcvlowat, capacity)) events |= POLLIN;
      if ((shut & SEND_SHUTDOWN) !== 0 || this.#isWritable) events |= POLLOUT;
    }
    return this.error !== 0 ? events | POLLERR : events;
  }

  get #isWritable(): boolean {
    const { peer } = this;
    return peer === null || peer.isClosed || peer.rx.room * 3 >= peer.rx.capacity;
  }

  /** See OpenFile. */
  override available(): number {
    return this.state === LISTEN ? -EINVAL : this.rx.length;
  }

  /** See OpenFile. Unread data, or a linger of 0, makes the end a reset (RFC 2525, section 2.17). */
  protected override release(): number {
    this.isClosed = true;
    this.ns.sockets.delete(this);
    if (this.rx.length > 0 || this.options.linger === 0) this.resetPeer();
    else if (this.peer !== null) this.sendFin();
    this.state = CLOSE;
    this.rx.clear();
    this.unclaim();
    this.peer?.queue.wake(POLLOUT);
    this.queue.wake(EVERYTHING);
    return 0;
  }
}

function reverse(path: Path): Path | null {
  if (path.in === null || path.target === null) return null;
  return { source: path.source, out: path.in, in: path.out, target: path.out.namespace, uplink: null };
}
