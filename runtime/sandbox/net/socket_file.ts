/**
 * Sockets as open files. Nothing here blocks: a call that would returns -EAGAIN (a connect -EINPROGRESS), and who called it waits on
 * `waitQueue()` and tries again. Errors are Linux's, in Linux's order: where the manual is silent, the order is that of net/ipv4 and
 * net/unix of Linux 6.1, which the tests compare with.
 * @module
 */
import { EINVAL, ENOTCONN, EOPNOTSUPP } from "../../../fs/abi/errno.ts";
import { O_RDWR } from "../../../fs/abi/open.ts";
import type { Inode } from "../../../fs/vfs/inode.ts";
import { OpenFile } from "../../../fs/vfs/open_file.ts";
import { WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import {
  AF_INET,
  AF_INET6,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
} from "../../abi/linux/socket.ts";
import type { Task } from "../kernel/task.ts";
import type { NoAddress, SocketAddress } from "./address.ts";
import { BufferMemory } from "./buffer_memory.ts";
import { SocketOptions } from "./socket_options.ts";

export { MSG_PEEK, MSG_WAITALL, SHUT_RD, SHUT_RDWR, SHUT_WR } from "../../abi/linux/socket.ts";
export { SocketInode } from "./sockfs.ts";

/** Bits of `shut`, as Linux's RCV_SHUTDOWN and SEND_SHUTDOWN. */
export const RCV_SHUTDOWN = 1;
/** See RCV_SHUTDOWN. */
export const SEND_SHUTDOWN = 2;
/** Both. */
export const SHUTDOWN_MASK = 3;

/** Who sent a message over a unix socket (SCM_CREDENTIALS). */
export interface SenderCredentials {
  /** Process id. */
  readonly pid: number;
  /** User id. */
  readonly uid: number;
  /** Group id. */
  readonly gid: number;
}

/** What goes along with data. */
export interface Outgoing {
  /** Open files to pass (SCM_RIGHTS); the receiver gets references of its own. */
  readonly rights?: readonly OpenFile[];
  /** Who sends. */
  readonly credentials?: SenderCredentials;
}

/** What recvmsg(2) tells beside the data; filled in. */
export class Incoming {
  /** Where a message came from; null where there is nothing to tell. */
  from: SocketAddress | null = null;
  /** MSG_* flags: MSG_TRUNC, MSG_EOR. */
  flags = 0;
  /** Open files that came along (SCM_RIGHTS): the caller's to keep or close. */
  rights: OpenFile[] = [];
  /** Who sent it, for sockets with SO_PASSCRED. */
  credentials: SenderCredentials | null = null;
}

/** An open socket. read and write are recv and send without flags. */
export abstract class SocketFile extends OpenFile {
  /** AF_* */
  readonly family: number = 0;
  /** SOCK_* */
  readonly type: number = 1;
  /** IPPROTO_* */
  readonly protocol: number = 0;
  /** Options. */
  readonly options: SocketOptions = new SocketOptions();
  /** Pending error (Linux's sk_err), positive: the next call reports and clears it. */
  error = 0;
  /** Directions that are shut down: RCV_SHUTDOWN, SEND_SHUTDOWN. */
  shut = 0;
  /** Memory of what it has received. */
  readonly memory: BufferMemory = new BufferMemory();
  /** Where to wait. */
  readonly queue: WaitQueue = new WaitQueue();

  /** A socket, opened for both directions; `flags` are O_NONBLOCK or 0. */
  constructor(inode: Inode, flags: number) {
    super(inode, O_RDWR | flags);
  }

  /** It is an AF_INET or AF_INET6 socket. */
  get isInet(): boolean {
    return this.family === AF_INET || this.family === AF_INET6;
  }
  /** It has a name. */
  get isBound(): boolean {
    return false;
  }
  /** It takes connections. */
  get isListening(): boolean {
    return false;
  }

  /** bind(2). `caller` is null for sockets of the kernel itself, which may do anything. */
  bind(_caller: Task | null, _address: SocketAddress): number {
    return -EOPNOTSUPP;
  }
  /** listen(2). */
  listen(_backlog: number): number {
    return -EOPNOTSUPP;
  }
  /** Takes a connection from a listening socket, with O_NONBLOCK or 0; -EAGAIN if there is none, -EINVAL if it does not listen. */
  accept(_flags: number): SocketFile | number {
    return -EOPNOTSUPP;
  }
  /**
   * connect(2). -EINPROGRESS: under way, perhaps done already; the queue wakes POLLOUT when it is decided, and `connectResult` tells.
   * -EAGAIN: the listener's queue is full (unix sockets).
   */
  connect(_caller: Task | null, _address: SocketAddress): number {
    return -EOPNOTSUPP;
  }
  /** How a connect that was under way has ended: 0, a negative errno, or -EINPROGRESS. */
  connectResult(): number {
    return 0;
  }
  /** Its own name. */
  getsockname(): SocketAddress {
    return { family: this.family } satisfies NoAddress;
  }
  /** Its peer's name. */
  getpeername(): SocketAddress | number {
    return -ENOTCONN;
  }
  /** Pid, uid and gid of the peer (SO_PEERCRED): -1 where there is none. */
  peerCredentials(): Int32Array {
    return Int32Array.of(0, -1, -1);
  }
  /** Receives up to `len` bytes with MSG_* flags, and tells `more` of them; 0 at the end of the stream, -EAGAIN. */
  abstract recv(buf: Uint8Array, off: number, len: number, flags: number, more?: Incoming): number;
  /** Sends up to `len` bytes with MSG_* flags; -EAGAIN when there is no room, -EPIPE after the other end is gone. */
  abstract send(
    buf: Uint8Array,
    off: number,
    len: number,
    flags?: number,
    to?: SocketAddress | null,
    caller?: Task | null,
    more?: Outgoing,
  ): number;
  /** Ends one or both directions (SHUT_*). */
  shutdown(_how: number): number {
    return -ENOTCONN;
  }
  /** SO_RCVBUF or SO_SNDBUF have changed. */
  buffersChanged(): void {}

  /** The pending error, which is then no more (SO_ERROR). */
  takeError(): number {
    const { error } = this;
    this.error = 0;
    return error;
  }

  /** See OpenFile. */
  override read(buf: Uint8Array, off: number, len: number): number {
    return this.recv(buf, off, len, 0);
  }
  /** See OpenFile. */
  override write(buf: Uint8Array, off: number, len: number): number {
    return this.send(buf, off, len);
  }
  /** See OpenFile. */
  override waitQueue(): WaitQueue {
    return this.queue;
  }
}

/** RCV_SHUTDOWN and SEND_SHUTDOWN for a SHUT_* number, or -EINVAL. */
export function shutdownBits(how: number): number {
  return how === SHUT_RD || how === SHUT_WR || how === SHUT_RDWR ? how + 1 : -EINVAL;
}

/**
 * True if a receive is to wait for its full length (MSG_WAITALL). It may be longer than the buffer: who waits takes what has come, without the
 * flag, until it has everything.
 */
export function wantsAll(socket: SocketFile, flags: number): boolean {
  return (flags & MSG_WAITALL) !== 0 && (flags & MSG_PEEK) === 0 && waits(socket, flags);
}

/** True if a call with these MSG_* flags is to wait where it answers -EAGAIN. */
export function waits(socket: SocketFile, flags: number): boolean {
  return !socket.nonblocking && (flags & MSG_DONTWAIT) === 0;
}
