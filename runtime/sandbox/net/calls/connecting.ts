/** Connections: listen(2), accept4(2), connect(2), shutdown(2). @module */
import { EAGAIN, EINPROGRESS, EINVAL, EMFILE } from "../../../../fs/abi/errno.ts";
import { O_NONBLOCK } from "../../../../fs/abi/open.ts";
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import type { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import type { SocketAddress } from "../address.ts";
import { UnixConnection } from "../unix/connection.ts";
import { installSocket, socketOf } from "./descriptor.ts";
import { retry } from "./wait.ts";

/** What accept gives. */
export interface Accepted {
  /** The connection's descriptor. */
  readonly fd: number;
  /** Who connected. */
  readonly peer: SocketAddress;
}

/** listen(2). */
export function listen(task: Task, fd: number, backlog: number): number {
  const file = socketOf(task, fd);
  return typeof file === "number" ? file : file.listen(backlog);
}

/** accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC. -EAGAIN: go on with waitAccept if the socket blocks. */
export function accept(task: Task, fd: number, flags: number): Accepted | number {
  if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) !== 0) return -EINVAL;
  const file = socketOf(task, fd);
  if (typeof file === "number") return file;
  if (!hasFreeDescriptor(task)) return -EMFILE; // before a connection is taken that could not be given
  const socket = file.accept((flags & SOCK_NONBLOCK) !== 0 ? O_NONBLOCK : 0);
  if (typeof socket === "number") return socket;
  const name = socket.getpeername();
  const peer = typeof name === "number" ? { family: socket.family } : name;
  const accepted = installSocket(task, socket, (flags & SOCK_CLOEXEC) !== 0);
  return accepted < 0 ? accepted : { fd: accepted, peer };
}

function hasFreeDescriptor(task: Task): boolean {
  const { files } = task;
  const used = files.list();
  return used.length < files.limit;
}

/** accept(2) of a socket that blocks, after -EAGAIN. */
export function waitAccept(task: Task, fd: number, flags: number): Promise<Accepted | number> {
  const file = socketOf(task, fd);
  if (typeof file === "number") return Promise.resolve(file);
  return retry(task, file, POLLIN, file.options.rcvtimeo, () => accept(task, fd, flags));
}

/**
 * connect(2). On a socket that blocks, -EINPROGRESS and -EAGAIN: go on with waitConnect. (On one that does not, they are the answer.)
 */
export function connect(task: Task, fd: number, address: SocketAddress): number {
  const file = socketOf(task, fd);
  if (typeof file === "number") return file;
  const result = file.connect(task, address);
  return result === -EINPROGRESS && !file.nonblocking ? file.connectResult() : result;
}

/** connect(2) of a socket that blocks, after -EINPROGRESS or -EAGAIN. */
export async function waitConnect(task: Task, fd: number, address: SocketAddress): Promise<number> {
  const file = socketOf(task, fd);
  if (typeof file === "number") return file;
  if (file instanceof UnixConnection) {
    const attempt = (): number => file.connect(task, address);
    const queue = (): WaitQueue => (file.connectsTo ?? file).queue;
    return await retry(task, file, POLLOUT, file.options.sndtimeo, attempt, queue);
  }
  const decided = (): number => {
    const result = file.connectResult();
    return result === -EINPROGRESS ? -EAGAIN : result;
  };
  const result = await retry(task, file, POLLOUT, file.options.sndtimeo, decided);
  return result === -EAGAIN ? -EINPROGRESS : result; // the timeout is over (man 7 socket, SO_SNDTIMEO)
}

/** shutdown(2). */
export function shutdown(task: Task, fd: number, how: number): number {
  const file = socketOf(task, fd);
  return typeof file === "number" ? file : file.shutdown(how);
}
