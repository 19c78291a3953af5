/** What a private network is asked for, and what it gives. @module */

/** A port of the host that leads to one of the container. */
export interface PublishedPort {
  /** Address of the host that is listened at: "0.0.0.0" for all of IPv4, "::" for all. */
  readonly hostAddress: string;
  /** Port of the host; 0 for any free one. */
  readonly host: number;
  /** Port of the container. */
  readonly container: number;
  /** What goes through it. */
  readonly protocol: "tcp" | "udp";
}

/** A container that gets a network of its own. */
export interface PrivateNetworkRequest {
  /** Its id. */
  readonly containerId: string;
  /** Its init, which has a network namespace that is not the caller's. */
  readonly pid: number;
  /** Its published ports. */
  readonly publish: readonly PublishedPort[];
  /** Where the host's subnet and the addresses in use are noted; made when it is needed. All engines of a host may share it. */
  readonly stateDirectory: string;
}

/** A container's network: `eth0`, on a bridge of the host. */
export interface PrivateNetwork {
  /** The container's address (IPv4), in dots. */
  readonly address: string;
  /** The bridge's address: the host, as the container sees it, and its way out. */
  readonly gateway: string;
  /** Bits of the network in both addresses. */
  readonly prefix: number;
  /** The published ports, with the numbers that the host has really given. */
  readonly published: readonly PublishedPort[];
  /** Ends the published ports and takes the container off the network; of the host's last container the bridge and the rules go, too. Once. */
  dispose(): Promise<void>;
}
