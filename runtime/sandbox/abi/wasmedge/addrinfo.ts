/**
 * WasmEdge's sock_getaddrinfo: the guest gives a list of structures that is filled. Layouts (alignment 4): addrinfo is flags (16 bits), family,
 * socktype, protocol (8 bits each), addrlen, addr, canonname, canonname_len, next (32 bits each, from 8 on); sockaddr is family (8 bits), length
 * and pointer of the data (from 4 on), which is a struct sockaddr without its family.
 * @module
 */
import { EACCES, EAGAIN, EFAULT, ENOENT } from "../../../../fs/abi/errno.ts";
import { resolveName } from "../../net/calls/mod.ts";
import { ANY4, ANY6, type Ip, LOOPBACK4, LOOPBACK6, parseIp } from "../../net/ip.ts";
import { END_GUEST, WOULD_BLOCK } from "../shim.ts";
import { FAULT, INVAL, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { FAMILY, TYPE } from "./address.ts";

/** Errors beyond preview1's own. */
export const EAI = {
  AGAIN: 78,
  BADFLAG: 79,
  FAIL: 80,
  FAMILY: 81,
  MEMORY: 82,
  NONAME: 84,
  SERVICE: 85,
  SOCKTYPE: 86,
} as const;
const AI = { PASSIVE: 1, CANONNAME: 2, NUMERICHOST: 4, ALL_FLAGS: 0x7f } as const;
const PROTOCOL = { IP: 0, TCP: 1, UDP: 2 } as const;
const INFO_SIZE = 28, SOCKADDR_SIZE = 12;
/** Longest name or service. */
const NAME_MAX = 1025;
/** Most results; no name has more addresses worth telling. */
const RESULTS_MAX = 1024;

/** services(5), as far as programs ask for them by name. */
const SERVICES: Readonly<Record<string, number>> = {
  echo: 7,
  discard: 9,
  daytime: 13,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  time: 37,
  domain: 53,
  tftp: 69,
  http: 80,
  pop3: 110,
  ntp: 123,
  imap2: 143,
  ldap: 389,
  https: 443,
  submission: 587,
  ldaps: 636,
  imaps: 993,
  pop3s: 995,
  mysql: 3306,
  postgresql: 5432,
};

interface Query {
  readonly node: string;
  readonly port: number;
  readonly flags: number;
  readonly families: readonly (4 | 6)[];
  readonly kinds: readonly (readonly [type: number, protocol: number])[];
}

function portOf(service: string): number {
  if (service === "") return 0;
  if (!/^\d+$/.test(service)) return SERVICES[service.toLowerCase()] ?? -1;
  const port = Number(service);
  return port <= 65535 ? port : -1;
}

/** sock_getaddrinfo of a process. */
export function addrinfo(p: WasiProcess): FunctionSet {
  const { task, memory } = p;

  function text(ptr: number, length: number): string | number {
    ptr >>>= 0, length >>>= 0;
    if (!memory.holds(ptr, length)) return FAULT;
    if (length > NAME_MAX) return EAI.NONAME;
    return new TextDecoder().decode(memory.bytes.slice(ptr, ptr + length)).replace(/\0.*$/s, "");
  }

  /** Reads the arguments; a number is the error. */
  function read(args: readonly number[]): Query | number {
    const [
      nodePtr = 0,
      nodeLen = 0,
      servicePtr = 0,
      serviceLen = 0,
      hintsAt = 0,
      res = 0,
      max = 0,
      lengthOut = 0,
    ] = args;
    const node = text(nodePtr, nodeLen), service = text(servicePtr, serviceLen);
    if (typeof node === "number") return node;
    if (typeof service === "number") return service;
    const hints = hintsAt >>> 0;
    if (!memory.holds(hints, INFO_SIZE) || !memory.holds(res >>> 0, 4) || !memory.holds(lengthOut >>> 0, 4)) {
      return FAULT;
    }
    if (node === "" && service === "") return EAI.NONAME;
    if (max >>> 0 < 1) return EAI.MEMORY;
    const { view } = memory;
    const flags = view.getUint16(hints, true), family = view.getUint8(hints + 2);
    const type = view.getUint8(hints + 3), protocol = view.getUint8(hints + 4);
    if ((flags & ~AI.ALL_FLAGS) !== 0 || ((flags & AI.CANONNAME) !== 0 && node === "")) return EAI.BADFLAG;
    if (family > FAMILY.INET6) return EAI.FAMILY;
    const kinds = ([[TYPE.STREAM, PROTOCOL.TCP], [TYPE.DGRAM, PROTOCOL.UDP]] as const)
      .filter(([t, proto]) =>
        (type === TYPE.ANY || t === type) && (protocol === PROTOCOL.IP || proto === protocol)
      );
    if (kinds.length === 0) return EAI.SOCKTYPE;
    const port = portOf(service);
    if (port < 0) return EAI.SERVICE;
    const families = ([4, 6] as const).filter((v) =>
      family === FAMILY.UNSPEC || family === (v === 4 ? FAMILY.INET4 : FAMILY.INET6)
    );
    return { node, port, flags, families, kinds };
  }

  async function addresses({ node, flags, families }: Query): Promise<readonly Ip[] | number> {
    if (node === "") {
      const passive = (flags & AI.PASSIVE) !== 0;
      return families.map((v) => v === 4 ? (passive ? ANY4 : LOOPBACK4) : passive ? ANY6 : LOOPBACK6);
    }
    if ((flags & AI.NUMERICHOST) !== 0 && parseIp(node) === undefined) return EAI.NONAME;
    const found: Ip[] = [];
    let error: number = -ENOENT;
    for (const family of families) {
      const some = await resolveName(task, node, family);
      if (typeof some !== "number") found.push(...some);
      else if (some !== -ENOENT) error = some;
    }
    if (found.length > 0) return found;
    return error === -ENOENT
      ? EAI.NONAME
      : error === -EAGAIN
      ? EAI.AGAIN
      : error === -EACCES
      ? EAI.FAIL
      : EAI.FAIL;
  }

  /** Fills the guest's list. The number of results, or -EFAULT. */
  function write(head: number, max: number, query: Query, ips: readonly Ip[]): number {
    const { view } = memory;
    let at = head, count = 0, last = -1;
    for (const ip of ips) {
      for (const [type, protocol] of query.kinds) {
        if (count >= max) return count;
        if (!memory.holds(at, INFO_SIZE)) return -EFAULT;
        const error = writeOne(at, ip, type, protocol, query);
        if (error < 0) return error;
        if (last >= 0) view.setUint32(last + 24, at, true);
        last = at;
        at = view.getUint32(at + 24, true);
        count++;
      }
    }
    if (last >= 0) view.setUint32(last + 24, 0, true);
    return count;
  }

  function writeOne(at: number, ip: Ip, type: number, protocol: number, query: Query): number {
    const { view, bytes } = memory;
    const family = ip.length === 4 ? FAMILY.INET4 : FAMILY.INET6;
    const sockaddr = view.getUint32(at + 12, true);
    if (!memory.holds(sockaddr, SOCKADDR_SIZE)) return -EFAULT;
    const data = view.getUint32(sockaddr + 8, true), length = ip.length === 4 ? 14 : 26;
    if (!memory.holds(data, length)) return -EFAULT;
    view.setUint16(at, query.flags, true);
    view.setUint8(at + 2, family);
    view.setUint8(at + 3, type);
    view.setUint8(at + 4, protocol);
    view.setUint32(at + 8, length + 2, true);
    view.setUint8(sockaddr, family);
    view.setUint32(sockaddr + 4, length, true);
    bytes.fill(0, data, data + length);
    view.setUint16(data, query.port, false);
    bytes.set(ip, ip.length === 4 ? data + 2 : data + 6); // behind the flow label
    if ((query.flags & AI.CANONNAME) === 0) return 0;
    const name = new TextEncoder().encode(query.node);
    const canon = view.getUint32(at + 16, true), room = view.getUint32(at + 20, true);
    if (!memory.holds(canon, room)) return -EFAULT;
    if (name.length < room) {
      bytes.set(name, canon);
      bytes[canon + name.length] = 0;
      view.setUint32(at + 20, name.length, true);
    }
    return 0;
  }

  return {
    plain: {
      getaddrinfo(...args) {
        const query = read(args);
        return typeof query === "number" ? query : WOULD_BLOCK;
      },
    },
    blocking: {
      async getaddrinfo(...args) {
        const query = read(args);
        if (typeof query === "number") return query;
        const ips = await addresses(query);
        if (task.dying) return END_GUEST;
        if (typeof ips === "number") return ips;
        const [, , , , , res, max, lengthOut] = args as [
          number,
          number,
          number,
          number,
          number,
          number,
          number,
          number,
        ];
        if (!memory.holds(res >>> 0, 4) || !memory.holds(lengthOut >>> 0, 4)) return INVAL;
        const count = write(
          memory.view.getUint32(res >>> 0, true),
          Math.min(max >>> 0, RESULTS_MAX),
          query,
          ips,
        );
        if (count < 0) return toWasi(count);
        memory.view.setUint32(lengthOut >>> 0, count, true);
        return SUCCESS;
      },
    },
  };
}
