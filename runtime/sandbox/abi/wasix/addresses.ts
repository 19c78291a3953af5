/** Addresses of WASIX in guest memory: $addr_port, $addr_ip. Ports are numbers of the guest's order, addresses in the network's. @module */
import { EAFNOSUPPORT } from "../../../../fs/abi/errno.ts";
import { bytesToName, nameToBytes } from "../../../../fs/abi/name.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AF_UNSPEC,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "../../../abi/linux/socket.ts";
import { isInet, isUnix, type SocketAddress } from "../../net/address.ts";
import type { Ip } from "../../net/ip.ts";
import type { GuestMemory } from "../guest_memory.ts";
import { FAULT, toWasi } from "../wasi_p1/errno.ts";

/** $address_family, in Linux's numbers. */
const FAMILIES = [AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX];
const UNSPEC = 0, INET4 = 1, INET6 = 2, UNIX = 3;
/** Bytes of an $addr_port: a tag, and as much as a unix path needs. */
export const ADDR_PORT_SIZE = 110;
/** Bytes of an $addr_ip. */
export const ADDR_IP_SIZE = 18;
const UNIX_PATH = 108;
/** Offsets in an $addr_port. */
const PORT_AT = 2, IP_AT = 4, PATH_AT = 2;

/** Linux's number of an $address_family; -1 for none. */
export const familyOf = (family: number): number => FAMILIES[family] ?? -1;

const TYPES = [-1, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET];
/** Linux's type of sockets for one of WASIX's; -1 if there is none. */
export const typeOf = (type: number): number => TYPES[type] ?? -1;

/** The address at `at`; a preview1 errno. */
export function readAddress(memory: GuestMemory, at: number): SocketAddress | number {
  at >>>= 0;
  if (!memory.holds(at, ADDR_PORT_SIZE)) return FAULT;
  const { bytes, view } = memory;
  const port = view.getUint16(at + PORT_AT, true);
  switch (bytes[at]) {
    case UNSPEC:
      return { family: AF_UNSPEC };
    case INET4:
      return { family: AF_INET, ip: bytes.slice(at + IP_AT, at + IP_AT + 4), port };
    case INET6:
      return { family: AF_INET6, ip: bytes.slice(at + IP_AT, at + IP_AT + 16), port };
    case UNIX: {
      const path = bytes.slice(at + PATH_AT, at + PATH_AT + UNIX_PATH);
      return { family: AF_UNIX, path: unixPath(path) };
    }
  }
  return toWasi(-EAFNOSUPPORT);
}

/** A path ends at its first NUL; an abstract name, which begins with one, at the NULs that fill the rest. */
function unixPath(bytes: Uint8Array): string {
  let end = bytes.indexOf(0, bytes[0] === 0 ? 1 : 0);
  if (end < 0) end = bytes.length;
  return end === 1 && bytes[0] === 0 ? "" : bytesToName(bytes.subarray(0, end));
}

/** Writes an address; the range has been checked. */
export function writeAddress(memory: GuestMemory, at: number, address: SocketAddress | null): void {
  const { bytes, view } = memory;
  bytes.fill(0, at, at + ADDR_PORT_SIZE);
  if (address === null) return;
  if (isInet(address)) {
    bytes[at] = address.family === AF_INET ? INET4 : INET6;
    view.setUint16(at + PORT_AT, address.port, true);
    bytes.set(address.ip, at + IP_AT);
  } else if (isUnix(address)) {
    bytes[at] = UNIX;
    bytes.set(nameToBytes(address.path).subarray(0, UNIX_PATH), at + PATH_AT);
  }
}

/** Writes an $addr_ip. */
export function writeIp(memory: GuestMemory, at: number, ip: Ip): void {
  memory.bytes.fill(0, at, at + ADDR_IP_SIZE);
  memory.bytes[at] = ip.length === 4 ? INET4 : INET6;
  memory.bytes.set(ip, at + 2);
}
