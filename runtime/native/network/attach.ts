/** Containers on the bridge: an address, and a pair of links. Everything here is done while the state's lock is held. @module */
import { AF_INET } from "../../abi/linux/socket.ts";
import { hostProcesses, identify } from "../../lifecycle/host/processes.ts";
import { type Descriptor, openPath, whileOpen } from "../ffi/descriptors.ts";
import { NETLINK_ROUTE } from "../netlink/numbers.ts";
import { addAddress } from "../netlink/route/addresses.ts";
import { createVethPair, deleteLink, existing, hardwareText, setLink } from "../netlink/route/links.ts";
import { RT_SCOPE_UNIVERSE } from "../netlink/route/numbers.ts";
import { addDefaultRoute } from "../netlink/route/routes.ts";
import { openNetlink, OWN_NAMESPACE } from "../netlink/socket.ts";
import { ensureBridge, removeBridge } from "./bridge.ts";
import { format, networkOf, sizeOf, toBytes } from "./ipv4.ts";
import type { Sockets } from "./sockets.ts";
import * as state from "./state.ts";
import type { PrivateNetworkRequest } from "./types.ts";

/** The container's end of its pair. */
const ETH0 = "eth0";

/** A container that is on the bridge. */
export interface Attached {
  /** Its lease. */
  readonly lease: state.Lease;
  /** The bridge. */
  readonly network: state.NetworkRecord;
}

/** The network namespace of a process, which must not be this one's. */
function namespaceOf(pid: number, what: string): Descriptor {
  const namespace = openPath(`/proc/${pid}/ns/net`, 0, `${what}: the network namespace of process ${pid}`);
  const own = Deno.statSync(OWN_NAMESPACE), other = Deno.statSync(`/proc/self/fd/${namespace.fd}`);
  if (own.ino !== other.ino || own.dev !== other.dev) return namespace;
  namespace.close();
  throw new Error(`${what}: process ${pid} has no network namespace of its own`);
}

/** Takes the first address that is nobody's. */
function takeLease(
  place: string,
  network: state.NetworkRecord,
  { containerId, pid }: Pick<PrivateNetworkRequest, "containerId" | "pid">,
): state.Lease {
  const subnet = networkOf(network.gateway, network.prefix);
  const taken = new Set(state.listLeases(place).map(({ address }) => address));
  // The first address is the network's, the second one the bridge's, and the last one everybody's.
  for (let n = 2; n < sizeOf(subnet) - 1; n++) {
    const address = subnet.address + n;
    if (taken.has(address)) continue;
    const lease: state.Lease = {
      ...{ address, containerId, holder: identify(pid), token: crypto.randomUUID() },
      link: `${network.bridge}-${n}`,
    };
    state.writeLease(place, lease);
    return lease;
  }
  throw new Error(`taking an address: all of ${format(subnet.address)}/${subnet.prefix} are in use`);
}

/**
 * The hardware address that goes with an address: whoever remembers it of an earlier holder remembers the right one. The first byte says that
 * it is no manufacturer's.
 */
const hardwareAddressOf = (address: number): string =>
  hardwareText(Uint8Array.of(0x02, 0x42, ...toBytes(address)));

/** Gives the container its end, with an address and a way out. */
function configure(namespace: Descriptor, { address }: state.Lease, network: state.NetworkRecord): void {
  const what = `setting up ${ETH0} of the container`;
  const netlink = openNetlink(NETLINK_ROUTE, what, namespace);
  try {
    const { index } = existing(netlink, ETH0, what);
    const subnet = networkOf(network.gateway, network.prefix), local = toBytes(address);
    addAddress(netlink, {
      ...{ index, family: AF_INET, prefix: network.prefix, scope: RT_SCOPE_UNIVERSE, flags: 0 },
      ...{ local, peer: local, broadcast: toBytes(subnet.address + sizeOf(subnet) - 1) },
    }, `${what}: the address ${format(address)}/${network.prefix}`);
    setLink(netlink, ETH0, "up");
    const gateway = format(network.gateway);
    addDefaultRoute(netlink, toBytes(network.gateway), index, `${what}: the default route by ${gateway}`);
  } finally {
    netlink.close();
  }
}

/** Takes a container off: its links first, so that a lease is there as long as they are. */
function release({ route }: Sockets, place: string, lease: state.Lease): void {
  deleteLink(route, lease.link);
  state.removeLease(place, lease);
}

/** Ends the leases of containers that have ended, and removes the bridge if there are no others. */
export function reclaim(sockets: Sockets, place: string): void {
  let live = 0;
  for (const lease of state.listLeases(place)) {
    if (hostProcesses.isAlive(lease.holder)) live++;
    else release(sockets, place, lease);
  }
  if (live > 0) return;
  removeBridge(sockets, place);
  state.removePlace(place);
}

/** Takes back what came to nothing. What cannot be is taken back when the container has ended. */
function undo(sockets: Sockets, place: string, lease: state.Lease | undefined): void {
  try {
    if (lease !== undefined) release(sockets, place, lease);
    reclaim(sockets, place);
  } catch {
    // Why it came to nothing is what counts.
  }
}

/** Puts a container on the bridge. Nothing is left of it if that fails. */
export function attach(sockets: Sockets, place: string, request: PrivateNetworkRequest): Attached {
  const what = `the network of container ${JSON.stringify(request.containerId)}`;
  return whileOpen((own) => {
    const namespace = own(namespaceOf(request.pid, what));
    let lease: state.Lease | undefined;
    try {
      for (const each of state.listLeases(place)) {
        if (!hostProcesses.isAlive(each.holder)) release(sockets, place, each);
      }
      const network = ensureBridge(sockets, place);
      lease = takeLease(place, network, request);
      deleteLink(sockets.route, lease.link); // of a container that has lost its lease by force
      createVethPair(sockets.route, {
        name: lease.link,
        master: network.index,
        peer: {
          name: ETH0,
          namespace: { fd: namespace.fd },
          hardwareAddress: hardwareAddressOf(lease.address),
        },
      });
      configure(namespace, lease, network);
      return { lease, network };
    } catch (error) {
      undo(sockets, place, lease);
      throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** Takes a container off the bridge. A lease that is not there any more, or is another one's now, was ended by somebody else. */
export function detach(sockets: Sockets, place: string, lease: state.Lease): void {
  const now = state.readLease(place, lease.address);
  if (now?.token === lease.token) release(sockets, place, lease);
  reclaim(sockets, place);
}
