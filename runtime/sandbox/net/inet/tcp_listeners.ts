/** Which listener takes a connection (Linux's __inet_lookup_listener). @module */
import { AF_INET } from "../../../abi/linux/socket.ts";
import { type Ip, sameIp } from "../ip.ts";
import type { NetNamespace } from "../namespace.ts";
import type { InetSocket } from "./inet_socket.ts";
import { TcpSocket } from "./tcp.ts";

/** How well a socket fits an address: 0 not at all; one that was bound to it better than one for any. */
export function fitness(socket: InetSocket, ip: Ip): number {
  const own = socket.receivesAt;
  if (own !== null) return sameIp(own, ip) ? 4 : 0;
  if (socket.family === AF_INET) return ip.length === 4 ? 3 : 0;
  return ip.length === 16 ? 2 : socket.options.v6only ? 0 : 1;
}

/** A number that is the same for all packets between two addresses, so that one member of a group gets them (SO_REUSEPORT). */
export function spread(ip: Ip, port: number): number {
  let hash = port;
  for (const byte of ip) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The listener of `ns` for a connection from `client`; of several (SO_REUSEPORT) always the same. */
export function findListener(
  ns: NetNamespace,
  ip: Ip,
  port: number,
  client: { readonly ip: Ip; readonly port: number },
): TcpSocket | undefined {
  let best: TcpSocket[] = [], score = 0;
  for (const socket of ns.tcp.on(port)) {
    if (!(socket instanceof TcpSocket) || !socket.isListening) continue;
    const fits = fitness(socket, ip);
    if (fits > score) best = [socket], score = fits;
    else if (fits === score && fits > 0) best.push(socket);
  }
  return best.length < 2 ? best[0] : best[spread(client.ip, client.port) % best.length];
}
