/** TCP sockets: how connections come to be (man 7 tcp). What they are then: tcp_endpoint.ts. @module */
import {
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAGAIN,
  EALREADY,
  ECONNABORTED,
  ECONNREFUSED,
  ECONNRESET,
  EINPROGRESS,
  EINVAL,
  EISCONN,
  ENETUNREACH,
  ENOTCONN,
  EPERM,
  ETIMEDOUT,
} from "../../../../fs/abi/errno.ts";
import { O_RDWR } from "../../../../fs/abi/open.ts";
import { POLLIN } from "../../../../fs/abi/poll.ts";
import { AF_INET, AF_INET6, AF_UNSPEC, TCP_STATE } from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import { type InetAddress, inetAddress, type SocketAddress } from "../address.ts";
import { type Path, pathTo } from "../delivery.ts";
import { type Ip, sameIp } from "../ip.ts";
import type { NetNamespace } from "../namespace.ts";
import { RCV_SHUTDOWN, SEND_SHUTDOWN, SHUTDOWN_MASK, shutdownBits } from "../socket_file.ts";
import { socketInode } from "../sockfs.ts";
import type { InetFamily } from "./inet_socket.ts";
import { EVERYTHING, TcpEndpoint } from "./tcp_endpoint.ts";
import { dial, listenOnHost } from "./tcp_host.ts";
import { findListener } from "./tcp_listeners.ts";

/** How long a connection to a listener whose queue stays full is tried: six repeated SYNs (man 7 tcp, tcp_syn_retries). */
const SYN_TIMEOUT_MS = 127_000;
const { CLOSE, LISTEN, SYN_SENT } = TCP_STATE;

interface Destination {
  readonly ip: Ip;
  readonly port: number;
}

/** One TCP socket: a listener, one end of a connection, or neither. */
export class TcpSocket extends TcpEndpoint {
  /** Linux's sock->state. */
  #phase: "unconnected" | "connecting" | "connected" | "disconnecting" = "unconnected";
  /** Most connections in `waiting`, less one; of listeners. */
  backlog = 0;
  /** Connections that nobody has accepted. */
  readonly waiting: TcpSocket[] = [];
  /** Sockets whose connect found `waiting` full. */
  readonly #knocking: Set<TcpSocket> = new Set();
  #knocksAt: TcpSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** A socket of the kernel itself that is in no table: one end of what is bridged to the host. */
  static proxy(ns: NetNamespace, family: InetFamily): TcpSocket {
    const proxy = new TcpSocket(ns, family, socketInode(0, 0), 0);
    ns.sockets.delete(proxy);
    return proxy;
  }

  /** See SocketFile. */
  override get isListening(): boolean {
    return this.state === LISTEN;
  }
  /** See InetSocket. */
  protected override isConnecting(): boolean {
    return this.state !== CLOSE;
  }
  /** See InetSocket. */
  protected override bindHost(ip: Ip | null, port: number): number {
    const bound = listenOnHost(this, ip, port);
    if (typeof bound === "number") return bound;
    this.hostBinding = bound;
    return bound.local.port;
  }

