/** Unix sockets with connections: what SOCK_STREAM and SOCK_SEQPACKET have in common. @module */
import { EAGAIN, ECONNREFUSED, ECONNRESET, EINVAL, EISCONN, ENOTCONN } from "../../../../fs/abi/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../../../../fs/abi/poll.ts";
import { O_RDWR } from "../../../../fs/abi/open.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import { TCP_STATE } from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import { isUnix, type SocketAddress } from "../address.ts";
import type { NetNamespace } from "../namespace.ts";
import { RCV_SHUTDOWN, SHUTDOWN_MASK, waits } from "../socket_file.ts";
import { socketInode } from "../sockfs.ts";
import { autobind, checkName, findSocket } from "./names.ts";
import { EVERYTHING, ownerOf, UnixSocket } from "./unix_socket.ts";

const { CLOSE, ESTABLISHED, LISTEN } = TCP_STATE;

/** A listener, one end of a connection, or neither. */
export abstract class UnixConnection extends UnixSocket {
  /** CLOSE, LISTEN or ESTABLISHED of TCP_STATE. */
  state: number = CLOSE;
  /** The other end; null once it is closed. */
  peer: this | null = null;
  /** The other end, also when it is closed: its name is still told. */
  #partner: this | null = null;
  /** Most connections in `waiting`, less one. */
  backlog = 0;
  /** Connections that nobody has accepted. */
  readonly waiting: this[] = [];

  /** A new socket of the same kind. */
  protected abstract another(ns: NetNamespace, inode: Inode, flags: number): this;
  /** Something has been received and not read. */
  abstract get hasUnread(): boolean;
  /** There is room for more from this end at the other. */
  protected abstract get isWritable(): boolean;
  /** Forgets what was received. */
  protected abstract dropUnread(): void;

  /** See UnixSocket. */
  override get partner(): UnixSocket | null {
    return this.#partner;
  }
  /** See UnixSocket. */
  protected override get sharesShutdown(): boolean {
    return true;
  }
  /** See SocketFile. */
  override get isListening(): boolean {
    return this.state === LISTEN;
  }

  /** Makes two sockets the ends of a connection. */
  join(other: this): void {
    this.peer = this.#partner = other;
    other.peer = other.#partner = this;
    this.state = other.state = ESTABLISHED;
    this.peerOwner = other.owner;
    other.peerOwner = this.owner;
    this.buffersChanged();
    other.buffersChanged();
  }

  /** listen(2). -EINVAL without a name (unix_listen). */
  override listen(backlog: number): number {
    if (this.name === "") return -EINVAL;
    if (this.state !== CLOSE && this.state !== LISTEN) return -EINVAL;
    const old = this.backlog;
    this.backlog = Math.min(backlog >>> 0, this.ns.sysctls.somaxconn);
    if (this.state === LISTEN && this.backlog > old) this.queue.wake(POLLOUT);
    this.state = LISTEN;
    return 0;
  }

  /** See SocketFile. */
  override accept(flags: number): this | number {
    if (this.state !== LISTEN) return -EINVAL;
    const child = this.waiting.shift();
    // One that waits sees the end; one that does not, nothing (skb_recv_datagram).
    if (child === undefined) return (this.shut & RCV_SHUTDOWN) !== 0 && waits(this, 0) ? -EINVAL : -EAGAIN;
    child.flags = O_RDWR | flags;
    this.queue.wake(POLLOUT); // there is room for another
    return child;
  }

  /** Where connects to this socket's listener wait for room in its queue (-EAGAIN). */
  connectsTo: UnixConnection | null = null;

  /** connect(2), in the order of unix_stream_connect. -EAGAIN: wait for POLLOUT on the queue of `connectsTo`, and try again. */
  override connect(caller: Task | null, address: SocketAddress): number {
    if (!isUnix(address)) return -EINVAL;
    const error = address.path === "" ? -EINVAL : checkName(address.path);
    if (error < 0) return error;
    if (this.options.passCred && this.name === "") this.name = autobind(this.ns, this);
    const found = findSocket(caller, this.ns, address.path, this.type);
    if (typeof found === "number") return found;
    const listener = found as this;
    if (listener.state !== LISTEN || (listener.shut & RCV_SHUTDOWN) !== 0) return -ECONNREFUSED;
    if (listener.waiting.length > listener.backlog) {
      this.connectsTo = listener;
      return -EAGAIN;
    }
    if (this.state !== CLOSE) return this.state === ESTABLISHED ? -EISCONN : -EINVAL;
    this.connectsTo = null;
    this.owner = ownerOf(caller);
    const child = this.another(listener.ns, socketInode(listener.inode.uid, listener.inode.gid), 0);
    child.memory.payer = listener.memory.payer;
    child.name = listener.name;
    child.owner = listener.owner;
    child.options.passCred = listener.options.passCred;
    this.join(child);
    listener.waiting.push(child);
    listener.queue.wake(POLLIN);
    return 0;
  }

  /** Nothing can be sent (yet): 0 when it can. */
  protected sendError(): number {
    return this.state === ESTABLISHED ? 0 : -ENOTCONN;
  }

  /** See OpenFile (unix_poll). */
  override poll(): number {
    const { shut } = this;
    let events = 0;
    if (this.error !== 0) events |= POLLERR;
    if (shut === SHUTDOWN_MASK) events |= POLLHUP;
    if ((shut & RCV_SHUTDOWN) !== 0) events |= POLLIN | POLLRDHUP;
    if (this.state === LISTEN ? this.waiting.length > 0 : this.hasUnread) events |= POLLIN;
    if (this.state === CLOSE) events |= POLLHUP;
    if (this.state !== LISTEN && this.isWritable) events |= POLLOUT;
    return events;
  }

  /** See OpenFile (unix_release_sock): unread data resets the other end. */
  protected override release(): number {
    const { peer } = this;
    const unread = this.hasUnread;
    this.peer = null;
    if (peer !== null) {
      peer.peer = null;
      peer.shut = SHUTDOWN_MASK;
      if (unread) peer.error = ECONNRESET;
      peer.queue.wake(EVERYTHING);
    }
    for (const child of this.waiting.splice(0)) {
      if (child.peer !== null) child.peer.error = ECONNRESET; // it was never accepted
      child.close();
    }
    this.dropUnread();
    this.state = CLOSE;
    this.shut = SHUTDOWN_MASK;
    this.queue.wake(EVERYTHING);
    return super.release();
  }
}
