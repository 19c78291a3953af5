/** Where what is sent to an address arrives: through interfaces, bridges and forwarding namespaces, without packets. @module */
import { EHOSTUNREACH, ENETUNREACH } from "../../../fs/abi/errno.ts";
import type { NetDevice } from "./device.ts";
import { ANY4, ANY6, type Ip, isBroadcast, isMulticast } from "./ip.ts";
import type { NetNamespace } from "./namespace.ts";
import type { Uplink } from "./uplink.ts";

/** Most namespaces a delivery passes: as a packet's time to live, an end for routes that lead in a circle. */
const MAX_HOPS = 16;

/** A way from a namespace to an address. */
export interface Path {
  /** Address it leaves with; all zeros where only the host knows. */
  readonly source: Ip;
  /** Interface it leaves by. */
  readonly out: NetDevice;
  /** Namespace it arrives in; null for one that leads out of the kernel. */
  readonly target: NetNamespace | null;
  /** Interface it arrives at. */
  readonly in: NetDevice | null;
  /** The way out of the kernel. */
  readonly uplink: Uplink | null;
}

/** The address that a namespace has for talking to `dst` over `device`. */
function sourceFor(device: NetDevice, dst: Ip): Ip {
  const mine = device.addresses.filter((each) => each.ip.length === dst.length);
  return mine[0]?.ip ?? (dst.length === 4 ? ANY4 : ANY6);
}

/** The way from `from` to an address (not a mapped one). -ENETUNREACH without a route, -EHOSTUNREACH when nobody has the address. */
export function pathTo(from: NetNamespace, dst: Ip): Path | number {
  const local = from.deviceOf(dst);
  const { loopback } = from;
  if (local !== undefined) {
    if (!loopback.up) return -ENETUNREACH;
    return { source: dst, out: loopback, target: from, in: loopback, uplink: null };
  }
  if (isMulticast(dst) || isBroadcast(dst)) return -ENETUNREACH;
  let here = from, source: Ip | undefined, out: NetDevice | undefined;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const route = here.routes.lookup(dst);
    if (route === undefined) return hop === 0 ? -ENETUNREACH : -EHOSTUNREACH;
    const { device } = route;
    source ??= route.source ?? sourceFor(device, dst);
    out ??= device;
    if (device.uplink !== null) return { source, out, target: null, in: null, uplink: device.uplink };
    const next = route.gateway ?? dst;
    const arrival = device.neighbours().find((each) => each.owns(next));
    if (arrival === undefined) return -EHOSTUNREACH;
    here = arrival.namespace;
    if (here.deviceOf(dst) !== undefined) return { source, out, target: here, in: arrival, uplink: null };
    if (!here.sysctls.ipForward) return -EHOSTUNREACH;
  }
  return -EHOSTUNREACH;
}
