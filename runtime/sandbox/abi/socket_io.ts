/** Sending and receiving with iovecs of a guest (8 bytes each: pointer and length): streams fill one after the other, a message is one. @module */
import { EAGAIN, EFAULT, EINVAL, EMSGSIZE } from "../../../fs/abi/errno.ts";
import { POLLIN, POLLOUT } from "../../../fs/abi/poll.ts";
import { MSG_PEEK, MSG_WAITALL, SOCK_STREAM } from "../../abi/linux/socket.ts";
import type { Task } from "../kernel/task.ts";
import type { SocketAddress } from "../net/address.ts";
import { retry, retryAll } from "../net/calls/wait.ts";
import { Incoming, type SocketFile, wantsAll } from "../net/socket_file.ts";
import type { GuestMemory } from "./guest_memory.ts";

/** Most iovecs in one call (IOV_MAX of man 2 readv). */
const IOV_MAX = 1024;
/** Longest message that is put together of several iovecs; none that a socket takes is longer. */
const MESSAGE_MAX = 256 * 1024;

/** Checks an array of iovecs: 0, -EINVAL, or -EFAULT where the array or one of them is outside of the memory. */
export function checkIovecs(memory: GuestMemory, iovs: number, count: number): number {
  if (count > IOV_MAX) return -EINVAL;
  if (!memory.holds(iovs, count * 8)) return -EFAULT;
  const { view } = memory;
  for (let i = 0; i < count; i++) {
    const at = iovs + i * 8;
    if (!memory.holds(view.getUint32(at, true), view.getUint32(at + 4, true))) return -EFAULT;
  }
  return 0;
}

function lengthOf(memory: GuestMemory, iovs: number, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += memory.view.getUint32(iovs + i * 8 + 4, true);
  return total;
}

/** Runs `step` over the iovecs until one is not filled. Bytes, or the errno when there are none. */
function each(
  memory: GuestMemory,
  iovs: number,
  count: number,
  step: (ptr: number, len: number) => number,
): number {
  let total = 0;
  for (let i = 0; i < count; i++) {
    const at = iovs + i * 8;
    const len = memory.view.getUint32(at + 4, true);
    if (len === 0 && count > 1) continue;
    const n = step(memory.view.getUint32(at, true), len);
    if (n < 0) return total > 0 ? total : n;
    total += n;
    if (n < len) break;
  }
  return total;
}

/** recvmsg(2) into iovecs that have been checked. Bytes, or a negative errno. */
export function receive(
  memory: GuestMemory,
  file: SocketFile,
  iovs: number,
  count: number,
  flags: number,
  more: Incoming = new Incoming(),
): number {
  const { view } = memory;
  // A second peek would see the same bytes again: peeking a stream fills the first iovec that is not empty.
  while (count > 1 && view.getUint32(iovs + 4, true) === 0) iovs += 8, count--;
  if (count === 1 || (count > 1 && file.type === SOCK_STREAM && (flags & MSG_PEEK) !== 0)) {
    return file.recv(memory.bytes, view.getUint32(iovs, true), view.getUint32(iovs + 4, true), flags, more);
  }
  if (count === 0) return file.recv(memory.bytes, 0, 0, flags, more);
  if (file.type === SOCK_STREAM) {
    return each(memory, iovs, count, (ptr, len) => file.recv(memory.bytes, ptr, len, flags, more));
  }
  const message = new Uint8Array(Math.min(lengthOf(memory, iovs, count), MESSAGE_MAX));
  const n = file.recv(message, 0, message.length, flags, more);
  let done = 0;
  each(memory, iovs, count, (ptr, len) => {
    const part = message.subarray(done, Math.min(done + len, Math.max(n, 0)));
    memory.bytes.set(part, ptr);
    done += part.length;
    return part.length;
  });
  return n;
}

/** Closes the files that came along with data, where the interface has no place for them. */
export function closeRights(more: Incoming): void {
  for (const file of more.rights.splice(0)) file.close();
}

