/** Network namespaces (man 7 network_namespaces): interfaces, routes, ports, abstract names and sysctls of their own. @module */
import { EEXIST, EINVAL } from "../../../fs/abi/errno.ts";
import { SOMAXCONN } from "../../abi/linux/socket.ts";
import { Namespace } from "../kernel/namespace.ts";
import type { UserNamespace } from "../kernel/user_namespace.ts";
import { NetDevice, validDeviceName } from "./device.ts";
import { type Ip, isLoopback, LOOPBACK4, LOOPBACK6 } from "./ip.ts";
import { PortTable } from "./ports.ts";
import { RouteTable } from "./routes.ts";
import type { NameService } from "./name_service.ts";
import type { SocketFile } from "./socket_file.ts";
import type { Uplink } from "./uplink.ts";

/** Sysctls of a network namespace (/proc/sys/net). */
export interface NetSysctls {
  /** net.ipv4.ip_unprivileged_port_start */
  unprivilegedPortStart: number;
  /** net.ipv4.ip_local_port_range */
  portRange: readonly [first: number, last: number];
  /** net.ipv4.ip_forward: packets that are not for this namespace go on. */
  ipForward: boolean;
  /** net.ipv4.ping_group_range: groups that may have ICMP sockets, if there were any. */
  pingGroups: readonly [first: number, last: number];
  /** net.core.somaxconn */
  somaxconn: number;
}

/** Takes a datagram from an address and port of the namespace to another; true if it has been sent. */
export type Answers = (
  from: Ip,
  port: number,
  to: { readonly ip: Ip; readonly port: number },
  data: Uint8Array,
) => boolean;

/** A network namespace. */
export class NetNamespace extends Namespace {
  /** See Namespace. */
  readonly kind = "net";
  /** Interfaces by name, in the order of their index. */
  readonly devices: Map<string, NetDevice> = new Map();
  /** The loopback interface. */
  readonly loopback: NetDevice;
  /** Routes; those to the namespace's own addresses are not in it. */
  readonly routes: RouteTable = new RouteTable();
  /** TCP ports in use. */
  readonly tcp: PortTable = new PortTable("tcp");
  /** UDP ports in use. */
  readonly udp: PortTable = new PortTable("udp");
  /** Sockets with abstract names (man 7 unix). */
  readonly abstract: Map<string, SocketFile> = new Map();
  /** Every socket of the namespace that is open, for /proc/net. */
  readonly sockets: Set<SocketFile> = new Set();
  /** Settings. */
  readonly sysctls: NetSysctls = {
    unprivilegedPortStart: 1024,
    portRange: [32768, 60999],
    ipForward: false,
    pingGroups: [1, 0],
    somaxconn: SOMAXCONN,
  };
  /** Answers names for programs (resolve, getaddrinfo); null: only the container's /etc/hosts does. */
  names: NameService | null = null;
  /** Sends a datagram that answers a client outside of a published port (true), if it is one. */
  answers: Answers | null = null;
  #nextIndex = 1;

  /** A namespace with a loopback interface only, which is down; it belongs to the user namespace `owner`. */
  constructor(owner: UserNamespace) {
    super(owner);
    this.loopback = this.#add("lo", "loopback");
    this.loopback.addAddress(LOOPBACK4, 8);
    this.loopback.addAddress(LOOPBACK6, 128);
  }

  /** The same with the loopback interface up, as every runtime leaves it: no program here could switch it on. */
  static withLoopback(owner: UserNamespace): NetNamespace {
    const namespace = new NetNamespace(owner);
    namespace.loopback.up = true;
    return namespace;
  }

  #add(name: string, kind: NetDevice["kind"]): NetDevice {
    const device = new NetDevice(this, name, this.#nextIndex++, kind);
    this.devices.set(name, device);
    return device;
  }

  #nameError(name: string): number {
    if (!validDeviceName(name)) return -EINVAL;
    return this.devices.has(name) ? -EEXIST : 0;
  }

  /** Makes a bridge. -EEXIST for a name in use, -EINVAL for one that is none. */
  addBridge(name: string): NetDevice | number {
    return this.#nameError(name) || this.#add(name, "bridge");
  }

  /** Makes a veth pair: one end here, the other in `there`. */
  addVeth(name: string, there: NetNamespace, peerName: string): NetDevice | number {
    const error = this.#nameError(name) || there.#nameError(peerName);
    if (error < 0) return error;
    if (there === this && name === peerName) return -EEXIST;
    const one = this.#add(name, "veth"), two = there.#add(peerName, "veth");
    one.peer = two;
    two.peer = one;
    return one;
  }

  /** Makes the interface that leads out of the kernel. */
  addUplink(name: string, uplink: Uplink): NetDevice | number {
    const error = this.#nameError(name);
    if (error < 0) return error;
    const device = this.#add(name, "uplink");
    device.uplink = uplink;
    device.up = true;
    return device;
  }

  /** Removes an interface, and the other end of a veth pair. The loopback interface stays. */
  remove(device: NetDevice): number {
    if (device.kind === "loopback") return -EINVAL;
    for (const each of device.peer === null ? [device] : [device, device.peer]) {
      each.up = false;
      each.bridge?.ports.delete(each);
      each.bridge = null;
      for (const port of each.ports) port.bridge = null;
      each.namespace.routes.forget(each);
      each.namespace.devices.delete(each.name);
    }
    return 0;
  }

  /** The interface with an address of this namespace that is up: the loopback interface for all of 127.0.0.0/8. */
  deviceOf(ip: Ip): NetDevice | undefined {
    if (isLoopback(ip)) return this.loopback.up ? this.loopback : undefined;
    for (const device of this.devices.values()) if (device.owns(ip)) return device;
    return undefined;
  }

  /** The uplink, if there is one, whose sockets are bound on the host, too. */
  hostUplink(): Uplink | null {
    for (const { uplink } of this.devices.values()) if (uplink?.binds) return uplink;
    return null;
  }
}
