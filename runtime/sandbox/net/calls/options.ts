/** getsockopt(2), setsockopt(2), FIONREAD. @module */
import { AF_UNIX, SO, SOL_SOCKET } from "../../../abi/linux/socket.ts";
import type { Task } from "../../kernel/task.ts";
import { netOf } from "../create.ts";
import { getOption, setOption } from "../socket_options.ts";
import type { UnixSocket } from "../unix/unix_socket.ts";
import { socketOf } from "./descriptor.ts";

const CAP_NET_ADMIN = 12;

/** setsockopt(2): the numbers of the C structure in order (an int; linger: on, seconds; timeval: seconds, microseconds). */
export function setsockopt(task: Task, fd: number, level: number, name: number, value: Int32Array): number {
  const file = socketOf(task, fd);
  if (typeof file === "number") return file;
  return setOption(file, level, name, value, task.cred.nsCapable(netOf(task).owner!, CAP_NET_ADMIN));
}

/** getsockopt(2): the numbers of the C structure (SO_PEERCRED: pid, uid, gid as the task's namespaces show them). */
export function getsockopt(task: Task, fd: number, level: number, name: number): Int32Array | number {
  const file = socketOf(task, fd);
  if (typeof file === "number") return file;
  if (level === SOL_SOCKET && name === SO.PEERCRED && file.family === AF_UNIX) {
    const owner = (file as UnixSocket).peerOwner;
    if (owner === null) return Int32Array.of(0, -1, -1);
    const { uids, gids } = task.cred.userNs;
    return Int32Array.of(owner.pid?.in(task.id.namespace) ?? 0, uids.shown(owner.uid), gids.shown(owner.gid));
  }
  return getOption(file, level, name);
}

/** ioctl FIONREAD: bytes that can be read now; of a datagram socket the length of the first datagram. */
export function fionread(task: Task, fd: number): number {
  const file = socketOf(task, fd);
  return typeof file === "number" ? file : file.available();
}
