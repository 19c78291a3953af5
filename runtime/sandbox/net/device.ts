/** Network interfaces (man 7 netdevice): loopback, veth pairs, bridges, and the uplink that leads out of the kernel. @module */
import { EBUSY, EEXIST, EINVAL } from "../../../fs/abi/errno.ts";
import { type Ip, masked, sameIp } from "./ip.ts";
import type { NetNamespace } from "./namespace.ts";
import type { Uplink } from "./uplink.ts";

/** Kinds of interfaces. */
export type DeviceKind = "loopback" | "veth" | "bridge" | "uplink";

/** An address of an interface. */
export interface DeviceAddress {
  /** The address. */
  readonly ip: Ip;
  /** Leading bits that name its network. */
  readonly length: number;
}

/** Longest name of an interface (IFNAMSIZ without the final NUL). */
const NAME_MAX = 15;
const LOOPBACK_MTU = 65536, ETHERNET_MTU = 1500;

/** An interface, in one namespace. */
export class NetDevice {
  /** Addresses, in the order they were given. */
  readonly addresses: DeviceAddress[] = [];
  /** It is switched on (IFF_UP). */
  up = false;
  /** Largest packet; what programs see, nothing is cut to it. */
  readonly mtu: number;
  /** The other end of a veth pair. */
  peer: NetDevice | null = null;
  /** The bridge it is a port of. */
  bridge: NetDevice | null = null;
  /** Ports of a bridge. */
  readonly ports: Set<NetDevice> = new Set();
  /** What an uplink leads to. */
  uplink: Uplink | null = null;
  /** Counters of /proc/net/dev; a call that moves data counts as one packet. */
  rxBytes = 0;
  /** See rxBytes. */
  rxPackets = 0;
  /** See rxBytes. */
  txBytes = 0;
  /** See rxBytes. */
  txPackets = 0;

  /** Made by NetNamespace. */
  constructor(
    public namespace: NetNamespace,
    readonly name: string,
    public index: number,
    readonly kind: DeviceKind,
  ) {
    this.mtu = kind === "loopback" ? LOOPBACK_MTU : ETHERNET_MTU;
  }

  /** Gives it an address, and the namespace the route to its network. -EEXIST if it has it. */
  addAddress(ip: Ip, length: number): number {
    if (length < 0 || length > ip.length * 8) return -EINVAL;
    if (this.addresses.some((each) => sameIp(each.ip, ip))) return -EEXIST;
    this.addresses.push({ ip, length });
    if (this.kind !== "loopback" && length < ip.length * 8) {
      this.namespace.routes.add({
        to: { ip: masked(ip, length), length },
        gateway: null,
        device: this,
        source: ip,
      });
    }
    return 0;
  }

  /** Has this address. */
  owns(ip: Ip): boolean {
    return this.addresses.some((each) => sameIp(each.ip, ip));
  }

  /** Makes it a port of a bridge in its namespace. */
  enslave(bridge: NetDevice): number {
    if (bridge.kind !== "bridge" || this.kind !== "veth" || bridge.namespace !== this.namespace) {
      return -EINVAL;
    }
    if (this.bridge !== null) return -EBUSY;
    this.bridge = bridge;
    bridge.ports.add(this);
    return 0;
  }

  /** Interfaces that hear what this one sends: over a veth pair, and over the bridges on the way. */
  neighbours(): NetDevice[] {
    const found: NetDevice[] = [], bridges = new Set<NetDevice>();
    const enter = (bridge: NetDevice, from: NetDevice | null): void => {
      if (bridges.has(bridge) || !bridge.up) return;
      bridges.add(bridge);
      if (from !== null) found.push(bridge);
      for (const port of bridge.ports) if (port !== from) leave(port);
    };
    const leave = (port: NetDevice): void => {
      const { peer } = port;
      if (!port.up || peer === null || !peer.up) return;
      if (peer.bridge === null) found.push(peer);
      else enter(peer.bridge, peer);
    };
    if (this.kind === "bridge") enter(this, null);
    else if (this.kind === "veth") leave(this);
    return found;
  }

  /** Counts a transfer from this interface to `to`. */
  count(to: NetDevice | null, bytes: number): void {
    this.txBytes += bytes;
    this.txPackets++;
    if (to === null) return;
    to.rxBytes += bytes;
    to.rxPackets++;
  }
}

/** True for a name that an interface can have (dev_valid_name). */
export function validDeviceName(name: string): boolean {
  return name !== "" && name.length <= NAME_MAX && name !== "." && name !== ".." &&
    /^[!-.0-~]+$/.test(name) &&
    !name.includes(":");
}
