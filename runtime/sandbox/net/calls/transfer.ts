/** Data: send(2), sendto(2), sendmsg(2), recv(2), recvfrom(2), recvmsg(2). @module */
import { EAGAIN, EBADF, EPIPE } from "../../../../fs/abi/errno.ts";
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import {
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_NOSIGNAL,
  MSG_WAITALL,
  SOCK_STREAM,
} from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import type { SocketAddress } from "../address.ts";
import { Incoming, type Outgoing, type SocketFile, wantsAll } from "../socket_file.ts";
import { socketOf } from "./descriptor.ts";
import { retry, retryAll } from "./wait.ts";

function sent(task: Task, file: SocketFile, result: number, flags: number): number {
  if (result === -EPIPE && (flags & MSG_NOSIGNAL) === 0 && file.type === SOCK_STREAM) task.sigpipe();
  return result;
}

/** sendto(2): bytes sent; -EAGAIN: go on with waitSend if the call blocks. A broken stream raises SIGPIPE, unless MSG_NOSIGNAL. */
export function send(
  task: Task,
  fd: number,
  buf: Uint8Array,
  off: number,
  len: number,
  flags: number,
  to: SocketAddress | null = null,
): number {
  const file = socketOf(task, fd);
  if (typeof file === "number") return file;
  return sent(task, file, file.send(buf, off, len, flags, to, task), flags);
}

/** sendto(2) of a socket that blocks, after -EAGAIN. A stream returns when everything is sent. */
export async function waitSend(
  task: Task,
  fd: number,
  buf: Uint8Array,
  off: number,
  len: number,
  flags: number,
  to: SocketAddress | null = null,
): Promise<number> {
  const file = socketOf(task, fd);
  if (typeof file === "number") return file;
  const step = (done: number): number => file.send(buf, off + done, len - done, flags, to, task);
  const result = await retryAll(task, file, POLLOUT, file.options.sndtimeo, len, step);
  return sent(task, file, result, flags);
}

/** recvfrom(2): bytes received, `more` filled in; -EAGAIN: go on with waitRecv if the call blocks. */
export function recv(
  task: Task,
  fd: number,
  buf: Uint8Array,
  off: number,
  len: number,
  flags: number,
  more?: Incoming,
): number {
  const file = socketOf(task, fd);
  return typeof file === "number" ? file : file.recv(buf, off, len, flags, more);
}

/** recvfrom(2) of a socket that blocks, after -EAGAIN. */
export async function waitRecv(
  task: Task,
  fd: number,
  buf: Uint8Array,
  off: number,
  len: number,
  flags: number,
  more?: Incoming,
): Promise<number> {
  const file = socketOf(task, fd);
  if (typeof file === "number") return file;
  if (!wantsAll(file, flags) || file.type !== SOCK_STREAM) {
    const attempt = (): number => file.recv(buf, off, len, flags, more);
    return await retry(task, file, POLLIN, file.options.rcvtimeo, attempt);
  }
  const step = (done: number): number => file.recv(buf, off + done, len - done, flags & ~MSG_WAITALL, more);
  return await retryAll(task, file, POLLIN, file.options.rcvtimeo, len, step);
}

/** What sendmsg(2) sends beside the data. */
export interface SendOptions {
  /** MSG_* flags. */
  readonly flags?: number;
  /** Where to. */
  readonly to?: SocketAddress | null;
  /** Descriptors to pass (SCM_RIGHTS). */
  readonly fds?: readonly number[];
}

/** sendmsg(2) with descriptors; the sender's credentials always go along, and are shown to receivers that ask (SO_PASSCRED). */
export function sendmsg(
  task: Task,
  fd: number,
  buf: Uint8Array,
  off: number,
  len: number,
  { flags = 0, to = null, fds = [] }: SendOptions,
): number {
  const file = socketOf(task, fd);
  if (typeof file === "number") return file;
  const rights: OpenFile[] = [];
  for (const each of fds) {
    const entry = task.files.get(each);
    if (entry === undefined) return -EBADF;
    rights.push(entry.file);
  }
  const { euid, egid } = task.cred.fields;
  const more: Outgoing = { rights, credentials: { pid: task.pid, uid: euid, gid: egid } };
  return sent(task, file, file.send(buf, off, len, flags, to, task, more), flags);
}

/** What recvmsg(2) received. */
export interface ReceivedMessage {
  /** Bytes of data. */
  readonly length: number;
  /** MSG_TRUNC, MSG_CTRUNC, MSG_EOR. */
  readonly flags: number;
  /** Who sent it. */
  readonly from: SocketAddress | null;
  /** Descriptors that came along. */
  readonly fds: readonly number[];
  /** Who sent it, for sockets with SO_PASSCRED. */
  readonly credentials: Incoming["credentials"];
}

/** recvmsg(2) with room for `maxFds` descriptors: those that do not fit are closed, and MSG_CTRUNC says so. */
export function recvmsg(
  task: Task,
  fd: number,
  buf: Uint8Array,
  off: number,
  len: number,
  flags: number,
  maxFds: number,
): ReceivedMessage | number {
  const more = new Incoming();
  const length = recv(task, fd, buf, off, len, flags, more);
  if (length < 0) return length;
  const fds: number[] = [];
  let shown = more.flags;
  for (const file of more.rights) {
    const installed = fds.length < maxFds
      ? task.files.install(file, (flags & MSG_CMSG_CLOEXEC) !== 0)
      : -EAGAIN;
    if (installed >= 0) fds.push(installed);
    else {
      file.close();
      shown |= MSG_CTRUNC;
    }
  }
  return { length, flags: shown, from: more.from, fds, credentials: more.credentials };
}
