/**
 * Addresses of WasmEdge's socket extension: a structure of a pointer and a length in front of them. In their first form they are the 4 or 16
 * bytes of an IP address, in their second 128 bytes that begin with the family (16 bits).
 * @module
 */
import { EAFNOSUPPORT, EFAULT, EINVAL } from "../../../../fs/abi/errno.ts";
import { bytesToName, nameToBytes } from "../../../../fs/abi/name.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../../../abi/linux/socket.ts";
import { isInet, isUnix, type SocketAddress } from "../../net/address.ts";
import { ANY4, ANY6 } from "../../net/ip.ts";
import type { GuestMemory } from "../guest_memory.ts";

/** Families as WasmEdge counts them. */
export const FAMILY = { UNSPEC: 0, INET4: 1, INET6: 2, UNIX: 3 } as const;
/** Types as WasmEdge counts them. */
export const TYPE = { ANY: 0, DGRAM: 1, STREAM: 2 } as const;

/** Length of an address in the second form. */
const STORAGE = 128;

/** Linux's family for one of WasmEdge's; undefined if there is none. */
export function familyOf(family: number): number | undefined {
  return [undefined, AF_INET, AF_INET6, AF_UNIX][family];
}

/** Where an address lies: checked, or a negative errno. */
export function locate(
  memory: GuestMemory,
  at: number,
): { readonly ptr: number; readonly length: number } | number {
  at >>>= 0;
  if (!memory.holds(at, 8)) return -EFAULT;
  const ptr = memory.view.getUint32(at, true), length = memory.view.getUint32(at + 4, true);
  if (!memory.holds(ptr, length)) return -EFAULT;
  return length === 4 || length === 16 || length === STORAGE ? { ptr, length } : -EINVAL;
}

/** Reads an address that a guest passes. */
export function readAddress(memory: GuestMemory, at: number, port: number): SocketAddress | number {
  const place = locate(memory, at);
  if (typeof place === "number") return place;
  const bytes = memory.bytes.slice(place.ptr, place.ptr + place.length);
  port &= 0xffff;
  if (place.length === 4) return { family: AF_INET, ip: bytes, port };
  if (place.length === 16) return { family: AF_INET6, ip: bytes, port };
  const family = bytes[0]! | bytes[1]! << 8;
  if (family === FAMILY.INET4) return { family: AF_INET, ip: bytes.slice(2, 6), port };
  if (family === FAMILY.INET6) return { family: AF_INET6, ip: bytes.slice(2, 18), port };
  if (family !== FAMILY.UNIX) return -EAFNOSUPPORT;
  // A path ends at its first NUL; an abstract name begins with one, and ends at the next.
  const end = bytes.indexOf(0, bytes[2] === 0 ? 3 : 2);
  return { family: AF_UNIX, path: bytesToName(bytes.subarray(2, end < 0 ? STORAGE : end)) };
}

/** What an address is written as: family and length in WasmEdge's own numbers. */
export interface Written {
  /** FAMILY. */
  readonly family: number;
  /** Port; 0 for unix sockets. */
  readonly port: number;
}

/** Writes an address into the place that a guest has for it; -EINVAL where it does not fit. */
export function writeAddress(memory: GuestMemory, at: number, address: SocketAddress): Written | number {
  const place = locate(memory, at);
  if (typeof place === "number") return place;
  const { ptr, length } = place;
  const family = isInet(address) ? (address.ip.length === 4 ? FAMILY.INET4 : FAMILY.INET6) : FAMILY.UNIX;
  const data = isInet(address)
    ? address.ip
    : isUnix(address)
    ? nameToBytes(address.path)
    : address.family === AF_INET
    ? ANY4
    : ANY6;
  const header = length === STORAGE ? 2 : 0;
  if (data.length > length - header || (family === FAMILY.UNIX && header === 0)) return -EINVAL;
  const { bytes } = memory;
  if (header > 0) {
    bytes.fill(0, ptr, ptr + length);
    bytes[ptr] = family;
  }
  bytes.set(data, ptr + header);
  return { family, port: isInet(address) ? address.port : 0 };
}
