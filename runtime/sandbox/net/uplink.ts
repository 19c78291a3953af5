/** What a namespace needs of the world outside of its kernel. The host side (exec/) implements it; policies stand before it. @module */
import type { InetAddress } from "./address.ts";
import type { Ip } from "./ip.ts";

/** A TCP connection outside of the kernel. Promises reject with an errno-carrying HostError. */
export interface HostConnection {
  /** Its address on the host's side. */
  readonly local: InetAddress;
  /** Its peer's. */
  readonly remote: InetAddress;
  /** Reads some bytes; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some bytes. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the sending half. */
  closeWrite(): Promise<void>;
  /** Ends it. */
  close(): void;
}

/** A listening TCP socket outside of the kernel. */
export interface HostListener {
  /** Its address. */
  readonly local: InetAddress;
  /** The next connection; undefined once it is closed. */
  accept(): Promise<HostConnection | undefined>;
  /** Ends it. */
  close(): void;
}

/** A UDP socket outside of the kernel. */
export interface HostDatagrams {
  /** Its address. */
  readonly local: InetAddress;
  /** The next datagram; undefined once it is closed. */
  receive(): Promise<{ readonly data: Uint8Array; readonly from: InetAddress } | undefined>;
  /** Sends one. */
  send(data: Uint8Array, to: InetAddress): Promise<void>;
  /** Ends it. */
  close(): void;
}

/** The host's network. Calls that return a number return a negative errno. */
export interface HostNetwork {
  /** What is on its way to the host: it is waited for when the container has ended, as a kernel goes on sending for a process that is gone. */
  readonly pending: Set<Promise<void>>;
  /** Connects; a negative errno if that fails. */
  connect(to: InetAddress): Promise<HostConnection | number>;
  /** Listens at once: the port is taken when it returns. */
  listen(at: InetAddress): HostListener | number;
  /** Takes a UDP port. */
  datagrams(at: InetAddress): HostDatagrams | number;
  /** Addresses of a name, IPv4 or IPv6; a negative errno (-ENOENT: there is no such name). */
  resolve(name: string, family: 4 | 6): Promise<readonly Ip[] | number>;
}

/** Notes that something is on its way to the host, until it has ended. */
export function track(host: HostNetwork, work: Promise<void>): void {
  host.pending.add(work);
  const done = (): void => void host.pending.delete(work);
  work.then(done, done);
}

/** Transports. */
export type Transport = "tcp" | "udp";

/** The way out of a namespace: the host's network, behind a policy. */
export interface Uplink {
  /** The host's network. */
  readonly host: HostNetwork;
  /** May a socket inside talk to this address? Writes the log line of the decision. */
  allows(transport: Transport, to: InetAddress): boolean;
  /** Sockets that are bound here are bound on the host, too (`--network host`). */
  readonly binds: boolean;
}
