/** UDP sockets (man 7 udp). A datagram is in the receiver's queue when send returns, or it is gone. @module */
import {
  EACCES,
  EADDRINUSE,
  EAFNOSUPPORT,
  EAGAIN,
  ECONNREFUSED,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
} from "../../../../fs/abi/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../../../../fs/abi/poll.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IPPROTO_UDP,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  SOCK_DGRAM,
} from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import { type InetAddress, inetAddress, type SocketAddress } from "../address.ts";
import { type Path, pathTo } from "../delivery.ts";
import { type Ip, isBroadcast, mapped, sameIp } from "../ip.ts";
import type { PortTable } from "../ports.ts";
import {
  type Incoming,
  RCV_SHUTDOWN,
  SEND_SHUTDOWN,
  SHUTDOWN_MASK,
  shutdownBits,
  waits,
} from "../socket_file.ts";
import { MessageQueue } from "../message_queue.ts";
import { InetSocket } from "./inet_socket.ts";
import { bindDatagrams, HostFlow } from "./udp_host.ts";
import { findReceiver } from "./udp_receivers.ts";

/** Largest payload: a 16-bit length with the header in it, and for IPv4 the IP header too. */
const MAX4 = 65_507, MAX6 = 65_527;
const EVERYTHING = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP;

/** A UDP socket. */
export class UdpSocket extends InetSocket {
  /** See SocketFile. */
  override readonly type: number = SOCK_DGRAM;
  /** See SocketFile. */
  override readonly protocol: number = IPPROTO_UDP;
  /** Received and not read. */
  readonly rx: MessageQueue<InetAddress> = new MessageQueue(this.memory);
  #flow: HostFlow | null = null;

  /** See InetSocket. */
  override get table(): PortTable {
    return this.ns.udp;
  }
  /** See InetSocket. */
  protected override bindHost(ip: Ip | null, port: number): number {
    const bound = bindDatagrams(this, ip, port);
    if (typeof bound === "number") return bound;
    this.#flow = bound;
    this.hostBinding = bound;
    return bound.local.port;
  }

  /** connect(2): the peer that send goes to, and the only one that is heard. AF_UNSPEC forgets it. */
  override connect(_caller: Task | null, address: SocketAddress): number {
    if (address.family === AF_UNSPEC) {
      this.local = this.remote = null;
      this.remotePort = 0;
      if (!this.portAsked) {
        const { bound } = this;
        this.unclaim();
        this.bound = bound; // an address that was asked for stays, without the port (SOCK_BINDADDR_LOCK)
      }
      return 0;
    }
    const to = this.destination(address);
    if (typeof to === "number") return to;
    if (isBroadcast(to.ip) && !this.options.broadcast) return -EACCES;
    const path = pathTo(this.ns, to.ip);
    if (typeof path === "number") return path;
    const error = this.#autobind();
    if (error < 0) return error;
    this.local = this.bound ?? path.source;
    this.remote = to.ip;
    this.remotePort = to.port;
    return 0;
  }

