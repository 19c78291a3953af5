/**
 * Packet filters of others on the way through the host. Whatever one chain accepts, another can still drop: where Docker, ufw or firewalld drop what
 * they do not know, containers would reach nobody outside. So what comes from the bridge and goes to it is let through there; who may begin to speak
 * with containers is decided by the bridge's own table all the same.
 * @module
 */
import { AF_INET } from "../../abi/linux/socket.ts";
import type { Netlink } from "../netlink/conversation.ts";
import {
  findRules,
  insertRules,
  listChains,
  removeRules,
  type SeenChain,
} from "../netlink/nftables/chains.ts";
import { linkName, verdict } from "../netlink/nftables/expressions.ts";
import { NF_INET, NFPROTO_INET, VERDICT } from "../netlink/nftables/numbers.ts";

/** Filters that see packets of IPv4 on their way through, but for the bridge's own. */
function filtersOfOthers(netlink: Netlink, bridge: string): SeenChain[] {
  return listChains(netlink).filter(({ family, table, type, hook }) =>
    (family === AF_INET || family === NFPROTO_INET) && hook === NF_INET.FORWARD && type === "filter" &&
    table !== bridge
  );
}

/** The rules' comment. */
const commentOf = (bridge: string): string => `containers of ${bridge}`;

/** Lets packets of a bridge through filters that drop what they do not know. */
export function passOthersFilters(netlink: Netlink, bridge: string): void {
  const comment = commentOf(bridge);
  for (const chain of filtersOfOthers(netlink, bridge)) {
    if (chain.policy !== VERDICT.DROP || findRules(netlink, chain, comment).length > 0) continue;
    const accept = verdict("accept");
    insertRules(netlink, chain, comment, [
      [...linkName("iifname", "==", bridge), ...accept],
      [...linkName("oifname", "==", bridge), ...accept],
    ]);
  }
}

/** Leaves others' filters as they were. */
export function leaveOthersFilters(netlink: Netlink, bridge: string): void {
  for (const chain of filtersOfOthers(netlink, bridge)) removeRules(netlink, chain, commentOf(bridge));
}
