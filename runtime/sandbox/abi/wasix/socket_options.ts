/** Options of sockets: sock_set_opt_flag, sock_get_opt_time and their relatives. @module */
import { ENOPROTOOPT } from "../../../../fs/abi/errno.ts";
import {
  IP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6,
  SO,
  SOL_SOCKET,
  TCP,
} from "../../../abi/linux/socket.ts";
import { getsockopt, setsockopt } from "../../net/calls/mod.ts";
import type { PlainFunction } from "../shim.ts";
import { FAULT, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";

type Option = readonly [level: number, name: number];

/** $sock_option as flags. */
const FLAGS: Readonly<Record<number, Option>> = {
  1: [SOL_SOCKET, SO.REUSEPORT],
  2: [SOL_SOCKET, SO.REUSEADDR],
  3: [IPPROTO_TCP, TCP.NODELAY],
  4: [SOL_SOCKET, SO.DONTROUTE],
  5: [IPPROTO_IPV6, IPV6.V6ONLY],
  6: [SOL_SOCKET, SO.BROADCAST],
  7: [IPPROTO_IP, IP.MULTICAST_LOOP],
  8: [IPPROTO_IPV6, IPV6.MULTICAST_LOOP],
  10: [SOL_SOCKET, SO.ACCEPTCONN],
  12: [SOL_SOCKET, SO.KEEPALIVE],
  14: [SOL_SOCKET, SO.OOBINLINE],
};
/** As times. Connecting and accepting have the timeouts of sending and receiving (man 7 socket). */
const TIMES: Readonly<Record<number, Option>> = {
  13: [SOL_SOCKET, SO.LINGER],
  19: [SOL_SOCKET, SO.RCVTIMEO],
  20: [SOL_SOCKET, SO.SNDTIMEO],
  21: [SOL_SOCKET, SO.SNDTIMEO],
  22: [SOL_SOCKET, SO.RCVTIMEO],
};
/** As numbers. */
const SIZES: Readonly<Record<number, Option>> = {
  11: [SOL_SOCKET, SO.ERROR],
  15: [SOL_SOCKET, SO.RCVBUF],
  16: [SOL_SOCKET, SO.SNDBUF],
  17: [SOL_SOCKET, SO.RCVLOWAT],
  18: [SOL_SOCKET, SO.SNDLOWAT],
  23: [IPPROTO_IP, IP.TTL],
  24: [IPPROTO_IP, IP.MULTICAST_TTL],
  25: [SOL_SOCKET, SO.TYPE],
  26: [SOL_SOCKET, SO.PROTOCOL],
};
const LINGER = 13, LAST_ERROR = 11, TYPE = 25;
/** SOCK_* in the numbers of $sock_type. */
const TYPES: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 5: 4 };
/** $option_timestamp: a tag, and nanoseconds at 8. */
const OPTION_TIMESTAMP_SIZE = 16;
const NO_OPTION = toWasi(-ENOPROTOOPT);

/** The option functions of a process. */
export function socketOptions(p: WasiProcess): FunctionSet {
  const { task, memory } = p;

  function get(option: Option | undefined, fd: number): Int32Array | number {
    if (option === undefined) return -ENOPROTOOPT;
    return getsockopt(task, fd, ...option);
  }

  const plain: Record<string, PlainFunction> = {
    sock_set_opt_flag(fd, option, flag) {
      const known = FLAGS[option!];
      return known === undefined
        ? NO_OPTION
        : toWasi(setsockopt(task, fd!, ...known, Int32Array.of(flag ? 1 : 0)));
    },
    sock_get_opt_flag(fd, option, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 1)) return FAULT;
      const value = get(FLAGS[option!], fd!);
      if (typeof value === "number") return toWasi(value);
      memory.view.setUint8(out!, value[0]! !== 0 ? 1 : 0);
      return SUCCESS;
    },
    sock_set_opt_time(fd, option, time) {
      time! >>>= 0;
      if (!memory.holds(time!, OPTION_TIMESTAMP_SIZE)) return FAULT;
      const known = TIMES[option!];
      if (known === undefined) return NO_OPTION;
      const { view } = memory;
      const some = view.getUint8(time!) !== 0;
      const us = some ? Number(view.getBigUint64(time! + 8, true)) / 1000 : 0;
      const sec = Math.min(Math.floor(us / 1e6), 2 ** 31 - 1);
      // No time at all would be no timeout: the shortest there is.
      const usec = Math.max(Math.floor(us - sec * 1e6), some && us < 1 && option !== LINGER ? 1 : 0);
      const value = option === LINGER ? [some ? 1 : 0, sec] : [sec, usec];
      return toWasi(setsockopt(task, fd!, ...known, Int32Array.from(value)));
    },
    sock_get_opt_time(fd, option, out) {
      out! >>>= 0;
      if (!memory.holds(out!, OPTION_TIMESTAMP_SIZE)) return FAULT;
      const value = get(TIMES[option!], fd!);
      if (typeof value === "number") return toWasi(value);
      const [first, second] = [value[0]!, value[1] ?? 0];
      const some = first !== 0 || (option !== LINGER && second !== 0);
      memory.bytes.fill(0, out!, out! + OPTION_TIMESTAMP_SIZE);
      memory.view.setUint8(out!, some ? 1 : 0);
      if (!some) return SUCCESS;
      if (option === LINGER) memory.setNs(out! + 8, second, 0);
      else memory.setNs(out! + 8, first, second * 1000);
      return SUCCESS;
    },
    sock_set_opt_size(fd, option, size) {
      const known = SIZES[option!];
      const value = Int32Array.of(Math.min(size!, 2 ** 31 - 1));
      return known === undefined ? NO_OPTION : toWasi(setsockopt(task, fd!, ...known, value));
    },
    sock_get_opt_size(fd, option, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 8)) return FAULT;
      const value = get(SIZES[option!], fd!);
      if (typeof value === "number") return toWasi(value);
      const n = value[0]!;
      memory.setU64(out!, option === LAST_ERROR ? toWasi(-n) : option === TYPE ? TYPES[n] ?? 0 : n);
      return SUCCESS;
    },
  };
  return { plain, blocking: {} };
}