  /** A port for a socket that has none (inet_autobind): -EAGAIN when all are taken. */
  #autobind(): number {
    if (this.port !== 0) return 0;
    const error = this.claim(0);
    return error === -EADDRINUSE ? -EAGAIN : error;
  }

  /** The address to send to: the one given, or the peer's. */
  #target(to: SocketAddress | null): { ip: Ip; port: number } | number {
    if (to === null) {
      return this.remote === null ? -EDESTADDRREQ : { ip: this.remote, port: this.remotePort };
    }
    // An IPv6 socket takes IPv4 addresses in their own form, too (udpv6_sendmsg).
    const given = this.family === AF_INET6 && to.family === AF_INET && "ip" in to
      ? inetAddress(AF_INET6, mapped(to.ip), to.port)
      : to;
    if (this.family === AF_INET && to.family === AF_UNSPEC) return -EAFNOSUPPORT;
    const target = this.destination(given);
    return typeof target !== "number" && target.port === 0 ? -EINVAL : target;
  }

  /** See SocketFile. */
  override send(
    buf: Uint8Array,
    off: number,
    len: number,
    flags = 0,
    to: SocketAddress | null = null,
  ): number {
    const unbound = this.#autobind();
    if (unbound < 0) return unbound;
    if (len > (this.family === AF_INET ? MAX4 : MAX6)) return -EMSGSIZE;
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    const target = this.#target(to);
    if (typeof target === "number") return target;
    if (this.error !== 0) return -this.takeError();
    if ((this.shut & SEND_SHUTDOWN) !== 0) return -EPIPE;
    if (isBroadcast(target.ip) && !this.options.broadcast) return -EACCES;
    const path = pathTo(this.ns, target.ip);
    if (typeof path === "number") return path;
    const source = this.local ?? this.bound ?? path.source;
    return this.#deliver(path, target, source, buf.slice(off, off + len));
  }

  #deliver(path: Path, to: { ip: Ip; port: number }, source: Ip, data: Uint8Array): number {
    path.out.count(path.in, data.length);
    if (this.ns.answers !== null && this.ns.answers(source, this.port, to, data)) return data.length;
    const receiver = path.target === null ? undefined : findReceiver(path.target, to, source, this.port);
    if (receiver !== undefined) {
      receiver.arrive(data, inetAddress(source.length === 4 ? AF_INET : AF_INET6, source, this.port));
      return data.length;
    }
    const uplink = path.uplink ?? (path.target === this.ns ? this.ns.hostUplink() : null);
    if (uplink === null) {
      // ICMP's "port unreachable" is for whoever would hear an answer, if that is connected (__udp4_lib_err).
      const hearer = findReceiver(this.ns, { ip: source, port: this.port }, to.ip, to.port);
      if (hearer !== undefined && hearer.remote !== null) hearer.#refused();
      return data.length;
    }
    const address = inetAddress(to.ip.length === 4 ? AF_INET : AF_INET6, to.ip, to.port);
    if (!this.#flow?.knows(address) && !uplink.allows("udp", address)) return -EPERM;
    if (this.#flow === null || this.#flow.isClosed) {
      const flow = HostFlow.open(this, uplink, to.ip);
      if (typeof flow === "number") return flow;
      this.#flow = flow;
    }
    return this.#flow.send(data, address);
  }

  #refused(): void {
    this.error = ECONNREFUSED;
    this.queue.wake(POLLERR | POLLIN | POLLOUT);
  }

  /** A datagram for this socket; lost when the receive buffer is full. */
  arrive(data: Uint8Array, from: InetAddress): void {
    if ((this.shut & RCV_SHUTDOWN) !== 0 && this.shut === SHUTDOWN_MASK) return;
    if (this.remote !== null && (from.port !== this.remotePort || !sameIp(from.ip, this.remote))) return;
    if (!this.rx.push(data, from, this.options.rcvbuf)) return;
    this.queue.wake(POLLIN);
  }

  /** See SocketFile. What does not fit is lost, and MSG_TRUNC says so. */
  override recv(buf: Uint8Array, off: number, len: number, flags: number, more?: Incoming): number {
    if (more !== undefined) more.from = null, more.flags = 0;
    if (this.error !== 0) return -this.takeError(); // before what has been received (__skb_try_recv_datagram)
    const message = this.rx.first;
    if (message === undefined) {
      // A receiver that waits sees the end; one that does not, nothing (__skb_wait_for_more_packets).
      return (this.shut & RCV_SHUTDOWN) !== 0 && waits(this, flags) ? 0 : -EAGAIN;
    }
    if ((flags & MSG_PEEK) === 0) this.rx.shift();
    const { data, extra } = message;
    const n = Math.min(len, data.length);
    buf.set(n === data.length ? data : data.subarray(0, n), off);
    if (more !== undefined) {
      more.from = inetAddress(this.family, extra.ip, extra.port);
      if (n < data.length) more.flags |= MSG_TRUNC;
    }
    return (flags & MSG_TRUNC) !== 0 ? data.length : n;
  }

  /** See SocketFile. */
  override shutdown(how: number): number {
    const bits = shutdownBits(how);
    if (bits < 0) return bits;
    this.shut |= bits;
    this.queue.wake(EVERYTHING);
    return this.remote === null ? -ENOTCONN : 0;
  }

  /** See OpenFile (datagram_poll). */
  override poll(): number {
    let events = POLLOUT;
    if (this.rx.first !== undefined) events |= POLLIN;
    if ((this.shut & RCV_SHUTDOWN) !== 0) events |= POLLIN | POLLRDHUP;
    if (this.shut === SHUTDOWN_MASK) events |= POLLHUP;
    return this.error !== 0 ? events | POLLERR : events;
  }
  /** See OpenFile: the length of the first datagram. */
  override available(): number {
    return this.rx.first?.data.length ?? 0;
  }

  /** See OpenFile. */
  protected override release(): number {
    this.ns.sockets.delete(this);
    this.#flow?.close();
    this.unclaim();
    this.rx.clear();
    this.queue.wake(EVERYTHING);
    return 0;
  }
}
