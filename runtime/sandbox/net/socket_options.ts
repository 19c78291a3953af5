/** Options of sockets (man 7 socket, man 2 setsockopt): what is kept, and how it is read and written. @module */
import { EDOM, EINVAL, ENODEV, ENOPROTOOPT, EOPNOTSUPP, EPERM } from "../../../fs/abi/errno.ts";
import {
  AF_INET6,
  IP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6,
  SO,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP,
} from "../../abi/linux/socket.ts";
import type { SocketFile } from "./socket_file.ts";

/** Default of SO_RCVBUF and SO_SNDBUF (/proc/sys/net/core/rmem_default, wmem_default). */
export const BUFFER_DEFAULT = 212_992;
/** Largest value that SO_RCVBUF and SO_SNDBUF take; the kernel doubles it (man 7 socket). */
export const BUFFER_MAX = 212_992;
const RCVBUF_MIN = 2304, SNDBUF_MIN = 4608;
/** Hops of a packet (/proc/sys/net/ipv4/ip_default_ttl). */
const TTL_DEFAULT = 64;

/** Values of a socket's options. */
export class SocketOptions {
  /** SO_REUSEADDR */
  reuseAddr = false;
  /** SO_REUSEPORT */
  reusePort = false;
  /** SO_BROADCAST */
  broadcast = false;
  /** SO_KEEPALIVE: remembered; nothing here loses a peer in silence. */
  keepAlive = false;
  /** SO_PASSCRED */
  passCred = false;
  /** SO_LINGER in seconds; -1: off. */
  linger = -1;
  /** SO_RCVBUF, as getsockopt shows it. */
  rcvbuf = BUFFER_DEFAULT;
  /** SO_SNDBUF, as getsockopt shows it. */
  sndbuf = BUFFER_DEFAULT;
  /** SO_RCVTIMEO in milliseconds; Infinity: none. */
  rcvtimeo = Infinity;
  /** SO_SNDTIMEO in milliseconds; Infinity: none. */
  sndtimeo = Infinity;
  /** SO_RCVLOWAT */
  rcvlowat = 1;
  /** IPV6_V6ONLY */
  v6only = false;
  /** Options whose value means nothing to a network without packets: by level and name. */
  remembered: Map<number, number> | null = null;
}

/** Remembered options: level, name, default, smallest and largest value. */
type Plain = readonly [level: number, name: number, first: number, min: number, max: number];

const PLAIN: readonly Plain[] = [
  [SOL_SOCKET, SO.DONTROUTE, 0, 0, 1],
  [SOL_SOCKET, SO.OOBINLINE, 0, 0, 1],
  [SOL_SOCKET, SO.PRIORITY, 0, 0, 6],
  [IPPROTO_TCP, TCP.NODELAY, 0, 0, 1],
  [IPPROTO_TCP, TCP.CORK, 0, 0, 1],
  [IPPROTO_TCP, TCP.MAXSEG, 536, 88, 32767],
  [IPPROTO_TCP, TCP.KEEPIDLE, 7200, 1, 32767],
  [IPPROTO_TCP, TCP.KEEPINTVL, 75, 1, 32767],
  [IPPROTO_TCP, TCP.KEEPCNT, 9, 1, 127],
  [IPPROTO_TCP, TCP.SYNCNT, 6, 1, 127],
  [IPPROTO_TCP, TCP.DEFER_ACCEPT, 0, 0, 2 ** 31 - 1],
  [IPPROTO_TCP, TCP.QUICKACK, 1, 0, 1],
  [IPPROTO_TCP, TCP.USER_TIMEOUT, 0, 0, 2 ** 31 - 1],
  [IPPROTO_IP, IP.TOS, 0, 0, 255],
  [IPPROTO_IP, IP.TTL, TTL_DEFAULT, 1, 255],
  [IPPROTO_IP, IP.RECVERR, 0, 0, 1],
  [IPPROTO_IP, IP.MULTICAST_TTL, 1, 0, 255],
  [IPPROTO_IP, IP.MULTICAST_LOOP, 1, 0, 1],
  [IPPROTO_IPV6, IPV6.UNICAST_HOPS, TTL_DEFAULT, 1, 255],
  [IPPROTO_IPV6, IPV6.MULTICAST_HOPS, 1, 0, 255],
  [IPPROTO_IPV6, IPV6.MULTICAST_LOOP, 1, 0, 1],
];
const FLAGS: ReadonlySet<number> = new Set([SO.DONTROUTE, SO.OOBINLINE]);
const key = (level: number, name: number): number => level * 0x10000 + name;
const PLAIN_BY_KEY: ReadonlyMap<number, Plain> = new Map(PLAIN.map((p) => [key(p[0], p[1]), p]));

