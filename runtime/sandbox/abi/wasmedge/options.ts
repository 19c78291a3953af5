/** WasmEdge's sock_getsockopt and sock_setsockopt: its own numbers for levels and names, wasi-libc's layouts for values. @module */
import { EINVAL, ENOPROTOOPT } from "../../../../fs/abi/errno.ts";
import { SO, SOCK_DGRAM, SOL_SOCKET } from "../../../abi/linux/socket.ts";
import { getsockopt, setsockopt } from "../../net/calls/mod.ts";
import { FAULT, INVAL, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { TYPE } from "./address.ts";

const LEVEL_SOCKET = 0;
/** Linux's names in the order of WasmEdge's numbers. */
const NAMES: readonly number[] = [
  SO.REUSEADDR,
  SO.TYPE,
  SO.ERROR,
  SO.DONTROUTE,
  SO.BROADCAST,
  SO.SNDBUF,
  SO.RCVBUF,
  SO.KEEPALIVE,
  SO.OOBINLINE,
  SO.LINGER,
  SO.RCVLOWAT,
  SO.RCVTIMEO,
  SO.SNDTIMEO,
  SO.ACCEPTCONN,
  SO.BINDTODEVICE,
];
/** Longest value that is looked at. */
const VALUE_MAX = 16;

const isTime = (name: number): boolean => name === SO.RCVTIMEO || name === SO.SNDTIMEO;

/** A value as the guest has it: a timeval is two 64-bit numbers in wasi-libc, all else 32-bit ones. */
function encode(name: number, value: Int32Array): Uint8Array {
  const words = isTime(name)
    ? Array.from(value).flatMap((word) => [word, word < 0 ? -1 : 0])
    : Array.from(value);
  if (name === SO.ERROR) words[0] = toWasi(-words[0]!);
  if (name === SO.TYPE) words[0] = words[0] === SOCK_DGRAM ? TYPE.DGRAM : TYPE.STREAM;
  return new Uint8Array(Int32Array.from(words).buffer);
}

function decode(name: number, bytes: Uint8Array): Int32Array | number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isTime(name)) {
    return Int32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getInt32(i * 4, true));
  }
  if (bytes.length < 16) return -EINVAL;
  const [seconds, micros] = [view.getBigInt64(0, true), view.getBigInt64(8, true)];
  const clamp = (n: bigint): number => Number(n > 0x7fffffffn ? 0x7fffffffn : n < -1n ? -1n : n);
  return Int32Array.of(clamp(seconds), clamp(micros));
}

/** The functions of a process. */
export function options(p: WasiProcess): FunctionSet {
  const { task, memory } = p;
  const nameOf = (level: number, name: number): number =>
    level !== LEVEL_SOCKET ? -ENOPROTOOPT : NAMES[name >>> 0] ?? -ENOPROTOOPT;
  return {
    plain: {
      getsockopt(fd, level, name, out, sizeOut) {
        out! >>>= 0, sizeOut! >>>= 0;
        if (!memory.holds(sizeOut!, 4)) return FAULT;
        const room = memory.view.getUint32(sizeOut!, true);
        if (!memory.holds(out!, room)) return FAULT;
        const option = nameOf(level!, name!);
        const value = option < 0 ? option : getsockopt(task, fd!, SOL_SOCKET, option);
        if (typeof value === "number") return toWasi(value);
        const bytes = encode(option, value).subarray(0, room);
        memory.bytes.set(bytes, out!);
        memory.view.setUint32(sizeOut!, bytes.length, true);
        return SUCCESS;
      },
      setsockopt(fd, level, name, value, size) {
        value! >>>= 0, size! >>>= 0;
        if (!memory.holds(value!, size!)) return FAULT;
        const option = nameOf(level!, name!);
        if (option < 0) return toWasi(option);
        if (size! < 4) return INVAL;
        const numbers = decode(option, memory.bytes.slice(value!, value! + Math.min(size!, VALUE_MAX)));
        return toWasi(
          typeof numbers === "number" ? numbers : setsockopt(task, fd!, SOL_SOCKET, option, numbers),
        );
      },
    },
    blocking: {},
  };
}
