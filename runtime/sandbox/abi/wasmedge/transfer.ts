/** WasmEdge's sock_recv_from and sock_send_to. @module */
import { EAGAIN, EPIPE } from "../../../../fs/abi/errno.ts";
import { MSG_PEEK, MSG_TRUNC, MSG_WAITALL, SOCK_STREAM } from "../../../abi/linux/socket.ts";
import { isInet } from "../../net/address.ts";
import { socketOf } from "../../net/calls/mod.ts";
import { Incoming, type SocketFile } from "../../net/socket_file.ts";
import { END_GUEST, WOULD_BLOCK } from "../shim.ts";
import {
  checkIovecs,
  closeRights,
  receive,
  transmit,
  unfinished,
  waitReceive,
  waitTransmit,
} from "../socket_io.ts";
import { FAULT, INVAL, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { locate, readAddress, writeAddress } from "./address.ts";

const RI_PEEK = 1, RI_WAITALL = 2, RO_TRUNCATED = 1;

/** Where a receive puts what it tells. */
interface Results {
  readonly address: number;
  /** 16 bits; -1 in the first generation, which does not tell the port. */
  readonly port: number;
  readonly length: number;
  readonly flags: number;
}

/** The functions of a process. */
export function transfers(p: WasiProcess): FunctionSet {
  const { task, memory } = p;
  const incoming = new Incoming();

  function receiver(
    fd: number,
    iovs: number,
    count: number,
    flags: number,
    out: Results,
  ): SocketFile | number {
    const file = socketOf(task, fd);
    if (typeof file === "number") return toWasi(file);
    if ((flags & ~(RI_PEEK | RI_WAITALL)) !== 0) return INVAL;
    const wrong = checkIovecs(memory, iovs, count);
    if (wrong < 0) return toWasi(wrong);
    const place = locate(memory, out.address);
    if (typeof place === "number") return toWasi(place);
    if (out.port >= 0 && !memory.holds(out.port, 2)) return FAULT;
    return memory.holds(out.length, 4) && memory.holds(out.flags, 2) ? file : FAULT;
  }

  const msgOf = (flags: number): number =>
    ((flags & RI_PEEK) !== 0 ? MSG_PEEK : 0) | ((flags & RI_WAITALL) !== 0 ? MSG_WAITALL : 0);

  function received(n: number, out: Results): number {
    closeRights(incoming);
    if (n < 0) return toWasi(n);
    const { from } = incoming;
    if (from !== null) {
      const written = writeAddress(memory, out.address, from);
      if (typeof written === "number") return toWasi(written);
      if (out.port >= 0) memory.view.setUint16(out.port, isInet(from) ? from.port : 0, true);
    }
    memory.view.setUint32(out.length, n, true);
    memory.view.setUint16(out.flags, (incoming.flags & MSG_TRUNC) !== 0 ? RO_TRUNCATED : 0, true);
    return SUCCESS;
  }

  function recv(fd: number, iovs: number, count: number, flags: number, out: Results): number {
    const file = receiver(fd, iovs, count, flags, out);
    if (typeof file === "number") return file;
    const n = receive(memory, file, iovs, count, msgOf(flags), incoming);
    return n === -EAGAIN && !file.nonblocking ? WOULD_BLOCK : received(n, out);
  }

  async function waitRecv(
    fd: number,
    iovs: number,
    count: number,
    flags: number,
    out: Results,
  ): Promise<number> {
    const file = receiver(fd, iovs, count, flags, out);
    if (typeof file === "number") return file;
    const n = await waitReceive(memory, task, file, iovs, count, msgOf(flags), incoming);
    return task.dying ? END_GUEST : received(n, out);
  }

  const results1 = (address: number, length: number, flags: number): Results => ({
    ...{ address: address >>> 0, port: -1, length: length >>> 0, flags: flags >>> 0 },
  });
  const results2 = (address: number, port: number, length: number, flags: number): Results => ({
    ...{ address: address >>> 0, port: port >>> 0, length: length >>> 0, flags: flags >>> 0 },
  });

  /** Bytes that sock_send_to sent before it had to wait, or -EAGAIN. */
  let progress = 0;

  function sent(file: SocketFile, n: number, out: number): number {
    if (n < 0) return n === -EPIPE && file.type === SOCK_STREAM ? p.result(n) : toWasi(n);
    memory.view.setUint32(out, n, true);
    return SUCCESS;
  }

  function sender(fd: number, iovs: number, count: number, flags: number, out: number): SocketFile | number {
    const file = socketOf(task, fd);
    if (typeof file === "number") return toWasi(file);
    if (flags !== 0) return INVAL;
    const wrong = checkIovecs(memory, iovs, count);
    if (wrong < 0) return toWasi(wrong);
    return memory.holds(out, 4) ? file : FAULT;
  }

  return {
    plain: {
      recvFrom1: (fd, iovs, count, address, flags, length, flagsOut) =>
        recv(fd!, iovs! >>> 0, count! >>> 0, flags!, results1(address!, length!, flagsOut!)),
      recvFrom2: (fd, iovs, count, address, flags, port, length, flagsOut) =>
        recv(fd!, iovs! >>> 0, count! >>> 0, flags!, results2(address!, port!, length!, flagsOut!)),
      sendTo(fd, iovs, count, address, port, flags, out) {
        iovs! >>>= 0, count! >>>= 0, out! >>>= 0;
        const file = sender(fd!, iovs!, count!, flags!, out!);
        if (typeof file === "number") return file;
        const to = readAddress(memory, address!, port!);
        if (typeof to === "number") return toWasi(to);
        progress = transmit(memory, task, file, iovs!, count!, 0, to);
        return unfinished(memory, file, iovs!, count!, progress) ? WOULD_BLOCK : sent(file, progress, out!);
      },
    },
    blocking: {
      recvFrom1: (fd, iovs, count, address, flags, length, flagsOut) =>
        waitRecv(fd!, iovs! >>> 0, count! >>> 0, flags!, results1(address!, length!, flagsOut!)),
      recvFrom2: (fd, iovs, count, address, flags, port, length, flagsOut) =>
        waitRecv(fd!, iovs! >>> 0, count! >>> 0, flags!, results2(address!, port!, length!, flagsOut!)),
      async sendTo(fd, iovs, count, address, port, flags, out) {
        iovs! >>>= 0, count! >>>= 0, out! >>>= 0;
        const file = sender(fd!, iovs!, count!, flags!, out!);
        if (typeof file === "number") return file;
        const to = readAddress(memory, address!, port!);
        if (typeof to === "number") return toWasi(to);
        const n = await waitTransmit(memory, task, file, iovs!, count!, 0, to, progress);
        return task.dying ? END_GUEST : sent(file, n, out!);
      },
    },
  };
}
