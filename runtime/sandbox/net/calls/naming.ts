/** Names of sockets: bind(2), getsockname(2), getpeername(2). @module */
import type { Task } from "../../kernel/task.ts";
import type { SocketAddress } from "../address.ts";
import { socketOf } from "./descriptor.ts";

/** bind(2). */
export function bind(task: Task, fd: number, address: SocketAddress): number {
  const file = socketOf(task, fd);
  return typeof file === "number" ? file : file.bind(task, address);
}

/** getsockname(2). */
export function getsockname(task: Task, fd: number): SocketAddress | number {
  const file = socketOf(task, fd);
  return typeof file === "number" ? file : file.getsockname();
}

/** getpeername(2). */
export function getpeername(task: Task, fd: number): SocketAddress | number {
  const file = socketOf(task, fd);
  return typeof file === "number" ? file : file.getpeername();
}
