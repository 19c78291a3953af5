/** Sockets: sock_open, sock_bind, sock_connect, sock_recv_from, resolve and the rest. @module */
import { EAFNOSUPPORT, EAGAIN, EBADF, EINPROGRESS, EPROTOTYPE } from "../../../../fs/abi/errno.ts";
import { POLLOUT } from "../../../../fs/abi/poll.ts";
import {
  AF_UNSPEC,
  IP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from "../../../abi/linux/socket.ts";
import type { SocketAddress } from "../../net/address.ts";
import * as calls from "../../net/calls/mod.ts";
import { netOf } from "../../net/create.ts";
import { parseIp } from "../../net/ip.ts";
import { Incoming, type SocketFile } from "../../net/socket_file.ts";
import { type BlockingFunction, END_GUEST, type PlainFunction, WOULD_BLOCK } from "../shim.ts";
import {
  checkIovecs,
  closeRights,
  receive,
  transmit,
  unfinished,
  waitReceive,
  waitTransmit,
} from "../socket_io.ts";
import { BADF, FAULT, INVAL, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { FDFLAG } from "../wasi_p1/types.ts";
import {
  ADDR_IP_SIZE,
  ADDR_PORT_SIZE,
  familyOf,
  readAddress,
  typeOf,
  writeAddress,
  writeIp,
} from "./addresses.ts";
import { readText } from "./strings.ts";

/** $sock_type, in Linux's numbers. */
const RIFLAG = { PEEK: 1, WAITALL: 2, TRUNCATED: 4, DONT_WAIT: 8 } as const;
const SIFLAG_DONT_WAIT = 1;
const ROFLAG_TRUNCATED = 1;
/** $sock_status. */
const STATUS = { OPENING: 0, OPENED: 1, FAILED: 3 } as const;
const SEND_FILE_BLOCK = 65536;
/** Names are no longer than this (RFC 1035, 2.3.4). */
const HOST_NAME_MAX = 255;

/** Can a call that answered -EAGAIN wait? */
const waits = (file: SocketFile, flags: number): boolean => !file.nonblocking && (flags & MSG_DONTWAIT) === 0;

/** No address is the peer's. */
const destination = (address: SocketAddress): SocketAddress | null =>
  address.family === AF_UNSPEC ? null : address;

/** The socket functions of a process. */
export function wasixSockets(p: WasiProcess): FunctionSet {
  const { task, memory } = p;
  /** What a receive that waits has found. */
  let more = new Incoming();
  let sent = 0;

  function open(family: number, type: number, protocol: number, make: (...args: number[]) => number): number {
    const [linux, number] = [familyOf(family), typeOf(type)];
    if (linux <= AF_UNSPEC) return toWasi(-EAFNOSUPPORT);
    return number < 0 ? toWasi(-EPROTOTYPE) : make(linux, number, protocol);
  }

  /** getsockname and getpeername. */
  function tell(found: SocketAddress | number, out: number): number {
    out >>>= 0;
    if (!memory.holds(out, ADDR_PORT_SIZE)) return FAULT;
    if (typeof found === "number") return toWasi(found);
    writeAddress(memory, out, found);
    return SUCCESS;
  }

  function withAddress(at: number, call: (address: SocketAddress) => number): number {
    const address = readAddress(memory, at);
    return typeof address === "number" ? address : call(address);
  }

  function accepted(result: calls.Accepted | number, fdOut: number, addressOut: number): number {
    if (typeof result === "number") return toWasi(result);
    memory.view.setUint32(fdOut >>> 0, result.fd, true);
    writeAddress(memory, addressOut >>> 0, result.peer);
    return SUCCESS;
  }

  const acceptFlags = (flags: number): number => flags & FDFLAG.NONBLOCK ? SOCK_NONBLOCK : 0;

  const receiveFlags = (flags: number): number =>
    (flags & RIFLAG.PEEK ? MSG_PEEK : 0) | (flags & RIFLAG.WAITALL ? MSG_WAITALL : 0) |
    (flags & RIFLAG.TRUNCATED ? MSG_TRUNC : 0) | (flags & RIFLAG.DONT_WAIT ? MSG_DONTWAIT : 0);

  function received(n: number, length: number, flags: number, address: number): number {
    closeRights(more);
    if (n < 0) return p.result(n);
    memory.view.setUint32(length >>> 0, n, true);
    memory.view.setUint16(flags >>> 0, more.flags & MSG_TRUNC ? ROFLAG_TRUNCATED : 0, true);
    writeAddress(memory, address >>> 0, more.from);
    return SUCCESS;
  }

  function transmitted(n: number, out: number): number {
    if (n < 0) return p.result(n);
    memory.view.setUint32(out >>> 0, n, true);
    return SUCCESS;
  }

  const plain: Record<string, PlainFunction> = {
    sock_open(family, type, protocol, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 4)) return FAULT;
      return open(family!, type!, protocol!, (...args) => {
        const fd = calls.socket(task, args[0]!, args[1]!, args[2]!);
        if (fd < 0) return toWasi(fd);
        memory.view.setUint32(out!, fd, true);
        return SUCCESS;
      });
    },
    sock_pair(family, type, protocol, first, second) {
      first! >>>= 0, second! >>>= 0;
      if (!memory.holds(first!, 4) || !memory.holds(second!, 4)) return FAULT;
      return open(family!, type!, protocol!, (...args) => {
        const pair = calls.socketpair(task, args[0]!, args[1]!, args[2]!);
        if (typeof pair === "number") return toWasi(pair);
        memory.view.setUint32(first!, pair[0], true);
        memory.view.setUint32(second!, pair[1], true);
        return SUCCESS;
      });
    },
    sock_status(fd, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 1)) return FAULT;
      const file = calls.socketOf(task, fd!);
      if (typeof file === "number") return toWasi(file);
      const opening = file.isInet && file.type === SOCK_STREAM && file.connectResult() === -EINPROGRESS;
      memory.view.setUint8(out!, file.error !== 0 ? STATUS.FAILED : opening ? STATUS.OPENING : STATUS.OPENED);
      return SUCCESS;
    },
    sock_addr_local: (fd, out) => tell(calls.getsockname(task, fd!), out!),
    sock_addr_peer: (fd, out) => tell(calls.getpeername(task, fd!), out!),
    sock_bind: (fd, at) => withAddress(at!, (address) => toWasi(calls.bind(task, fd!, address))),
    sock_listen: (fd, backlog) => toWasi(calls.listen(task, fd!, backlog!)),
    sock_accept_v2(fd, flags, fdOut, addressOut) {
      if (!memory.holds(fdOut! >>> 0, 4) || !memory.holds(addressOut! >>> 0, ADDR_PORT_SIZE)) return FAULT;
      if ((flags! & ~FDFLAG.NONBLOCK) !== 0) return INVAL;
      const result = calls.accept(task, fd!, acceptFlags(flags!));
      const file = task.files.get(fd!)?.file;
      if (result === -EAGAIN && file?.nonblocking === false) return WOULD_BLOCK;
      return accepted(result, fdOut!, addressOut!);
    },
    sock_connect(fd, at) {
      return withAddress(at!, (address) => {
        const result = calls.connect(task, fd!, address);
        const blocks = task.files.get(fd!)?.file.nonblocking === false;
        return blocks && (result === -EINPROGRESS || result === -EAGAIN) ? WOULD_BLOCK : toWasi(result);
      });
    },
    sock_recv_from(fd, iovs, count, flags, length, roflags, address) {
      iovs! >>>= 0, count! >>>= 0;
      const file = calls.socketOf(task, fd!);
      if (typeof file === "number") return toWasi(file);
      if (!memory.holds(length! >>> 0, 4) || !memory.holds(roflags! >>> 0, 2)) return FAULT;
      if (!memory.holds(address! >>> 0, ADDR_PORT_SIZE)) return FAULT;
      const wrong = checkIovecs(memory, iovs!, count!);
      if (wrong < 0) return toWasi(wrong);
      more = new Incoming();
      const linux = receiveFlags(flags!);
      const n = receive(memory, file, iovs!, count!, linux, more);
      if (n === -EAGAIN && waits(file, linux)) return WOULD_BLOCK;
      return received(n, length!, roflags!, address!);
    },
    sock_send_to(fd, iovs, count, flags, address, out) {
      iovs! >>>= 0, count! >>>= 0;
      const file = calls.socketOf(task, fd!);
      if (typeof file === "number") return toWasi(file);
      if (!memory.holds(out! >>> 0, 4)) return FAULT;
      const wrong = checkIovecs(memory, iovs!, count!);
      if (wrong < 0) return toWasi(wrong);
      return withAddress(address!, (named) => {
        const to = destination(named);
        const linux = flags! & SIFLAG_DONT_WAIT ? MSG_DONTWAIT : 0;
        sent = transmit(memory, task, file, iovs!, count!, linux, to);
        if (waits(file, linux) && unfinished(memory, file, iovs!, count!, sent)) return WOULD_BLOCK;
        return transmitted(sent, out!);
      });
    },
    sock_join_multicast_v4: (fd) =>
      toWasi(calls.setsockopt(task, fd!, IPPROTO_IP, IP.ADD_MEMBERSHIP, new Int32Array(2))),
    sock_leave_multicast_v4: (fd) =>
      toWasi(calls.setsockopt(task, fd!, IPPROTO_IP, IP.DROP_MEMBERSHIP, new Int32Array(2))),
    sock_join_multicast_v6: (fd) =>
      toWasi(calls.setsockopt(task, fd!, IPPROTO_IPV6, IPV6.ADD_MEMBERSHIP, new Int32Array(5))),
    sock_leave_multicast_v6: (fd) =>
      toWasi(calls.setsockopt(task, fd!, IPPROTO_IPV6, IPV6.DROP_MEMBERSHIP, new Int32Array(5))),
    sock_send_file: () => WOULD_BLOCK,
    resolve: () => WOULD_BLOCK,
  };

  async function sendFile(out: number, input: number, offset: number, count: number): Promise<number> {
    const [to, from] = [task.files.get(out), task.files.get(input)];
    if (to === undefined || from === undefined || !to.file.writable || !from.file.readable) return -EBADF;
    const block = new Uint8Array(SEND_FILE_BLOCK);
    let total = 0;
    while (total < count) {
      const n = from.file.pread(block, 0, Math.min(block.length, count - total), offset + total);
      if (n <= 0) return total > 0 ? total : n;
      for (let done = 0; done < n;) {
        const written = to.file.write(block, done, n - done);
        if (written >= 0) {
          done += written;
          continue;
        }
        if (written !== -EAGAIN || to.file.nonblocking) return total + done > 0 ? total + done : written;
        const error = await task.block(to.file, POLLOUT);
        if (error < 0) return total + done > 0 ? total + done : error;
      }
      total += n;
    }
    return total;
  }

  const blocking: Record<string, BlockingFunction> = {
    async sock_accept_v2(fd, flags, fdOut, addressOut) {
      const result = await calls.waitAccept(task, fd!, acceptFlags(flags!));
      return task.dying ? END_GUEST : accepted(result, fdOut!, addressOut!);
    },
    async sock_connect(fd, at) {
      const address = readAddress(memory, at!);
      if (typeof address === "number") return address;
      const result = await calls.waitConnect(task, fd!, address);
      return task.dying ? END_GUEST : toWasi(result);
    },
    async sock_recv_from(fd, iovs, count, flags, length, roflags, address) {
      const file = calls.socketOf(task, fd!);
      if (typeof file === "number") return toWasi(file);
      const linux = receiveFlags(flags!);
      const n = await waitReceive(memory, task, file, iovs! >>> 0, count! >>> 0, linux, more);
      return task.dying ? END_GUEST : received(n, length!, roflags!, address!);
    },
    async sock_send_to(fd, iovs, count, _flags, address, out) {
      const file = calls.socketOf(task, fd!);
      if (typeof file === "number") return toWasi(file);
      const to = readAddress(memory, address!);
      if (typeof to === "number") return to;
      const n = await waitTransmit(memory, task, file, iovs! >>> 0, count! >>> 0, 0, destination(to), sent);
      return task.dying ? END_GUEST : transmitted(n, out!);
    },
    async sock_send_file(fd, input, offset, count, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 8)) return FAULT;
      if (task.files.get(fd!) === undefined || task.files.get(input!) === undefined) return BADF;
      const n = await sendFile(fd!, input!, offset!, count!);
      if (task.dying) return END_GUEST;
      if (n < 0) return p.result(n);
      memory.setU64(out!, n);
      return SUCCESS;
    },
    async resolve(host, length, _port, out, room, countOut) {
      out! >>>= 0, room! >>>= 0, countOut! >>>= 0;
      if (!memory.holds(out!, room! * ADDR_IP_SIZE) || !memory.holds(countOut!, 4)) return FAULT;
      const name = readText(memory, host!, length!);
      if (typeof name === "number") return name;
      if (name.length > HOST_NAME_MAX) return INVAL;
      const found = await lookup(name);
      if (task.dying) return END_GUEST;
      if (typeof found === "number") return toWasi(found);
      const shown = found.slice(0, room!);
      shown.forEach((ip, i) => writeIp(memory, out! + i * ADDR_IP_SIZE, ip));
      memory.view.setUint32(countOut!, shown.length, true);
      return SUCCESS;
    },
  };
  return { plain, blocking };

  /** Addresses of a name: IPv4 first, as a program that asks for "any" expects them. */
  async function lookup(name: string): Promise<readonly Uint8Array[] | number> {
    const literal = parseIp(name);
    if (literal !== undefined) return [literal];
    const service = netOf(task).names;
    if (service === null || service === undefined) return -EAGAIN;
    const four = await service.lookup(name, 4), six = await service.lookup(name, 6);
    const all = [four, six].flatMap((each) => typeof each === "number" ? [] : [...each]);
    return all.length > 0 ? all : typeof four === "number" ? four : typeof six === "number" ? six : [];
  }
}
