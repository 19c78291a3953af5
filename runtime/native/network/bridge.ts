/** The bridge that a host's containers are on, and the rules for what goes through it. @module */
import { EEXIST } from "../../../fs/abi/errno.ts";
import { AF_INET } from "../../abi/linux/socket.ts";
import { unlessErrno } from "../netlink/error.ts";
import { ipSource, linkName, masquerade, ofConnection, verdict } from "../netlink/nftables/expressions.ts";
import { NF_INET, NF_IP_PRI } from "../netlink/nftables/numbers.ts";
import { removeTable, replaceTable, type Table } from "../netlink/nftables/table.ts";
import { leaveOthersFilters, passOthersFilters } from "./others_filters.ts";
import { addAddress } from "../netlink/route/addresses.ts";
import { createBridge, deleteLink, findLink, hardwareText, type Link } from "../netlink/route/links.ts";
import { RT_SCOPE_UNIVERSE } from "../netlink/route/numbers.ts";
import { format, networkOf, overlap, sizeOf, toBytes } from "./ipv4.ts";
import { type NetworkRecord, readNetwork, writeNetwork } from "./state.ts";
import { chooseSubnet, networksInUse } from "./subnet.ts";
import type { Sockets } from "./sockets.ts";

/** Bridges are umiak0, umiak1 and so on: engines with state directories of their own have bridges of their own. */
const NAME = "umiak", MOST_BRIDGES = 100;
const FORWARD = "/proc/sys/net/ipv4/ip_forward";

/** A hardware address that nobody else has: locally administered, of one station. */
function newHardwareAddress(): string {
  const address = crypto.getRandomValues(new Uint8Array(6));
  address[0] = 0x02;
  return hardwareText(address);
}

/** The bridge of a record, if it is there and no other of that name. */
function bridgeOf({ route }: Sockets, record: NetworkRecord): Link | undefined {
  const link = findLink(route, record.bridge);
  return link?.kind === "bridge" && link.hardwareAddress === record.hardwareAddress ? link : undefined;
}

/** A record that can be made true: what was noted, if its name and its addresses are still free. */
function propose(sockets: Sockets, noted: NetworkRecord | undefined): NetworkRecord {
  const inUse = networksInUse(sockets.route);
  const isFree = ({ bridge, gateway, prefix }: NetworkRecord): boolean =>
    findLink(sockets.route, bridge) === undefined &&
    !inUse.some((network) => overlap(network, networkOf(gateway, prefix)));
  if (noted !== undefined && isFree(noted)) return noted;
  const { address, prefix } = chooseSubnet(inUse);
  for (let n = 0; n < MOST_BRIDGES; n++) {
    if (findLink(sockets.route, `${NAME}${n}`) !== undefined) continue;
    return { bridge: `${NAME}${n}`, hardwareAddress: newHardwareAddress(), gateway: address + 1, prefix };
  }
  throw new Error(`making a bridge for containers: the names up to ${NAME}${MOST_BRIDGES - 1} are all taken`);
}

function makeBridge(sockets: Sockets, place: string): [NetworkRecord, Link] {
  for (;;) {
    const record = propose(sockets, readNetwork(place));
    writeNetwork(place, record);
    // An engine with another state directory may have been faster.
    if (!unlessErrno([EEXIST], () => createBridge(sockets.route, record.bridge, record.hardwareAddress))) {
      continue;
    }
    const link = bridgeOf(sockets, record);
    if (link !== undefined) return [record, link];
  }
}

/** The table of a bridge, by its name: its containers may speak with everybody, and others only answer them. */
export function tableOf({ bridge, gateway, prefix }: NetworkRecord): Table {
  const subnet = toBytes(networkOf(gateway, prefix).address);
  const [from, to] = [linkName("iifname", "==", bridge), linkName("oifname", "==", bridge)];
  return {
    family: AF_INET,
    name: bridge,
    chains: [
      {
        ...{ name: "postrouting", type: "nat", hook: NF_INET.POST_ROUTING, priority: NF_IP_PRI.NAT_SRC },
        rules: [[...ipSource(subnet, prefix), ...linkName("oifname", "!=", bridge), ...masquerade()]],
      },
      {
        ...{ name: "forward", type: "filter", hook: NF_INET.FORWARD, priority: NF_IP_PRI.FILTER },
        rules: [
          [...from, ...verdict("accept")],
          [...to, ...ofConnection(), ...verdict("accept")],
          // Forwarding is switched on: the containers' own ports are not for the host's neighbours all the same.
          [...to, ...verdict("drop")],
        ],
      },
    ],
  };
}

/** Lets packets through the host. It stays so: others may have come to rely on it. */
function forwardPackets(): void {
  try {
    if (Deno.readTextFileSync(FORWARD).trim() !== "1") Deno.writeTextFileSync(FORWARD, "1");
  } catch (error) {
    throw new Error(`switching forwarding on (${FORWARD}): ${(error as Error).message}`, { cause: error });
  }
}

/** Makes what there is not of the bridge, its address and its rules. What is there stays. */
export function ensureBridge(sockets: Sockets, place: string): NetworkRecord & { index: number } {
  const noted = readNetwork(place), there = noted && bridgeOf(sockets, noted);
  const [record, { index }] = there === undefined ? makeBridge(sockets, place) : [noted!, there];
  const { bridge, gateway, prefix } = record, local = toBytes(gateway);
  const network = networkOf(gateway, prefix);
  const address = {
    ...{ index, family: AF_INET, prefix, scope: RT_SCOPE_UNIVERSE, flags: 0, local, peer: local },
    broadcast: toBytes(network.address + sizeOf(network) - 1),
  };
  unlessErrno([EEXIST], () =>
    addAddress(
      sockets.route,
      address,
      `giving bridge ${JSON.stringify(bridge)} the address ${format(gateway)}/${prefix}`,
    ));
  replaceTable(sockets.filter, tableOf(record));
  passOthersFilters(sockets.filter(), bridge);
  forwardPackets();
  return { ...record, index };
}

/** Removes the bridge and its rules. */
export function removeBridge(sockets: Sockets, place: string): void {
  const record = readNetwork(place);
  if (record === undefined) return;
  const there = bridgeOf(sockets, record);
  // The table of another bridge has that one's name.
  if (there === undefined && findLink(sockets.route, record.bridge) !== undefined) return;
  leaveOthersFilters(sockets.filter(), record.bridge);
  removeTable(sockets.filter, { family: AF_INET, name: record.bridge });
  if (there !== undefined) deleteLink(sockets.route, record.bridge);
}
