/** UDP between a socket here and the host: one socket of the host for each socket inside that talks to it. @module */
import { EAGAIN, EMFILE } from "../../../../fs/abi/errno.ts";
import { POLLOUT } from "../../../../fs/abi/poll.ts";
import { AF_INET, AF_INET6 } from "../../../abi/linux/socket.ts";
import { formatInet, type InetAddress, inetAddress } from "../address.ts";
import { ANY4, ANY6, type Ip } from "../ip.ts";
import { type HostDatagrams, track, type Uplink } from "../uplink.ts";
import type { UdpSocket } from "./udp.ts";

/** Most bytes on their way to the host, of one socket. */
const IN_FLIGHT = 1024 * 1024;
/** Peers of one socket that are remembered. */
const PEERS = 4096;

/** A host's socket that speaks for a socket inside. */
export class HostFlow {
  /** It cannot be used any more. */
  isClosed = false;
  #inFlight = 0;
  /** Who was sent to, or has been heard; the oldest first. */
  readonly #peers: Set<string> = new Set();

  /** `open`: whoever sends is heard, as by a server; else only who has been sent to, as behind a NAT. */
  private constructor(
    readonly socket: UdpSocket,
    readonly uplink: Uplink,
    readonly datagrams: HostDatagrams,
    readonly open: boolean,
  ) {
    void this.#receive();
  }

  /** A flow from a free port of the host, for addresses of the kind of `ip`. */
  static open(socket: UdpSocket, uplink: Uplink, ip: Ip): HostFlow | number {
    return HostFlow.at(socket, uplink, ip.length === 4 ? ANY4 : ANY6, 0, false);
  }

  /** A flow from a given address and port of the host. */
  static at(socket: UdpSocket, uplink: Uplink, ip: Ip, port: number, open: boolean): HostFlow | number {
    const datagrams = uplink.host.datagrams(inetAddress(ip.length === 4 ? AF_INET : AF_INET6, ip, port));
    return typeof datagrams === "number" ? datagrams : new HostFlow(socket, uplink, datagrams, open);
  }

  /** It is a peer already: an answer to it is no new decision. */
  knows(peer: InetAddress): boolean {
    return this.#peers.has(formatInet(peer));
  }

  #remember(peer: string): void {
    this.#peers.delete(peer);
    if (this.#peers.size >= PEERS) this.#peers.delete(this.#peers.values().next().value!);
    this.#peers.add(peer);
  }

  /** Its address on the host. */
  get local(): InetAddress {
    return this.datagrams.local;
  }

  /** Sends a datagram: what the host refuses later is lost, as datagrams are. */
  send(data: Uint8Array, to: InetAddress): number {
    if (this.#inFlight + data.length > IN_FLIGHT) return -EAGAIN;
    this.#inFlight += data.length;
    this.#remember(formatInet(to));
    const done = (): void => {
      this.#inFlight -= data.length;
      this.socket.queue.wake(POLLOUT);
    };
    track(this.uplink.host, this.datagrams.send(data, to).then(done, done));
    return data.length;
  }

  async #receive(): Promise<void> {
    for (;;) {
      const message = await this.datagrams.receive();
      if (message === undefined) break;
      const from = formatInet(message.from);
      if (this.open) this.#remember(from);
      else if (!this.#peers.has(from)) continue;
      this.socket.arrive(message.data, message.from);
    }
    this.isClosed = true;
  }

  /** Ends it. */
  close(): void {
    this.isClosed = true;
    this.datagrams.close();
  }
}

/** Takes a UDP port of the host (`--network host`). */
export function bindDatagrams(socket: UdpSocket, ip: Ip | null, port: number): HostFlow | number {
  const uplink = socket.ns.hostUplink();
  if (uplink === null) return -EMFILE;
  return HostFlow.at(socket, uplink, ip ?? (socket.family === AF_INET6 ? ANY6 : ANY4), port, true);
}