/** True if a socket has options at this level. */
function hasLevel(socket: SocketFile, level: number): boolean {
  if (level === SOL_SOCKET) return true;
  if (level === IPPROTO_TCP) return socket.isInet && socket.type === SOCK_STREAM;
  if (level === IPPROTO_IP) return socket.isInet;
  return level === IPPROTO_IPV6 && socket.family === AF_INET6;
}

/** A struct timeval as milliseconds: 0 is no limit; -EDOM for microseconds out of range (man 7 socket). */
function timeoutOf(seconds: number, micros: number): number {
  if (micros < 0 || micros >= 1_000_000) return -EDOM;
  if (seconds < 0) return 0; // as Linux: do not wait at all
  const ms = seconds * 1000 + micros / 1000;
  return ms === 0 ? Infinity : ms;
}
function timevalOf(ms: number): Int32Array {
  if (ms === Infinity) return Int32Array.of(0, 0);
  const seconds = Math.floor(ms / 1000);
  return Int32Array.of(seconds, Math.round((ms - seconds * 1000) * 1000));
}

/** The doubled and bounded value that Linux makes of SO_RCVBUF and SO_SNDBUF. */
function bufferSize(asked: number, min: number, force: boolean): number {
  const bounded = force ? Math.min(Math.max(asked, 0), 2 ** 30 - 1) : Math.min(asked >>> 0, BUFFER_MAX);
  return Math.max(bounded * 2, min);
}

/**
 * setsockopt(2). The value is what the C structure has, number by number: an int is one; linger `[on, seconds]`; a timeval
 * `[seconds, microseconds]`. `privileged`: the caller has CAP_NET_ADMIN where the socket is.
 */
export function setOption(
  socket: SocketFile,
  level: number,
  name: number,
  value: Int32Array,
  privileged: boolean,
): number {
  if (!hasLevel(socket, level)) return socket.isInet ? -ENOPROTOOPT : -EOPNOTSUPP;
  if (value.length === 0) return -EINVAL;
  const o = socket.options, v = value[0]!;
  const plain = PLAIN_BY_KEY.get(key(level, name));
  if (plain !== undefined) {
    const [, , first, min, max] = plain;
    if (level === SOL_SOCKET && name === SO.PRIORITY && (v < 0 || v > 6) && !privileged) return -EPERM;
    const flag = min === 0 && max === 1;
    if (level === IPPROTO_IP && name === IP.TTL && v === -1) {
      (o.remembered ??= new Map()).set(key(level, name), first);
    } else if (level === IPPROTO_IPV6 && v === -1 && !flag) {
      (o.remembered ??= new Map()).set(key(level, name), first);
    } else if (!flag && (v < min || v > max)) return -EINVAL;
    else (o.remembered ??= new Map()).set(key(level, name), flag || FLAGS.has(name) ? Number(v !== 0) : v);
    return 0;
  }
  if (level === IPPROTO_IPV6 && name === IPV6.V6ONLY) {
    if (socket.isBound) return -EINVAL;
    o.v6only = v !== 0;
    return 0;
  }
  if (level === IPPROTO_IP || level === IPPROTO_IPV6) return multicast(level, name);
  if (level !== SOL_SOCKET) return -ENOPROTOOPT;
  switch (name) {
    case SO.REUSEADDR:
      o.reuseAddr = v !== 0;
      return 0;
    case SO.REUSEPORT:
      if (!socket.isInet && v !== 0) return -EOPNOTSUPP;
      o.reusePort = v !== 0;
      return 0;
    case SO.BROADCAST:
      o.broadcast = v !== 0;
      return 0;
    case SO.KEEPALIVE:
      o.keepAlive = v !== 0;
      return 0;
    case SO.PASSCRED:
      if (socket.isInet) return -EOPNOTSUPP;
      o.passCred = v !== 0;
      return 0;
    case SO.LINGER:
      if (value.length < 2) return -EINVAL;
      o.linger = v === 0 ? -1 : value[1]! >>> 0;
      return 0;
    case SO.RCVBUFFORCE:
    case SO.SNDBUFFORCE:
      if (!privileged) return -EPERM;
      return setBuffer(socket, name === SO.RCVBUFFORCE, v, true);
    case SO.RCVBUF:
    case SO.SNDBUF:
      return setBuffer(socket, name === SO.RCVBUF, v, false);
    case SO.RCVLOWAT:
      o.rcvlowat = v < 0 ? 2 ** 31 - 1 : v || 1;
      return 0;
    case SO.RCVTIMEO:
    case SO.SNDTIMEO: {
      if (value.length < 2) return -EINVAL;
      const ms = timeoutOf(v, value[1]!);
      if (ms < 0) return ms;
      if (name === SO.RCVTIMEO) o.rcvtimeo = ms;
      else o.sndtimeo = ms;
      return 0;
    }
    default: // what can only be read, what needs hardware, and what nobody knows
      return -ENOPROTOOPT;
  }
}