  /** listen(2): binds to a free port if that has not been done. -EADDRINUSE when another listens there. */
  override listen(backlog: number): number {
    if (this.#phase !== "unconnected" || (this.state !== CLOSE && this.state !== LISTEN)) return -EINVAL;
    this.backlog = Math.min(backlog >>> 0, this.ns.sysctls.somaxconn);
    if (this.state === LISTEN) return 0;
    if (this.port === 0) {
      const error = this.claim(0);
      if (error < 0) return error;
    }
    this.state = LISTEN;
    if (this.table.isFree(this, this.port)) return 0;
    this.state = CLOSE;
    return -EADDRINUSE;
  }

  /** See SocketFile. */
  override accept(flags: number): TcpSocket | number {
    if (this.state !== LISTEN) return -EINVAL;
    const child = this.waiting.shift();
    if (child === undefined) return -EAGAIN;
    child.flags = O_RDWR | flags;
    for (const client of this.#knocking) {
      if (!this.#hasRoom) break;
      client.#stopKnocking();
      client.#establish(this);
    }
    return child;
  }

  /** The queue of connections has room (sk_acceptq_is_full). */
  get #hasRoom(): boolean {
    return this.waiting.length <= this.backlog;
  }

  /** See SocketFile (__inet_stream_connect). */
  override connect(_caller: Task | null, address: SocketAddress): number {
    if (address.family === AF_UNSPEC) return this.#disconnect();
    if (this.#phase === "connecting") {
      const result = this.connectResult();
      return result === -EINPROGRESS ? -EALREADY : result;
    }
    if (this.#phase === "disconnecting") return -EINVAL;
    if (this.#phase === "connected" || this.state !== CLOSE) return -EISCONN;
    const to = this.destination(address);
    if (typeof to === "number") return to;
    if (this.isGroup(to.ip)) return -ENETUNREACH;
    const path = pathTo(this.ns, to.ip);
    if (typeof path === "number") return path;
    const find = (): TcpSocket | undefined => {
      const client = { ip: this.bound ?? path.source, port: this.port };
      return path.target === null ? undefined : findListener(path.target, to.ip, to.port, client);
    };
    const listener = find();
    const uplink = path.uplink ?? (path.target === this.ns ? this.ns.hostUplink() : null);
    const outside = inetAddress(to.ip.length === 4 ? AF_INET : AF_INET6, to.ip, to.port);
    if (listener === undefined && uplink !== null && !uplink.allows("tcp", outside)) return -EPERM;
    const error = this.#begin(path, to);
    if (error < 0) return error;
    if (listener !== undefined) this.#knock(find() ?? listener); // now that it has a port
    else if (this.port === to.port && sameIp(this.local!, to.ip)) this.#meetItself();
    else if (uplink !== null) dial(this, uplink, outside);
    else this.#fail(ECONNREFUSED);
    return -EINPROGRESS;
  }

  /** A simultaneous open with itself: a socket that is bound where it connects to. */
  #meetItself(): void {
    TcpEndpoint.join(this, this);
    if ((this.shut & SEND_SHUTDOWN) !== 0) this.sendFin();
  }

  /** Takes the four numbers of a connection. */
  #begin(path: Path, to: Destination): number {
    this.local = this.bound ?? path.source;
    const error = this.port === 0
      ? this.#claimForConnection(to)
      : this.#isUnique(this.port, to)
      ? 0
      : -EADDRNOTAVAIL;
    if (error < 0) {
      this.local = null;
      return error;
    }
    this.path = path;
    this.remote = to.ip;
    this.remotePort = to.port;
    this.#phase = "connecting";
    this.state = SYN_SENT;
    this.error = 0;
    this.finReceived = false;
    return 0;
  }

  /** A port for a connection: shared only with connections to other peers. */
  #claimForConnection(to: Destination): number {
    const { table, ns } = this;
    const port = table.pick(ns.sysctls.portRange, (each) => {
      for (const other of table.on(each)) {
        if (!(other instanceof TcpSocket) || other.portAsked || other.remote === null) return false;
      }
      return this.#isUnique(each, to);
    });
    if (port === 0) return -EADDRNOTAVAIL;
    table.enter(this, port);
    this.port = port;
    return 0;
  }

