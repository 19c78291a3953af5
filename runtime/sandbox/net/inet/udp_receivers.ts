/** Which socket gets a datagram (Linux's __udp4_lib_lookup). @module */
import { type Ip, sameIp } from "../ip.ts";
import type { NetNamespace } from "../namespace.ts";
import { fitness, spread } from "./tcp_listeners.ts";
import { UdpSocket } from "./udp.ts";

/** More than any difference in the bound address: a connected socket comes before all others. */
const CONNECTED = 8;

/** The socket of `ns` for a datagram; of equals the one that came last, or the members of a group (SO_REUSEPORT) by sender. */
export function findReceiver(
  ns: NetNamespace,
  to: { readonly ip: Ip; readonly port: number },
  source: Ip,
  sourcePort: number,
): UdpSocket | undefined {
  let best: UdpSocket[] = [], score = 0;
  for (const socket of ns.udp.on(to.port)) {
    if (!(socket instanceof UdpSocket)) continue;
    let fits = fitness(socket, to.ip);
    if (fits === 0) continue;
    if (socket.remote !== null) {
      if (socket.remotePort !== sourcePort || !sameIp(socket.remote, source)) continue;
      if (socket.local !== null && !sameIp(socket.local, to.ip)) continue;
      fits += CONNECTED;
    }
    if (fits > score) best = [socket], score = fits;
    else if (fits === score) best.push(socket);
  }
  if (best.length < 2) return best[0];
  if (best.every((socket) => socket.options.reusePort)) return best[spread(source, sourcePort) % best.length];
  return best[best.length - 1];
}
