/** Ports of the host that lead to a container. The container sees who connects from outside under their own addresses. @module */
import { AF_INET, AF_INET6 } from "../../../abi/linux/socket.ts";
import { formatInet, type InetAddress, inetAddress } from "../address.ts";
import { pump, serve } from "../inet/tcp_host.ts";
import { findListener } from "../inet/tcp_listeners.ts";
import { findReceiver } from "../inet/udp_receivers.ts";
import { type Ip, sameIp } from "../ip.ts";
import type { HostDatagrams, HostNetwork, Transport } from "../uplink.ts";
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
  /** The host's socket by which `from`, in the container, answers `to`. */
  answering(from: InetAddress, to: InetAddress): HostDatagrams | undefined;
  /** Ends it. */
  close(): void;
}

/** Senders of datagrams that can be answered. */
const CLIENTS = 4096;

/** Opens the port. A negative errno if the host refuses it. */
export function publish(host: HostNetwork, port: PublishedPort, to: Attached): Published | number {
  const at = inetAddress(port.hostIp.length === 4 ? AF_INET : AF_INET6, port.hostIp, port.hostPort);
  return port.transport === "tcp" ? publishTcp(host, at, port.port, to) : publishUdp(host, at, port.port, to);
}

function publishTcp(
  host: HostNetwork,
  at: InetAddress,
  port: number,
  { ns, ip }: Attached,
): Published | number {
  const listener = host.listen(at);
  if (typeof listener === "number") return listener;
  void serve(listener, (connection) => {
    const { remote } = connection;
    const proxy = findListener(ns, ip, port, remote)?.arrive(ip, remote.ip, remote.port);
    if (proxy === undefined) connection.close(); // nobody listens there, or is too busy
    else void pump(proxy, connection);
  });
  return { local: listener.local, answering: () => undefined, close: () => listener.close() };
}

function publishUdp(
  host: HostNetwork,
  at: InetAddress,
  port: number,
  { ns, ip }: Attached,
): Published | number {
  const datagrams = host.datagrams(at);
  if (typeof datagrams === "number") return datagrams;
  const clients = new Set<string>();
  const receive = async (): Promise<void> => {
    for (;;) {
      const message = await datagrams.receive();
      if (message === undefined) return;
      const { data, from } = message;
      const client = formatInet(from);
      clients.delete(client); // to the end: the oldest goes first
      if (clients.size >= CLIENTS) clients.delete(clients.values().next().value!);
      clients.add(client);
      findReceiver(ns, { ip, port }, from.ip, from.port)?.arrive(data, from);
    }
  };
  void receive();
  return {
    local: datagrams.local,
    answering: (from, to) =>
      from.port === port && sameIp(from.ip, ip) && clients.has(formatInet(to)) ? datagrams : undefined,
    close: () => datagrams.close(),
  };
}
