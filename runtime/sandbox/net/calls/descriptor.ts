/** Descriptors of sockets: socket(2), socketpair(2). @module */
import { EBADF, EINVAL, ENOTSOCK } from "../../../../fs/abi/errno.ts";
import { O_NONBLOCK } from "../../../../fs/abi/open.ts";
import { SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_TYPE_MASK } from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import { createPair, createSocket, netOf } from "../create.ts";
import { SocketFile } from "../socket_file.ts";

/** The socket behind a descriptor; -EBADF, -ENOTSOCK. */
export function socketOf(task: Task, fd: number): SocketFile | number {
  const file = task.files.get(fd)?.file;
  if (file === undefined) return -EBADF;
  return file instanceof SocketFile ? file : -ENOTSOCK;
}

/** Gives an open socket a descriptor; a socket that gets none is closed. */
export function installSocket(task: Task, socket: SocketFile, cloexec: boolean): number {
  const fd = task.files.install(socket, cloexec);
  if (fd < 0) socket.close();
  return fd;
}

/** What a type says beside SOCK_STREAM and the like: 0 or -EINVAL for bits nobody knows. */
function typeError(type: number): number {
  return (type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK)) !== 0 ? -EINVAL : 0;
}

/** socket(2): a descriptor. */
export function socket(task: Task, family: number, type: number, protocol: number): number {
  const error = typeError(type);
  if (error < 0) return error;
  const flags = (type & SOCK_NONBLOCK) !== 0 ? O_NONBLOCK : 0;
  const made = createSocket(task, netOf(task), family, type & SOCK_TYPE_MASK, protocol, flags);
  return typeof made === "number" ? made : installSocket(task, made, (type & SOCK_CLOEXEC) !== 0);
}

/** socketpair(2): two descriptors. */
export function socketpair(
  task: Task,
  family: number,
  type: number,
  protocol: number,
): readonly [number, number] | number {
  const error = typeError(type);
  if (error < 0) return error;
  const flags = (type & SOCK_NONBLOCK) !== 0 ? O_NONBLOCK : 0;
  const pair = createPair(task, netOf(task), family, type & SOCK_TYPE_MASK, protocol, flags);
  if (typeof pair === "number") return pair;
  const cloexec = (type & SOCK_CLOEXEC) !== 0;
  const first = installSocket(task, pair[0], cloexec);
  if (first < 0) {
    pair[1].close();
    return first;
  }
  const second = installSocket(task, pair[1], cloexec);
  if (second < 0) {
    task.files.close(first);
    return second;
  }
  return [first, second];
}
