/** Ports of a transport in a namespace: who may share one, which are free (inet_csk_bind_conflict of Linux). @module */
import { EADDRINUSE } from "../../../fs/abi/errno.ts";
import { AF_INET } from "../../abi/linux/socket.ts";
import { type Ip, sameIp } from "./ip.ts";
import type { InetSocket } from "./inet/inet_socket.ts";
import type { Transport } from "./uplink.ts";

/** Does a socket hear what is sent to some address of the family? "any", one address, or none. */
function hears(socket: InetSocket, length: 4 | 16): Ip | "any" | undefined {
  const own = socket.receivesAt;
  if (own !== null) return own.length === length ? own : undefined;
  if (socket.family === AF_INET) return length === 4 ? "any" : undefined;
  return length === 16 || !socket.options.v6only ? "any" : undefined;
}

function overlap(a: InetSocket, b: InetSocket): boolean {
  return ([4, 16] as const).some((length) => {
    const one = hears(a, length), two = hears(b, length);
    return one !== undefined && two !== undefined && (one === "any" || two === "any" || sameIp(one, two));
  });
}

/** See the module's comment. */
export class PortTable {
  readonly #ports: Map<number, Set<InetSocket>> = new Map();

  /** The ports of a transport. */
  constructor(readonly transport: Transport) {}

  /** Sockets on a port, in the order they came. */
  on(port: number): Iterable<InetSocket> {
    return this.#ports.get(port) ?? [];
  }

  /** A socket may have (or keep, as a listener) the port. */
  isFree(socket: InetSocket, port: number): boolean {
    const o = socket.options;
    // The newest first: for UDP, one that is of the same SO_REUSEPORT group settles it (udp_lib_lport_inuse).
    for (const other of [...this.on(port)].reverse()) {
      if (other === socket || !overlap(socket, other)) continue;
      const p = other.options;
      if (o.reuseAddr && p.reuseAddr && (this.transport === "udp" || !other.isListening)) continue;
      const group = o.reusePort && p.reusePort && socket.inode.uid === other.inode.uid;
      if (!group) return false;
      if (this.transport === "udp") return true;
    }
    return true;
  }

  /** Enters a socket without asking. */
  enter(socket: InetSocket, port: number): void {
    const users = this.#ports.get(port);
    if (users === undefined) this.#ports.set(port, new Set([socket]));
    else users.add(socket);
  }

  /** Gives a socket a port. -EADDRINUSE */
  claim(socket: InetSocket, port: number): number {
    if (!this.isFree(socket, port)) return -EADDRINUSE;
    this.enter(socket, port);
    return 0;
  }

  /** Takes a port back. */
  release(socket: InetSocket, port: number): void {
    const users = this.#ports.get(port);
    if (users?.delete(socket) && users.size === 0) this.#ports.delete(port);
  }

  /**
   * A port of the range that nobody has (or, if all are taken, that `fits` says can be shared); 0 if there is none. The search begins
   * at a random place, so that ports cannot be foretold (RFC 6056).
   */
  pick([first, last]: readonly [number, number], fits: (port: number) => boolean): number {
    const count = last - first + 1;
    const start = crypto.getRandomValues(new Uint32Array(1))[0]! % count;
    for (let i = 0; i < count; i++) {
      const port = first + (start + i) % count;
      if (!this.#ports.has(port)) return port;
    }
    for (let i = 0; i < count; i++) {
      const port = first + (start + i) % count;
      if (fits(port)) return port;
    }
    return 0;
  }
}