function setBuffer(socket: SocketFile, receiving: boolean, asked: number, force: boolean): number {
  if (receiving) socket.options.rcvbuf = bufferSize(asked, RCVBUF_MIN, force);
  else socket.options.sndbuf = bufferSize(asked, SNDBUF_MIN, force);
  socket.buffersChanged();
  return 0;
}

/** No interface here does multicast: joining finds none (man 7 ip, IP_ADD_MEMBERSHIP: ENODEV). */
function multicast(level: number, name: number): number {
  if (level === IPPROTO_IP) {
    return name === IP.ADD_MEMBERSHIP || name === IP.DROP_MEMBERSHIP || name === IP.MULTICAST_IF
      ? -ENODEV
      : -ENOPROTOOPT;
  }
  return name === IPV6.ADD_MEMBERSHIP || name === IPV6.DROP_MEMBERSHIP || name === IPV6.MULTICAST_IF
    ? -ENODEV
    : -ENOPROTOOPT;
}

/** getsockopt(2): the numbers of the C structure (SO_PEERCRED: pid, uid, gid), or a negative errno. */
export function getOption(socket: SocketFile, level: number, name: number): Int32Array | number {
  if (!hasLevel(socket, level)) return -EOPNOTSUPP;
  const o = socket.options;
  const int = (n: number | boolean): Int32Array => Int32Array.of(Number(n));
  const plain = PLAIN_BY_KEY.get(key(level, name));
  if (plain !== undefined) return int(o.remembered?.get(key(level, name)) ?? plain[2]);
  if (level === IPPROTO_IPV6 && name === IPV6.V6ONLY) return int(o.v6only);
  if (level !== SOL_SOCKET) return -ENOPROTOOPT;
  switch (name) {
    case SO.TYPE:
      return int(socket.type);
    case SO.DOMAIN:
      return int(socket.family);
    case SO.PROTOCOL:
      return int(socket.protocol);
    case SO.ERROR:
      return int(socket.takeError());
    case SO.ACCEPTCONN:
      return int(socket.isListening);
    case SO.REUSEADDR:
      return int(o.reuseAddr);
    case SO.REUSEPORT:
      return int(o.reusePort);
    case SO.BROADCAST:
      return int(o.broadcast);
    case SO.KEEPALIVE:
      return int(o.keepAlive);
    case SO.PASSCRED:
      return int(o.passCred);
    case SO.LINGER:
      return Int32Array.of(Number(o.linger >= 0), Math.max(0, o.linger));
    case SO.RCVBUF:
      return int(o.rcvbuf);
    case SO.SNDBUF:
      return int(o.sndbuf);
    case SO.RCVLOWAT:
      return int(o.rcvlowat);
    case SO.SNDLOWAT:
      return int(1);
    case SO.RCVTIMEO:
      return timevalOf(o.rcvtimeo);
    case SO.SNDTIMEO:
      return timevalOf(o.sndtimeo);
    case SO.PEERCRED:
      return socket.peerCredentials();
    default:
      return -ENOPROTOOPT;
  }
}