  /** No other connection has these two addresses and ports. */
  #isUnique(port: number, to: Destination): boolean {
    for (const other of this.table.on(port)) {
      if (
        other !== this && other.remote !== null && other.remotePort === to.port &&
        sameIp(other.remote, to.ip) &&
        other.local !== null && sameIp(other.local, this.local!)
      ) return false;
    }
    return true;
  }

  #knock(listener: TcpSocket): void {
    if (listener.#hasRoom) return this.#establish(listener);
    this.#knocksAt = listener;
    listener.#knocking.add(this);
    this.#timer = setTimeout(() => {
      this.#stopKnocking();
      this.#fail(ETIMEDOUT);
    }, SYN_TIMEOUT_MS);
  }

  #stopKnocking(): void {
    if (this.#knocksAt !== null) this.#knocksAt.#knocking.delete(this);
    this.#knocksAt = null;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The handshake: a child of the listener becomes the other end. */
  #establish(listener: TcpSocket): void {
    const child = listener.#child(this.remote!, this.local!, this.port);
    this.path!.out.count(this.path!.in, 0);
    TcpEndpoint.join(this, child);
    // What was shut down before listen is shut in every child (tcp_rcv_state_process, TCP_SYN_RECV).
    child.shut = listener.shut;
    if ((child.shut & SEND_SHUTDOWN) !== 0) child.sendFin();
    listener.waiting.push(child);
    listener.queue.wake(POLLIN);
  }

  /** A socket for a connection that came in: options and owner are the listener's. */
  #child(local: Ip, remote: Ip, remotePort: number): TcpSocket {
    const child = new TcpSocket(this.ns, this.family, socketInode(this.inode.uid, this.inode.gid), 0);
    Object.assign(child.options, this.options);
    if (this.options.remembered !== null) child.options.remembered = new Map(this.options.remembered);
    child.memory.payer = this.memory.payer;
    child.#phase = "connected";
    child.bound = child.local = local;
    child.port = this.port;
    child.remote = remote;
    child.remotePort = remotePort;
    child.table.enter(child, child.port);
    return child;
  }

  /** A connection from the host: the end that speaks for its sender. undefined when nobody listens, or the queue is full. */
  arrive(local: Ip, remote: Ip, remotePort: number): TcpSocket | undefined {
    if (this.state !== LISTEN || !this.#hasRoom) return undefined;
    const child = this.#child(local, remote, remotePort);
    const proxy = TcpSocket.proxy(this.ns, this.family);
    TcpEndpoint.join(proxy, child);
    this.waiting.push(child);
    this.queue.wake(POLLIN);
    return proxy;
  }

  /** The host refused a connect, with an errno (positive). */
  hostRefused(error: number): void {
    if (this.state === SYN_SENT) this.#fail(error);
  }

  /** The host knows the socket by this name (`--network host`). */
  adoptLocal({ ip, port }: InetAddress): void {
    this.local = ip;
    if (this.portAsked || port === this.port) return;
    this.table.release(this, this.port);
    this.table.enter(this, this.port = port);
  }

  #fail(error: number): void {
    this.error = error;
    this.state = CLOSE;
    this.shut = SHUTDOWN_MASK;
    this.releasePort();
    this.queue.wake(EVERYTHING);
  }

  /** See SocketFile. */
  override connectResult(): number {
    if (this.state === SYN_SENT) return -EINPROGRESS;
    if (this.#phase !== "connecting") return this.#phase === "connected" ? 0 : -ENOTCONN;
    if (this.state !== CLOSE) {
      this.#phase = "connected";
      return 0;
    }
    const error = this.takeError() || ECONNABORTED;
    this.#forget();
    return -error;
  }

  /** Back to a socket that can connect again; a port that was asked for stays. */
  #forget(): void {
    this.#phase = "unconnected";
    this.state = CLOSE;
    this.peer = this.path = null;
    this.local = this.remote = null;
    this.remotePort = 0;
    this.shut = 0;
    this.finReceived = false;
    this.rx.clear();
  }

  /** connect(2) with AF_UNSPEC. */
  #disconnect(): number {
    if (this.state === LISTEN) this.#stopListening();
    this.#stopKnocking();
    const wasUp = this.state !== CLOSE && this.state !== LISTEN;
    this.resetPeer();
    this.releasePort();
    this.#forget();
    if (wasUp) this.error = ECONNRESET; // (tcp_disconnect)
    this.queue.wake(EVERYTHING);
    return 0;
  }

  #stopListening(): void {
    this.state = CLOSE;
    this.shut = 0;
    this.releasePort();
    for (const child of this.waiting.splice(0)) {
      child.abort();
      child.close();
    }
    for (const client of this.#knocking) {
      client.#stopKnocking();
      client.#fail(ECONNREFUSED);
    }
    this.queue.wake(EVERYTHING);
  }

  /** See SocketFile (inet_shutdown): a listener that receives no more listens no more. */
  override shutdown(how: number): number {
    const bits = shutdownBits(how);
    if (bits < 0) return bits;
    if (this.state === LISTEN) {
      if ((bits & RCV_SHUTDOWN) !== 0) this.#stopListening();
      return 0;
    }
    if (this.#phase === "connecting") this.#phase = this.state === CLOSE ? "disconnecting" : "connected";
    if (this.state !== SYN_SENT) return super.shutdown(how);
    this.#stopKnocking();
    this.#fail(0);
    this.#forget();
    return 0;
  }

  /** See OpenFile. */
  override poll(): number {
    return this.state === LISTEN ? this.waiting.length > 0 ? POLLIN : 0 : super.poll();
  }

  /** See OpenFile. */
  protected override release(): number {
    this.#stopKnocking();
    if (this.state === LISTEN) this.#stopListening();
    return super.release();
  }
}
