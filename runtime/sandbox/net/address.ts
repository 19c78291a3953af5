/** Addresses of sockets (man 2 bind). @module */
import { AF_INET, type AF_INET6, type AF_UNIX } from "../../abi/linux/socket.ts";
import { ANY4, ANY6, formatIp, type Ip, mapped } from "./ip.ts";

/** An IP address and a port. */
export interface InetAddress {
  /** AF_INET (a 4-byte address) or AF_INET6 (16 bytes). */
  readonly family: typeof AF_INET | typeof AF_INET6;
  /** The address. */
  readonly ip: Ip;
  /** The port. */
  readonly port: number;
}

/** The name of a unix socket. */
export interface UnixAddress {
  /** AF_UNIX. */
  readonly family: typeof AF_UNIX;
  /** "" for none, "\0…" for an abstract name, else a path (bytes by the escape of file names). */
  readonly path: string;
}

/** No address: connect(2) with it forgets the peer. */
export interface NoAddress {
  /** AF_UNSPEC, or a family that no socket here has. */
  readonly family: number;
}

/** Any address. */
export type SocketAddress = InetAddress | UnixAddress | NoAddress;

/** True for an IP address and port. */
export function isInet(address: SocketAddress): address is InetAddress {
  return "ip" in address;
}
/** True for a unix socket's name. */
export function isUnix(address: SocketAddress): address is UnixAddress {
  return "path" in address;
}

/** An address and port as a socket of `family` shows it: IPv4 addresses are mapped for IPv6 sockets. */
export function inetAddress(
  family: typeof AF_INET | typeof AF_INET6,
  ip: Ip | null,
  port: number,
): InetAddress {
  if (family === AF_INET) return { family, ip: ip ?? ANY4, port };
  return { family, ip: mapped(ip ?? ANY6), port };
}

/** "127.0.0.1:80", "[::1]:80" */
export function formatInet(address: InetAddress): string {
  const text = formatIp(address.ip);
  return address.ip.length === 4 ? `${text}:${address.port}` : `[${text}]:${address.port}`;
}
