/** socket(2) and socketpair(2): which sockets there are. @module */
import {
  EAFNOSUPPORT,
  EINVAL,
  EOPNOTSUPP,
  EPERM,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
} from "../../../fs/abi/errno.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_IP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "../../abi/linux/socket.ts";
import type { Task } from "../kernel/task.ts";
import type { InetFamily } from "./inet/inet_socket.ts";
import { TcpSocket } from "./inet/tcp.ts";
import { UdpSocket } from "./inet/udp.ts";
import type { NetNamespace } from "./namespace.ts";
import type { SocketFile, SocketInode } from "./socket_file.ts";
import { socketInode } from "./sockfs.ts";
import { UnixDgram } from "./unix/dgram.ts";
import { UnixSeqpacket } from "./unix/seqpacket.ts";
import { UnixStream } from "./unix/stream.ts";
import { ownerOf, type UnixSocket } from "./unix/unix_socket.ts";

const CAP_NET_RAW = 13;
/** One more than the largest type. */
const SOCK_MAX = 11;

/** The network namespace of a task. */
export function netOf(task: Task): NetNamespace {
  return task.nsproxy.net;
}

function inodeFor(task: Task | null): SocketInode {
  return task === null ? socketInode(0, 0) : socketInode(task.cred.fsuid, task.cred.fsgid);
}

/** Why there is no such socket (inet_create, unix_create); 0 if there is. */
function refusal(
  task: Task | null,
  ns: NetNamespace,
  family: number,
  type: number,
  protocol: number,
): number {
  if (type < 0 || type >= SOCK_MAX) return -EINVAL;
  if (family === AF_UNIX) {
    if (protocol !== 0 && protocol !== AF_UNIX) return -EPROTONOSUPPORT;
    return type === SOCK_STREAM || type === SOCK_DGRAM || type === SOCK_SEQPACKET || type === SOCK_RAW
      ? 0
      : -ESOCKTNOSUPPORT;
  }
  if (family !== AF_INET && family !== AF_INET6) return -EAFNOSUPPORT;
  if (protocol < 0 || protocol > 255) return -EINVAL;
  if (type === SOCK_RAW) {
    if (task !== null && !task.cred.nsCapable(ns.owner!, CAP_NET_RAW)) return -EPERM;
    return -ESOCKTNOSUPPORT; // there are no packets below TCP and UDP here
  }
  if (type !== SOCK_STREAM && type !== SOCK_DGRAM) return -ESOCKTNOSUPPORT;
  const own = type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
  return protocol === IPPROTO_IP || protocol === own ? 0 : -EPROTONOSUPPORT;
}

/** What a socket receives is paid by the control group of who made it. */
function paidBy<T extends SocketFile>(task: Task | null, socket: T): T {
  if (task !== null) socket.memory.payer = task.kernel.cgroups.of(task).account;
  return socket;
}

/** A new socket in `ns` for a task, or for the kernel; `type` without SOCK_NONBLOCK and SOCK_CLOEXEC, `flags` are O_NONBLOCK or 0. */
export function createSocket(
  task: Task | null,
  ns: NetNamespace,
  family: number,
  type: number,
  protocol: number,
  flags: number,
): SocketFile | number {
  const error = refusal(task, ns, family, type, protocol);
  if (error < 0) return error;
  const inode = inodeFor(task);
  if (family === AF_UNIX) {
    const socket: UnixSocket = type === SOCK_STREAM
      ? new UnixStream(ns, inode, flags)
      : type === SOCK_SEQPACKET
      ? new UnixSeqpacket(ns, inode, flags)
      : new UnixDgram(ns, inode, flags); // SOCK_RAW is the same (unix_create)
    socket.owner = ownerOf(task);
    return paidBy(task, socket);
  }
  const socket = type === SOCK_STREAM
    ? new TcpSocket(ns, family as InetFamily, inode, flags)
    : new UdpSocket(ns, family as InetFamily, inode, flags);
  return paidBy(task, socket);
}

/** Two connected sockets: only unix sockets have that (man 2 socketpair). */
export function createPair(
  task: Task,
  ns: NetNamespace,
  family: number,
  type: number,
  protocol: number,
  flags: number,
): readonly [SocketFile, SocketFile] | number {
  const error = refusal(task, ns, family, type, protocol);
  if (error < 0) return error;
  if (family !== AF_UNIX) return -EOPNOTSUPP;
  const a = inodeFor(task), b = inodeFor(task);
  const kind = type === SOCK_STREAM ? UnixStream : type === SOCK_SEQPACKET ? UnixSeqpacket : UnixDgram;
  const pair = kind.pair(ns, a, b, flags);
  for (const end of pair) {
    end.owner = end.peerOwner = ownerOf(task);
    paidBy(task, end);
  }
  return pair;
}
