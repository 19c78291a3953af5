/** WasmEdge's sock_open, sock_bind, sock_listen, sock_accept, sock_connect and the names of sockets. @module */
import { EAFNOSUPPORT, EAGAIN, EINPROGRESS, EINVAL, ESOCKTNOSUPPORT } from "../../../../fs/abi/errno.ts";
import { SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM } from "../../../abi/linux/socket.ts";
import type { SocketAddress } from "../../net/address.ts";
import * as calls from "../../net/calls/mod.ts";
import { END_GUEST, WOULD_BLOCK } from "../shim.ts";
import { FAULT, INVAL, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { FDFLAG, RIGHTS_SOCKET } from "../wasi_p1/types.ts";
import { FAMILY, familyOf, readAddress, TYPE, writeAddress } from "./address.ts";

/** How the first generation counts families in names: by the version of IP. */
const VERSION: Readonly<Record<number, number>> = { [FAMILY.INET4]: 4, [FAMILY.INET6]: 6 };

/** The functions of a process. */
export function connections(p: WasiProcess): FunctionSet {
  const { task, memory } = p;

  function open(family: number, type: number, out: number): number {
    out >>>= 0;
    if (!memory.holds(out, 4)) return FAULT;
    const domain = familyOf(family);
    if (domain === undefined) return toWasi(-EAFNOSUPPORT);
    const kind = type === TYPE.STREAM ? SOCK_STREAM : type === TYPE.DGRAM ? SOCK_DGRAM : undefined;
    if (kind === undefined) return toWasi(type === TYPE.ANY ? -EINVAL : -ESOCKTNOSUPPORT);
    const fd = calls.socket(task, domain, kind, 0);
    if (fd < 0) return toWasi(fd);
    task.files.get(fd)!.rights = RIGHTS_SOCKET;
    memory.view.setUint32(out, fd, true);
    return SUCCESS;
  }

  function bind(fd: number, address: number, port: number): number {
    const at = readAddress(memory, address, port);
    return toWasi(typeof at === "number" ? at : calls.bind(task, fd, at));
  }

  /** How an accept has ended. */
  function accepted(result: calls.Accepted | number, out: number): number {
    if (typeof result === "number") return toWasi(result);
    task.files.get(result.fd)!.rights = RIGHTS_SOCKET;
    memory.view.setUint32(out >>> 0, result.fd, true);
    return SUCCESS;
  }

  function accept(fd: number, flags: number, out: number): number {
    if ((flags & ~FDFLAG.NONBLOCK) !== 0) return INVAL;
    if (!memory.holds(out >>> 0, 4)) return FAULT;
    const result = calls.accept(task, fd, (flags & FDFLAG.NONBLOCK) !== 0 ? SOCK_NONBLOCK : 0);
    return result === -EAGAIN && blocks(fd) ? WOULD_BLOCK : accepted(result, out);
  }

  async function waitAccept(fd: number, flags: number, out: number): Promise<number> {
    const result = await calls.waitAccept(task, fd, (flags & FDFLAG.NONBLOCK) !== 0 ? SOCK_NONBLOCK : 0);
    return task.dying ? END_GUEST : accepted(result, out);
  }

  function blocks(fd: number): boolean {
    const file = calls.socketOf(task, fd);
    return typeof file !== "number" && !file.nonblocking;
  }

  function connect(fd: number, address: number, port: number): number {
    const to = readAddress(memory, address, port);
    if (typeof to === "number") return toWasi(to);
    const result = calls.connect(task, fd, to);
    return (result === -EINPROGRESS || result === -EAGAIN) && blocks(fd) ? WOULD_BLOCK : toWasi(result);
  }

  async function waitConnect(fd: number, address: number, port: number): Promise<number> {
    const to = readAddress(memory, address, port);
    if (typeof to === "number") return toWasi(to);
    const result = await calls.waitConnect(task, fd, to);
    return task.dying ? END_GUEST : toWasi(result);
  }

  /** Writes a name as the first generation has it: the type by itself. */
  function name1(name: SocketAddress | number, address: number, typeOut: number, portOut: number): number {
    if (typeof name === "number") return toWasi(name);
    typeOut >>>= 0, portOut >>>= 0;
    if (!memory.holds(typeOut, 4) || !memory.holds(portOut, 4)) return FAULT;
    const written = writeAddress(memory, address, name);
    if (typeof written === "number") return toWasi(written);
    memory.view.setUint32(typeOut, VERSION[written.family] ?? written.family, true);
    memory.view.setUint32(portOut, written.port, true);
    return SUCCESS;
  }

  function name2(name: SocketAddress | number, address: number, portOut: number): number {
    if (typeof name === "number") return toWasi(name);
    portOut >>>= 0;
    if (!memory.holds(portOut, 4)) return FAULT;
    const written = writeAddress(memory, address, name);
    if (typeof written === "number") return toWasi(written);
    memory.view.setUint32(portOut, written.port, true);
    return SUCCESS;
  }

  return {
    plain: {
      open: (family, type, out) => open(family!, type!, out!),
      bind: (fd, address, port) => bind(fd!, address!, port!),
      listen: (fd, backlog) => toWasi(calls.listen(task, fd!, backlog!)),
      accept1: (fd, out) => accept(fd!, 0, out!),
      accept2: (fd, flags, out) => accept(fd!, flags!, out!),
      connect: (fd, address, port) => connect(fd!, address!, port!),
      local1: (fd, address, type, port) => name1(calls.getsockname(task, fd!), address!, type!, port!),
      local2: (fd, address, port) => name2(calls.getsockname(task, fd!), address!, port!),
      peer1: (fd, address, type, port) => name1(calls.getpeername(task, fd!), address!, type!, port!),
      peer2: (fd, address, port) => name2(calls.getpeername(task, fd!), address!, port!),
    },
    blocking: {
      accept1: (fd, out) => waitAccept(fd!, 0, out!),
      accept2: (fd, flags, out) => waitAccept(fd!, flags!, out!),
      connect: (fd, address, port) => waitConnect(fd!, address!, port!),
    },
  };
}
