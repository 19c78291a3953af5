/** What private networks are made of, tried in a network namespace that ends at once. @module */
import { O_RDONLY } from "../../../fs/abi/open.ts";
import { CLONE_NEWNET } from "../../abi/linux/clone.ts";
import { readFile } from "../cgroups/files.ts";
import { openPath, whileOpen } from "../ffi/descriptors.ts";
import type { Netlink } from "../netlink/conversation.ts";
import { NETLINK_NETFILTER, NETLINK_ROUTE } from "../netlink/numbers.ts";
import { replaceTable } from "../netlink/nftables/table.ts";
import { createBridge, createVethPair } from "../netlink/route/links.ts";
import { openNetlink } from "../netlink/socket.ts";
import { tableOf } from "../network/bridge.ts";
import { reasonIn, whileChild } from "./child.ts";
import type { Failure, NetworkFacts } from "./facts.ts";

const what = "trying networks";
const BRIDGE = { bridge: "umiak0", hardwareAddress: "02:00:00:00:00:01", gateway: 0x0a000001, prefix: 24 };

function attempt(body: () => void): Failure {
  try {
    body();
    return undefined;
  } catch (error) {
    return reasonIn(error);
  }
}

/** Runs `body` with a socket of the namespace. */
function withSocket(
  open: (protocol: number) => Netlink,
  protocol: number,
  body: (netlink: Netlink) => void,
): void {
  const netlink = open(protocol);
  try {
    body(netlink);
  } finally {
    netlink.close();
  }
}

/** Makes them all, and what they are in ends. */
export function tryNetwork(directory: string): NetworkFacts {
  const forwarding = readFile("/proc/sys/net/ipv4/ip_forward");
  const facts = { forwarding: forwarding === undefined ? undefined : forwarding !== "0" };
  try {
    return whileChild(CLONE_NEWNET, directory, (pid) =>
      whileOpen((own) => {
        const namespace = own(openPath(`/proc/${pid}/ns/net`, O_RDONLY, what));
        const open = (protocol: number): Netlink => openNetlink(protocol, what, namespace);
        const tried = (protocol: number, body: (netlink: Netlink) => void): Failure =>
          attempt(() => withSocket(open, protocol, body));
        return {
          ...facts,
          bridge: tried(
            NETLINK_ROUTE,
            (route) => createBridge(route, BRIDGE.bridge, BRIDGE.hardwareAddress),
          ),
          veth: tried(
            NETLINK_ROUTE,
            (route) => createVethPair(route, { name: "umiak-a", peer: { name: "umiak-b" } }),
          ),
          filter: tried(NETLINK_NETFILTER, (netlink) => replaceTable(() => netlink, tableOf(BRIDGE))),
        };
      }));
  } catch (error) {
    const failure = reasonIn(error);
    return { ...facts, bridge: failure, veth: failure, filter: failure };
  }
}
