/** sock_accept, sock_recv, sock_send, sock_shutdown on sockets the process was given. @module */
import { EAGAIN, EFAULT } from "../../../../fs/abi/errno.ts";
import { O_NONBLOCK } from "../../../../fs/abi/open.ts";
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import { MSG_PEEK, MSG_WAITALL, SHUT_RD, SHUT_RDWR, SHUT_WR, SocketFile } from "../../net/socket_file.ts";
import { END_GUEST, type PlainFunction, WOULD_BLOCK } from "../shim.ts";
import { BADF, FAULT, INVAL, NOTCAPABLE, NOTSOCK, SUCCESS, toWasi } from "./errno.ts";
import type { FunctionSet } from "./fd_io.ts";
import type { WasiProcess } from "./process.ts";
import { FDFLAG, RIGHT, RIGHTS_SOCKET } from "./types.ts";

const RI_PEEK = 1, RI_WAITALL = 2;
const SD_RD = 1, SD_WR = 2;
const IOV_MAX = 1024;

/** The socket functions of a process. */
export function sockets(p: WasiProcess): FunctionSet {
  const { task, memory } = p;
  const files = task.files;

  /** The socket behind a descriptor that has a right; a number is a preview1 errno. */
  function socket(fd: number, right: number): SocketFile | number {
    const entry = files.get(fd);
    if (entry === undefined) return BADF;
    if (!(entry.file instanceof SocketFile)) return NOTSOCK;
    return (entry.rights & right) === right ? entry.file : NOTCAPABLE;
  }

  /** Runs `step` over the iovecs until one is not filled. Bytes, or the errno when there are none. */
  function each(iovs: number, count: number, step: (ptr: number, len: number) => number): number {
    let total = 0;
    for (let i = 0; i < count; i++) {
      const ptr = memory.view.getUint32(iovs + i * 8, true),
        len = memory.view.getUint32(iovs + i * 8 + 4, true);
      if (!memory.holds(ptr, len)) return total > 0 ? total : -EFAULT;
      if (len === 0) continue;
      const n = step(ptr, len);
      if (n < 0) return total > 0 ? total : n;
      total += n;
      if (n < len) break;
    }
    return total;
  }

  function accept(fd: number, flags: number, out: number): number {
    const file = socket(fd, RIGHT.SOCK_ACCEPT);
    if (typeof file === "number") return file;
    if ((flags & ~FDFLAG.NONBLOCK) !== 0) return INVAL;
    out >>>= 0;
    if (!memory.holds(out, 4)) return FAULT;
    const peer = file.accept((flags & FDFLAG.NONBLOCK) !== 0 ? O_NONBLOCK : 0);
    if (peer === -EAGAIN && !file.nonblocking) return WOULD_BLOCK;
    if (typeof peer === "number") return toWasi(peer);
    const accepted = files.install(peer);
    if (accepted < 0) {
      peer.close();
      return toWasi(accepted);
    }
    files.get(accepted)!.rights = RIGHTS_SOCKET;
    memory.view.setUint32(out, accepted, true);
    return SUCCESS;
  }

  function recv(
    fd: number,
    iovs: number,
    count: number,
    flags: number,
    out: number,
    flagsOut: number,
  ): number {
    const file = socket(fd, RIGHT.FD_READ);
    if (typeof file === "number") return file;
    iovs >>>= 0, count >>>= 0, out >>>= 0, flagsOut >>>= 0;
    if (count > IOV_MAX || (flags & ~(RI_PEEK | RI_WAITALL)) !== 0) return INVAL;
    if (!memory.holds(iovs, count * 8) || !memory.holds(out, 4) || !memory.holds(flagsOut, 2)) return FAULT;
    // A second peek would see the same bytes again: peeking fills one iovec only, the first that is not empty.
    const peek = (flags & RI_PEEK) !== 0;
    while (peek && count > 1 && memory.view.getUint32(iovs + 4, true) === 0) iovs += 8, count--;
    const msg = (peek ? MSG_PEEK : 0) | ((flags & RI_WAITALL) !== 0 ? MSG_WAITALL : 0);
    const n = each(
      iovs,
      peek ? Math.min(count, 1) : count,
      (ptr, len) => file.recv(memory.bytes, ptr, len, msg),
    );
    if (n === -EAGAIN && !file.nonblocking) return WOULD_BLOCK;
    if (n < 0) return toWasi(n);
    memory.view.setUint32(out, n, true);
    memory.view.setUint16(flagsOut, 0, true); // streams are never truncated
    return SUCCESS;
  }

  function send(fd: number, iovs: number, count: number, flags: number, out: number): number {
    const file = socket(fd, RIGHT.FD_WRITE);
    if (typeof file === "number") return file;
    iovs >>>= 0, count >>>= 0, out >>>= 0;
    if (count > IOV_MAX || flags !== 0) return INVAL;
    if (!memory.holds(iovs, count * 8) || !memory.holds(out, 4)) return FAULT;
    const n = each(iovs, count, (ptr, len) => file.send(memory.bytes, ptr, len));
    if (n === -EAGAIN && !file.nonblocking) return WOULD_BLOCK;
    if (n < 0) return p.result(n);
    memory.view.setUint32(out, n, true);
    return SUCCESS;
  }

  /** Waits for `events` on the socket and tries again until the call no longer would block. */
  async function retry(fd: number, events: number, again: () => number): Promise<number> {
    for (;;) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      const error = await task.block(entry.file, events);
      if (task.dying) return END_GUEST;
      if (error < 0) return toWasi(error);
      const result = again();
      if (result !== WOULD_BLOCK) return result;
    }
  }

  const plain: Record<string, PlainFunction> = {
    sock_accept: accept,
    sock_recv: recv,
    sock_send: send,
    sock_shutdown(fd, how) {
      const file = socket(fd!, RIGHT.SOCK_SHUTDOWN);
      if (typeof file === "number") return file;
      if (how === SD_RD) return toWasi(file.shutdown(SHUT_RD));
      if (how === SD_WR) return toWasi(file.shutdown(SHUT_WR));
      return how === (SD_RD | SD_WR) ? toWasi(file.shutdown(SHUT_RDWR)) : INVAL;
    },
  };
  return {
    plain,
    blocking: {
      sock_accept: (fd, flags, out) => retry(fd!, POLLIN, () => accept(fd!, flags!, out!)),
      sock_recv: (fd, iovs, count, flags, out, flagsOut) =>
        retry(fd!, POLLIN, () => recv(fd!, iovs!, count!, flags!, out!, flagsOut!)),
      sock_send: (fd, iovs, count, flags, out) =>
        retry(fd!, POLLOUT, () => send(fd!, iovs!, count!, flags!, out!)),
    },
  };
}
