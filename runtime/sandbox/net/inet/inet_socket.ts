/** What TCP and UDP sockets have in common: names, ports, and how connect and bind read an address (man 7 ip, man 7 ipv6). @module */
import {
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EINVAL,
  ENETUNREACH,
  ENOTCONN,
} from "../../../../fs/abi/errno.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import { type InetAddress, inetAddress, isInet, type SocketAddress } from "../address.ts";
import { type Ip, isAny, isBroadcast, isMulticast, LOOPBACK4, LOOPBACK6, mapped, unmap } from "../ip.ts";
import type { NetNamespace } from "../namespace.ts";
import type { PortTable } from "../ports.ts";
import { SocketFile } from "../socket_file.ts";

const CAP_NET_BIND_SERVICE = 10;

/** AF_INET or AF_INET6. */
export type InetFamily = typeof AF_INET | typeof AF_INET6;

/** Addresses a socket has, on either side. Mapped addresses are kept as IPv4 ones, and shown mapped. */
export abstract class InetSocket extends SocketFile {
  /** Address it was bound to; null for any. */
  bound: Ip | null = null;
  /** Its port; 0 for none. */
  port = 0;
  /** The port it had, when a connection has ended and given it back: its name still tells it (inet_sport). */
  protected lastPort = 0;
  /** The port was asked for (SOCK_BINDPORT_LOCK): it stays when a connection ends. */
  protected portAsked = false;
  /** Address it is known by to its peer; null while not connected. */
  local: Ip | null = null;
  /** Peer's address; null while not connected. */
  remote: Ip | null = null;
  /** Peer's port. */
  remotePort = 0;
  /** The same port on the host (`--network host`). */
  protected hostBinding: { close(): void } | null = null;

  /** A socket in `ns`. */
  constructor(readonly ns: NetNamespace, override readonly family: InetFamily, inode: Inode, flags: number) {
    super(inode, flags);
    ns.sockets.add(this);
  }

  /** Ports of its transport. */
  abstract get table(): PortTable;
  /** Takes the port on the host; the port that it got, or a negative errno. */
  protected abstract bindHost(ip: Ip | null, port: number): number;

  /** The only address it receives at (inet_rcv_saddr): that of a bind, or of a connect; null for any. */
  get receivesAt(): Ip | null {
    return this.bound ?? this.local;
  }
  /** See SocketFile. */
  override get isBound(): boolean {
    return this.port !== 0;
  }

  /** An address argument of this socket's family, mapped ones as IPv4; or a negative errno. */
  protected readAddress(address: SocketAddress): { ip: Ip; port: number } | number {
    // An IPv4 address is too short for an IPv6 socket: EINVAL comes before the family is looked at.
    if (this.family === AF_INET6 && address.family === AF_INET) return -EINVAL;
    if (address.family !== this.family || !isInet(address)) return -EAFNOSUPPORT;
    if (address.ip.length !== (this.family === AF_INET ? 4 : 16)) return -EINVAL;
    return { ip: unmap(address.ip), port: address.port };
  }

  /** bind(2), in the order of Linux's __inet_bind: family, address, privilege, state, port. */
  override bind(caller: Task | null, address: SocketAddress): number {
    // An application may leave the family out for INADDR_ANY (af_inet.c).
    const given = address.family === AF_UNSPEC && this.family === AF_INET
      ? inetAddress(AF_INET, null, 0)
      : address;
    const at = this.readAddress(given);
    if (typeof at === "number") return at;
    const mappedByV6 = this.family === AF_INET6 && at.ip.length === 4;
    if (mappedByV6 && this.options.v6only) return -EINVAL;
    const any = isAny(at.ip) && !mappedByV6;
    if (!any && !isAny(at.ip) && this.ns.deviceOf(at.ip) === undefined && !this.#onHost(at.ip)) {
      return -EADDRNOTAVAIL;
    }
    if (at.port !== 0 && at.port < this.ns.sysctls.unprivilegedPortStart && caller !== null) {
      if (!caller.cred.nsCapable(this.ns.owner!, CAP_NET_BIND_SERVICE)) return -EACCES;
    }
    if (this.port !== 0 || this.isConnecting()) return -EINVAL;
    this.bound = any ? null : at.ip;
    const error = this.claim(at.port, caller !== null);
    if (error < 0) this.bound = null;
    else this.portAsked = at.port !== 0;
    return error;
  }

  /** Where the host's addresses are ours (`--network host`), the host says whether it has one. */
  #onHost(_ip: Ip): boolean {
    return this.ns.hostUplink() !== null;
  }

  /** It is connected or about to be: too late to bind. */
  protected isConnecting(): boolean {
    return this.remote !== null;
  }

  /** Takes a port, or any free one for 0; `onHost`: on the host, too, where that is asked for (`--network host`). */
  protected claim(port: number, onHost = true): number {
    const { table, ns } = this;
    let chosen = port;
    if (onHost && ns.hostUplink() !== null) {
      chosen = this.bindHost(this.bound, port);
      if (chosen < 0) return chosen;
    } else if (port === 0) {
      chosen = table.pick(ns.sysctls.portRange, (each) => table.isFree(this, each));
      if (chosen === 0) return -EADDRINUSE;
    }
    const error = table.claim(this, chosen);
    if (error < 0) {
      this.hostBinding?.close();
      this.hostBinding = null;
      return error;
    }
    this.port = chosen;
    return 0;
  }

  /** Gives the port back. */
  protected unclaim(): void {
    if (this.port !== 0) this.table.release(this, this.port);
    this.hostBinding?.close();
    this.hostBinding = null;
    this.port = 0;
    this.portAsked = false;
    this.bound = null;
  }

  /** The destination of a connect or send: INADDR_ANY stands for the loopback address, groups have no route here. */
  protected destination(address: SocketAddress): { ip: Ip; port: number } | number {
    const to = this.readAddress(address);
    if (typeof to === "number") return to;
    let { ip } = to;
    if (isAny(ip)) ip = ip.length === 4 || this.bound?.length === 4 ? LOOPBACK4 : LOOPBACK6;
    if (ip.length === 4 && this.family === AF_INET6 && this.options.v6only) return -ENETUNREACH;
    if (this.bound !== null && this.bound.length !== ip.length) {
      return ip.length === 4 ? -ENETUNREACH : -EINVAL;
    }
    return { ip, port: to.port };
  }

  /** A group, or everybody: not an address that one socket has. */
  protected isGroup(ip: Ip): boolean {
    return isMulticast(ip) || isBroadcast(ip);
  }

  /** See SocketFile. */
  override getsockname(): InetAddress {
    return inetAddress(this.family, this.local ?? this.bound, this.port || this.lastPort);
  }
  /** See SocketFile. */
  override getpeername(): InetAddress | number {
    return this.remote === null
      ? -ENOTCONN
      : inetAddress(this.family, mapped4(this.family, this.remote), this.remotePort);
  }
}

function mapped4(family: InetFamily, ip: Ip): Ip {
  return family === AF_INET6 ? mapped(ip) : ip;
}
