/**
 * Published ports: sockets of the engine on the host, each of which passes on what it gets. A port that is taken is an error, one that is
 * published can be reached from the host itself, its loopback included, and all of them end with the engine, whatever ends that.
 * @module
 */
import type { PublishedPort } from "../types.ts";
import { listenTcp } from "./tcp.ts";
import { listenUdp } from "./udp.ts";

/** An address and a port. */
export interface Endpoint {
  /** The address as a text. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
}

/** A port that is listened at. */
export interface OpenPort {
  /** Its number on the host. */
  readonly host: number;
  /** Begins to pass on what comes in. */
  leadTo(container: Endpoint): void;
  /** Ends it, with everything that goes through it. */
  close(): Promise<void>;
}

/** Ports that are listened at. */
export interface OpenPorts {
  /** They, with their numbers on the host. */
  readonly published: readonly PublishedPort[];
  /** Begins to pass on what comes in to a container's address. */
  leadTo(address: string): void;
  /** Ends them. */
  close(): Promise<void>;
}

/** Opens ports. Throws an Error that says which cannot be had; none is open then. */
export function openPorts(publish: readonly PublishedPort[]): OpenPorts {
  const open: OpenPort[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.map((port) => port.close()));
  };
  try {
    for (const port of publish) {
      open.push(port.protocol === "tcp" ? listenTcp(port) : listenUdp(port));
    }
  } catch (error) {
    void close();
    const { hostAddress, host, protocol } = publish[open.length]!;
    const at = hostAddress.includes(":") ? `[${hostAddress}]` : hostAddress;
    throw new Error(`publishing port ${at}:${host}/${protocol}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return {
    published: publish.map((port, i) => ({ ...port, host: open[i]!.host })),
    leadTo: (hostname) => open.forEach((port, i) => port.leadTo({ hostname, port: publish[i]!.container })),
    close,
  };
}