/** recvmsg(2) of a socket that blocks, after -EAGAIN. */
export function waitReceive(
  memory: GuestMemory,
  task: Task,
  file: SocketFile,
  iovs: number,
  count: number,
  flags: number,
  more: Incoming,
): Promise<number> {
  if (file.type === SOCK_STREAM && wantsAll(file, flags)) {
    return receiveAll(memory, task, file, iovs, count, flags, more);
  }
  const attempt = (): number => receive(memory, file, iovs, count, flags, more);
  return retry(task, file, POLLIN, file.options.rcvtimeo, attempt);
}

/** recvmsg(2) with MSG_WAITALL: takes what comes until every iovec is full, or the stream ends. */
function receiveAll(
  memory: GuestMemory,
  task: Task,
  file: SocketFile,
  iovs: number,
  count: number,
  flags: number,
  more: Incoming,
): Promise<number> {
  const total = lengthOf(memory, iovs, count);
  return retryAll(task, file, POLLIN, file.options.rcvtimeo, total, (done) => {
    const { ptr, len } = rest(memory, iovs, count, done);
    return file.recv(memory.bytes, ptr, len, flags & ~MSG_WAITALL, more);
  });
}

/** The rest of the iovec in which the byte lies that is `done` bytes from the first. */
function rest(memory: GuestMemory, iovs: number, count: number, done: number): { ptr: number; len: number } {
  const { view } = memory;
  for (let i = 0; i < count; i++) {
    const ptr = view.getUint32(iovs + i * 8, true), len = view.getUint32(iovs + i * 8 + 4, true);
    if (done < len) return { ptr: ptr + done, len: len - done };
    done -= len;
  }
  return { ptr: 0, len: 0 };
}

/** sendmsg(2) from iovecs that have been checked. Bytes, or a negative errno. */
export function transmit(
  memory: GuestMemory,
  task: Task,
  file: SocketFile,
  iovs: number,
  count: number,
  flags: number,
  to: SocketAddress | null = null,
): number {
  const { view } = memory;
  if (count === 1) {
    return file.send(
      memory.bytes,
      view.getUint32(iovs, true),
      view.getUint32(iovs + 4, true),
      flags,
      to,
      task,
    );
  }
  const length = lengthOf(memory, iovs, count);
  if (file.type === SOCK_STREAM) {
    if (length === 0) return file.send(memory.bytes, 0, 0, flags, to, task);
    return each(memory, iovs, count, (ptr, len) => file.send(memory.bytes, ptr, len, flags, to, task));
  }
  if (length > MESSAGE_MAX) return -EMSGSIZE;
  const message = new Uint8Array(length);
  let done = 0;
  each(memory, iovs, count, (ptr, len) => {
    message.set(memory.bytes.subarray(ptr, ptr + len), done);
    done += len;
    return len;
  });
  return file.send(message, 0, length, flags, to, task);
}

/** True if a send on a socket that blocks is not done: it answered -EAGAIN, or only a part of a stream's bytes. */
export function unfinished(
  memory: GuestMemory,
  file: SocketFile,
  iovs: number,
  count: number,
  n: number,
): boolean {
  if (file.nonblocking) return false;
  return n === -EAGAIN || (n >= 0 && file.type === SOCK_STREAM && n < lengthOf(memory, iovs, count));
}

/** sendmsg(2) of a socket that blocks, after `sent` bytes (or -EAGAIN): a stream's bytes are sent to the last. */
export async function waitTransmit(
  memory: GuestMemory,
  task: Task,
  file: SocketFile,
  iovs: number,
  count: number,
  flags: number,
  to: SocketAddress | null,
  sent: number,
): Promise<number> {
  if (file.type !== SOCK_STREAM) {
    const attempt = (): number => transmit(memory, task, file, iovs, count, flags, to);
    return await retry(task, file, POLLOUT, file.options.sndtimeo, attempt);
  }
  const total = lengthOf(memory, iovs, count);
  const step = (done: number): number => {
    const { ptr, len } = rest(memory, iovs, count, done);
    return file.send(memory.bytes, ptr, len, flags, to, task);
  };
  return await retryAll(task, file, POLLOUT, file.options.sndtimeo, total, step, Math.max(sent, 0));
}
