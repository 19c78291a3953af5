/**
 * The network of a pod: a bridge of its own, to which the kernel's containers are attached, and a router that leads to the host through
 * the egress policy. Addresses are podman's default network's.
 * @module
 */
import { ENOSPC } from "../../../../fs/abi/errno.ts";
import type { UserNamespace } from "../../kernel/user_namespace.ts";
import { serveNames } from "../dns/server.ts";
import type { EgressPolicy } from "../egress/policy.ts";
import { plainName } from "../egress/rules.ts";
import { policyNames, policyUplink } from "../egress/uplink.ts";
import { ANY4, formatIp, type Ip } from "../ip.ts";
import type { NameService } from "../name_service.ts";
import { NetNamespace } from "../namespace.ts";
import type { SocketFile } from "../socket_file.ts";
import type { HostNetwork } from "../uplink.ts";
import { publish, type Published, type PublishedPort } from "./publish.ts";

/** The pod's network: 10.88.0.0/16, the router is the first host of it. */
const NETWORK = [10, 88] as const, LENGTH = 16;
/** Address of the router: the containers' gateway and name server. */
export const GATEWAY: Ip = Uint8Array.of(...NETWORK, 0, 1);
const HOSTS = 2 ** 16 - 3;

/** A container on the network. */
export interface Attached {
  /** Its namespace. */
  readonly ns: NetNamespace;
  /** Its address. */
  readonly ip: Ip;
  /** The name that it is known by to the others, unless another had it first. */
  readonly name: string;
}

/** See the module's comment. */
export class PodNetwork {
  /** The namespace between the pod and the host. */
  readonly router: NetNamespace;
  readonly #bridge;
  readonly #known: Map<string, readonly Ip[]> = new Map();
  readonly #names: NameService;
  readonly #server: SocketFile | number;
  readonly #published: { readonly port: Published; readonly to: Attached }[] = [];
  /** Addresses that were given, and are nobody's now: the one that has been so the longest first. */
  readonly #free: Ip[] = [];
  #next = 2;

  /** A network without containers, owned by `owner`. */
  constructor(owner: UserNamespace, readonly host: HostNetwork, policy: EgressPolicy) {
    const router = this.router = NetNamespace.withLoopback(owner);
    router.sysctls.ipForward = true;
    const bridge = router.addBridge("umiak0");
    if (typeof bridge === "number") throw new Error(`making the pod's bridge: errno ${-bridge}`);
    bridge.up = true;
    bridge.addAddress(GATEWAY, LENGTH);
    this.#bridge = bridge;
    const uplink = router.addUplink("host0", policyUplink(host, policy, false));
    if (typeof uplink === "number") throw new Error(`making the pod's uplink: errno ${-uplink}`);
    router.routes.add({ to: { ip: ANY4, length: 0 }, gateway: null, device: uplink });
    this.#names = policyNames(host, policy, this.#known);
    this.#server = serveNames(router, GATEWAY, this.#names);
  }

  /** An address for a container; -ENOSPC when all are given. */
  allocate(): Ip | number {
    const free = this.#free.shift();
    if (free !== undefined) return free;
    if (this.#next > HOSTS) return -ENOSPC;
    const number = this.#next++;
    return Uint8Array.of(...NETWORK, number >> 8, number & 0xff);
  }

  /** Attaches a container's namespace: eth0 with an address of `allocate`, a default route, names. A negative errno if it has an eth0. */
  attach(ns: NetNamespace, ip: Ip, hostname: string): Attached | number {
    const device = ns.addVeth("eth0", this.router, `veth${ip[2]! << 8 | ip[3]!}`);
    if (typeof device === "number") return device;
    device.up = device.peer!.up = true;
    device.peer!.enslave(this.#bridge);
    device.addAddress(ip, LENGTH);
    ns.routes.add({ to: { ip: ANY4, length: 0 }, gateway: GATEWAY, device });
    ns.names = this.#names;
    ns.answers = (from, at, to, data) => this.#published.some(({ port }) => port.answers(from, at, to, data));
    const name = plainName(hostname);
    if (!this.#known.has(name)) this.#known.set(name, [ip]);
    return { ns, ip, name };
  }

  /** An address of `allocate` is not needed any more. */
  free(ip: Ip): void {
    this.#free.push(ip);
  }

  /** A container has ended: its interface and its ports are gone, its name and its address are nobody's. */
  detach(attached: Attached): void {
    const device = attached.ns.devices.get("eth0");
    if (device !== undefined) attached.ns.remove(device);
    this.free(attached.ip);
    for (let i = this.#published.length - 1; i >= 0; i--) {
      if (this.#published[i]!.to !== attached) continue;
      this.#published[i]!.port.close();
      this.#published.splice(i, 1);
    }
    if (this.#known.get(attached.name)?.[0] === attached.ip) this.#known.delete(attached.name);
  }

  /** Opens a port of the host that leads to a container. A negative errno if the host refuses it. */
  publish(port: PublishedPort, to: Attached): number {
    const published = publish(this.host, port, to, GATEWAY);
    if (typeof published === "number") return published;
    this.#published.push({ port: published, to });
    return 0;
  }

  /** Closes the published ports and the name server. Connections that are there end with the host's network. */
  close(): void {
    for (const { port } of this.#published.splice(0)) port.close();
    if (typeof this.#server !== "number") this.#server.close();
  }
}

/** /etc/resolv.conf of a container on a pod's network. */
export function resolvConf(): string {
  return `nameserver ${formatIp(GATEWAY)}\n`;
}

/** /etc/hosts of a container: its own names, and those it was given ("name" to address). */
export function hostsFile(
  hostname: string,
  ip: Ip | null,
  extra: readonly (readonly [name: string, ip: Ip])[] = [],
): string {
  const own: (readonly [string, Ip])[] = ip === null ? [] : [[hostname, ip]];
  const lines = [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    ...(ip === null ? [`127.0.1.1\t${hostname}`] : []),
    ...[...own, ...extra].map(([name, at]) => `${formatIp(at)}\t${name}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
