/**
 * Ports of the host that lead to a container. The container sees who connects under their own addresses; those that mean itself there
 * (the host's loopback address), and IPv6 ones, appear as the gateway's: a program must not take them for its neighbours.
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../abi/linux/socket.ts";
import { formatInet, type InetAddress, inetAddress } from "../address.ts";
import { pump, serve } from "../inet/tcp_host.ts";
import { findListener } from "../inet/tcp_listeners.ts";
import { findReceiver } from "../inet/udp_receivers.ts";
import { type Ip, sameIp } from "../ip.ts";
import type { Answers } from "../namespace.ts";
import { type HostNetwork, track, type Transport } from "../uplink.ts";
import type { Attached } from "./network.ts";

/** A port to publish. */
export interface PublishedPort {
  /** Address of the host: all zeros for every one. */
  readonly hostIp: Ip;
  /** Port of the host; 0 for a free one. */
  readonly hostPort: number;
  /** Port in the container. */
  readonly port: number;
  /** Transport. */
  readonly transport: Transport;
}

/** A published port. */
export interface Published {
  /** Where the host listens. */
  readonly local: InetAddress;
  /** Sends what the container answers a client. */
  readonly answers: Answers;
  /** Ends it. */
  close(): void;
}

/** Senders of datagrams that can be answered. */
const CLIENTS = 4096;

/** Opens the port; `gateway` stands for clients whose own address the container cannot be shown. A negative errno if the host refuses it. */
export function publish(
  host: HostNetwork,
  port: PublishedPort,
  to: Attached,
  gateway: Ip,
): Published | number {
  const at = inetAddress(port.hostIp.length === 4 ? AF_INET : AF_INET6, port.hostIp, port.hostPort);
  const shown = ({ ip }: InetAddress): Ip =>
    ip.length === 16 || sameIp(ip, to.ip) || to.ns.deviceOf(ip) !== undefined ? gateway : ip;
  return port.transport === "tcp"
    ? publishTcp(host, at, port.port, to, shown)
    : publishUdp(host, at, port.port, to, shown);
}

/** The address a container sees of a client. */
type Shown = (client: InetAddress) => Ip;

function publishTcp(
  host: HostNetwork,
  at: InetAddress,
  port: number,
  { ns, ip }: Attached,
  shown: Shown,
): Published | number {
  const listener = host.listen(at);
  if (typeof listener === "number") return listener;
  void serve(listener, (connection) => {
    const client = { ip: shown(connection.remote), port: connection.remote.port };
    const proxy = findListener(ns, ip, port, client)?.arrive(ip, client.ip, client.port);
    if (proxy === undefined) connection.close(); // nobody listens there, or is too busy
    else void pump(host, proxy, connection);
  });
  return { local: listener.local, answers: () => false, close: () => listener.close() };
}

function publishUdp(
  host: HostNetwork,
  at: InetAddress,
  port: number,
  { ns, ip }: Attached,
  shown: Shown,
): Published | number {
  const datagrams = host.datagrams(at);
  if (typeof datagrams === "number") return datagrams;
  /** Clients by the address and port that the container sees, the oldest first. */
  const clients = new Map<string, InetAddress>();
  const key = (client: { readonly ip: Ip; readonly port: number }): string =>
    `${client.ip.join(".")}:${client.port}`;
  const remember = (from: InetAddress): InetAddress => {
    let seen = inetAddress(AF_INET, shown(from), from.port);
    for (let i = 0; i < CLIENTS; i++) {
      const known = clients.get(key(seen));
      if (known === undefined || formatInet(known) === formatInet(from)) break;
      seen = inetAddress(AF_INET, seen.ip, seen.port % 65535 + 1); // two clients that look the same: another port
    }
    clients.delete(key(seen));
    if (clients.size >= CLIENTS) clients.delete(clients.keys().next().value!);
    clients.set(key(seen), from);
    return seen;
  };
  const receive = async (): Promise<void> => {
    for (;;) {
      const message = await datagrams.receive();
      if (message === undefined) return;
      const from = remember(message.from);
      findReceiver(ns, { ip, port }, from.ip, from.port)?.arrive(message.data, from);
    }
  };
  void receive();
  return {
    local: datagrams.local,
    answers(from, fromPort, to, data) {
      const client = fromPort === port && sameIp(from, ip) ? clients.get(key(to)) : undefined;
      if (client === undefined) return false;
      track(host, datagrams.send(data, client).catch(() => {})); // what the host refuses is lost, as datagrams are
      return true;
    },
    close: () => datagrams.close(),
  };
}
