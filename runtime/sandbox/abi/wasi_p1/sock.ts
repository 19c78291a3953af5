/** sock_accept, sock_recv, sock_send, sock_shutdown on sockets the process was given. @module */
import { EAGAIN, EPIPE } from "../../../../fs/abi/errno.ts";
import { O_NONBLOCK } from "../../../../fs/abi/open.ts";
import { POLLIN } from "../../../../fs/abi/poll.ts";
import {
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SOCK_STREAM,
} from "../../../abi/linux/socket.ts";
import { Incoming, SocketFile } from "../../net/socket_file.ts";
import { retry } from "../../net/calls/wait.ts";
import {
  checkIovecs,
  closeRights,
  receive,
  transmit,
  unfinished,
  waitReceive,
  waitTransmit,
} from "../socket_io.ts";
import { END_GUEST, type PlainFunction, WOULD_BLOCK } from "../shim.ts";
import { BADF, FAULT, INVAL, NOTCAPABLE, NOTSOCK, SUCCESS, toWasi } from "./errno.ts";
import type { FunctionSet } from "./fd_io.ts";
import type { WasiProcess } from "./process.ts";
import { FDFLAG, RIGHT, RIGHTS_SOCKET } from "./types.ts";

const RI_PEEK = 1, RI_WAITALL = 2;
const SD_RD = 1, SD_WR = 2;
const RO_TRUNCATED = 1;

/** The socket functions of a process. */
export function sockets(p: WasiProcess): FunctionSet {
  const { task, memory } = p;
  const files = task.files;
  /** What the last receive told beside the data: files that came along are not for preview1. */
  const incoming = new Incoming();

  /** The socket behind a descriptor that has a right; a number is a preview1 errno. */
  function socket(fd: number, right: number): SocketFile | number {
    const entry = files.get(fd);
    if (entry === undefined) return BADF;
    if (!(entry.file instanceof SocketFile)) return NOTSOCK;
    return (entry.rights & right) === right ? entry.file : NOTCAPABLE;
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

  /** The arguments of sock_recv that hold for both of its halves: the socket, or a preview1 errno. */
  function receiver(
    fd: number,
    iovs: number,
    count: number,
    flags: number,
    out: number,
    flagsOut: number,
  ): SocketFile | number {
    const file = socket(fd, RIGHT.FD_READ);
    if (typeof file === "number") return file;
    if ((flags & ~(RI_PEEK | RI_WAITALL)) !== 0) return INVAL;
    const wrong = checkIovecs(memory, iovs >>> 0, count >>> 0);
    if (wrong < 0) return toWasi(wrong);
    return memory.holds(out >>> 0, 4) && memory.holds(flagsOut >>> 0, 2) ? file : FAULT;
  }

  function received(n: number, out: number, flagsOut: number): number {
    closeRights(incoming);
    if (n < 0) return toWasi(n);
    memory.view.setUint32(out >>> 0, n, true);
    memory.view.setUint16(flagsOut >>> 0, (incoming.flags & MSG_TRUNC) !== 0 ? RO_TRUNCATED : 0, true);
    return SUCCESS;
  }

  const msgOf = (flags: number): number =>
    ((flags & RI_PEEK) !== 0 ? MSG_PEEK : 0) | ((flags & RI_WAITALL) !== 0 ? MSG_WAITALL : 0);

  /** The arguments of sock_send that hold for both of its halves: the socket, or a preview1 errno. */
  function sender(fd: number, iovs: number, count: number, flags: number, out: number): SocketFile | number {
    const file = socket(fd, RIGHT.FD_WRITE);
    if (typeof file === "number") return file;
    if (flags !== 0) return INVAL;
    const wrong = checkIovecs(memory, iovs >>> 0, count >>> 0);
    if (wrong < 0) return toWasi(wrong);
    return memory.holds(out >>> 0, 4) ? file : FAULT;
  }

  /** Bytes that sock_send sent before it had to wait, or -EAGAIN. */
  let progress = 0;

  function sent(file: SocketFile, n: number, out: number): number {
    if (n < 0) return n === -EPIPE && file.type === SOCK_STREAM ? p.result(n) : toWasi(n);
    memory.view.setUint32(out >>> 0, n, true);
    return SUCCESS;
  }

  const plain: Record<string, PlainFunction> = {
    sock_accept: accept,
    sock_recv(fd, iovs, count, flags, out, flagsOut) {
      const file = receiver(fd!, iovs!, count!, flags!, out!, flagsOut!);
      if (typeof file === "number") return file;
      const n = receive(memory, file, iovs! >>> 0, count! >>> 0, msgOf(flags!), incoming);
      return n === -EAGAIN && !file.nonblocking ? WOULD_BLOCK : received(n, out!, flagsOut!);
    },
    sock_send(fd, iovs, count, flags, out) {
      const file = sender(fd!, iovs!, count!, flags!, out!);
      if (typeof file === "number") return file;
      progress = transmit(memory, task, file, iovs! >>> 0, count! >>> 0, 0);
      return unfinished(memory, file, iovs! >>> 0, count! >>> 0, progress)
        ? WOULD_BLOCK
        : sent(file, progress, out!);
    },
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
      async sock_accept(fd, flags, out) {
        const file = socket(fd!, RIGHT.SOCK_ACCEPT);
        if (typeof file === "number") return file;
        const attempt = (): number => {
          const result = accept(fd!, flags!, out!);
          return result === WOULD_BLOCK ? -EAGAIN : result;
        };
        const result = await retry(task, file, POLLIN, file.options.rcvtimeo, attempt);
        return task.dying ? END_GUEST : result < 0 ? toWasi(result) : result;
      },
      async sock_recv(fd, iovs, count, flags, out, flagsOut) {
        const file = receiver(fd!, iovs!, count!, flags!, out!, flagsOut!);
        if (typeof file === "number") return file;
        const n = await waitReceive(memory, task, file, iovs! >>> 0, count! >>> 0, msgOf(flags!), incoming);
        return task.dying ? END_GUEST : received(n, out!, flagsOut!);
      },
      async sock_send(fd, iovs, count, flags, out) {
        const file = sender(fd!, iovs!, count!, flags!, out!);
        if (typeof file === "number") return file;
        const n = await waitTransmit(memory, task, file, iovs! >>> 0, count! >>> 0, 0, null, progress);
        return task.dying ? END_GUEST : sent(file, n, out!);
      },
    },
  };
}
