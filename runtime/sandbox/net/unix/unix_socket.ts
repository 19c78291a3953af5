/** What unix sockets of all types have in common (man 7 unix): names, credentials, shutdown. @module */
import { EINVAL, ENOTCONN } from "../../../../fs/abi/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../../../../fs/abi/poll.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import { AF_UNIX } from "../../../abi/linux/socket.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Task } from "../../kernel/task.ts";
import { isUnix, type SocketAddress, type UnixAddress } from "../address.ts";
import type { NetNamespace } from "../namespace.ts";
import { RCV_SHUTDOWN, SEND_SHUTDOWN, shutdownBits, SocketFile } from "../socket_file.ts";
import {
  autobind,
  bindAbstract,
  bindPath,
  checkName,
  type PathBinding,
  unbindAbstract,
  unbindPath,
} from "./names.ts";

/** Every event a waiter may look for. */
export const EVERYTHING = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP;

/** Who is at an end: ids are the kernel's own. */
export interface Owner {
  /** Process; null for the kernel. */
  readonly pid: Pid | null;
  /** Effective user id. */
  readonly uid: number;
  /** Effective group id. */
  readonly gid: number;
}

/** The owner that a task is. */
export function ownerOf(task: Task | null): Owner {
  if (task === null) return { pid: null, uid: 0, gid: 0 };
  return { pid: task.id, uid: task.cred.fields.euid, gid: task.cred.fields.egid };
}

/** A unix socket. */
export abstract class UnixSocket extends SocketFile {
  /** See SocketFile. */
  override readonly family: number = AF_UNIX;
  /** Its name; "" for none. */
  name = "";
  /** Who made it, or called listen or connect last. */
  owner: Owner = ownerOf(null);
  /** Who was at the other end when the connection was made (SO_PEERCRED). */
  peerOwner: Owner | null = null;
  #binding: PathBinding | null = null;

  /** A socket whose abstract names are those of `ns`. */
  constructor(readonly ns: NetNamespace, inode: Inode, flags: number) {
    super(inode, flags);
    ns.sockets.add(this);
  }

  /** The socket it sends to. */
  abstract get partner(): UnixSocket | null;

  /** See SocketFile. */
  override get isBound(): boolean {
    return this.name !== "";
  }

  /** bind(2): a path, an abstract name, or (with an empty one) a name that is made up. */
  override bind(caller: Task | null, address: SocketAddress): number {
    if (!isUnix(address) || address.family !== AF_UNIX) return -EINVAL;
    const { path } = address;
    const error = checkName(path);
    if (error < 0) return error;
    if (path === "") {
      if (this.name === "") this.name = autobind(this.ns, this);
      return 0;
    }
    if (this.name !== "") return -EINVAL;
    if (path.startsWith("\0")) {
      const taken = bindAbstract(this.ns, this, path);
      if (taken < 0) return taken;
    } else {
      if (caller === null) return -EINVAL;
      const binding = bindPath(caller, this, path);
      if (typeof binding === "number") return binding;
      this.#binding = binding;
    }
    this.name = path;
    return 0;
  }

  /** See SocketFile. */
  override getsockname(): UnixAddress {
    return { family: AF_UNIX, path: this.name };
  }
  /** See SocketFile. */
  override getpeername(): UnixAddress | number {
    const { partner } = this;
    return partner === null ? -ENOTCONN : partner.getsockname();
  }
  /** See SocketFile; ids are the kernel's own, the pid that of the initial namespace. */
  override peerCredentials(): Int32Array {
    const { peerOwner } = this;
    if (peerOwner === null) return Int32Array.of(0, -1, -1);
    return Int32Array.of(peerOwner.pid?.numbers[0] ?? 0, peerOwner.uid, peerOwner.gid);
  }

  /** shutdown(2): what one end shuts, the other end has shut, too. */
  override shutdown(how: number): number {
    const bits = shutdownBits(how);
    if (bits < 0) return bits;
    this.shut |= bits;
    const { partner } = this;
    if (partner !== null && this.sharesShutdown) {
      if ((bits & RCV_SHUTDOWN) !== 0) partner.shut |= SEND_SHUTDOWN;
      if ((bits & SEND_SHUTDOWN) !== 0) partner.shut |= RCV_SHUTDOWN;
      partner.queue.wake(EVERYTHING);
    }
    this.queue.wake(EVERYTHING);
    return 0;
  }
  /** It is one end of a connection. */
  protected abstract get sharesShutdown(): boolean;

  /** Gives the name back. */
  protected override release(): number {
    this.ns.sockets.delete(this);
    if (this.#binding !== null) unbindPath(this.#binding, this);
    else if (this.name !== "") unbindAbstract(this.ns, this);
    return 0;
  }
}
