/** Which addresses a host's containers get: private ones (RFC 1918) that nothing else of the host uses. @module */
import { AF_INET } from "../../abi/linux/socket.ts";
import type { Netlink } from "../netlink/conversation.ts";
import { listAddresses } from "../netlink/route/addresses.ts";
import { RTN } from "../netlink/route/numbers.ts";
import { listRoutes } from "../netlink/route/routes.ts";
import { fromBytes, type Network, networkOf, overlap, parse } from "./ipv4.ts";

/** A bridge has at most 1,024 ports (BR_MAX_PORTS): more addresses than 22 bits leave would find no place on it. */
const PREFIX = 22;
/** A route to more than 2^24 addresses is a way out, like the default route (VPNs split that in two), and no network in use. */
const LEAST_PREFIX = 8;

/** What is tried, from the least to the most likely to be somebody's: 10.87/16 to 10.64/16 first, in pieces. */
function* candidates(): Generator<Network> {
  const blocks = [
    ...Array.from({ length: 24 }, (_, i) => `10.${87 - i}.0.0`),
    ...Array.from({ length: 16 }, (_, i) => `172.${31 - i}.0.0`),
    "192.168.0.0",
  ];
  for (const block of blocks) {
    const first = parse(block)!;
    for (let at = 0; at < 2 ** 16; at += 2 ** (32 - PREFIX)) yield { address: first + at, prefix: PREFIX };
  }
}

/** Networks that the host's links and routes lead to. */
export function networksInUse(netlink: Netlink): Network[] {
  const ofLinks = listAddresses(netlink).filter(({ family }) => family === AF_INET)
    .flatMap(({ local, peer, prefix }) => [local, peer].map((each) => networkOf(fromBytes(each), prefix)));
  const ofRoutes = listRoutes(netlink)
    // Those that lead nowhere (blackhole, unreachable) often stand for all private networks that are not in use.
    .filter(({ type, prefix }) =>
      [RTN.UNICAST, RTN.LOCAL].some((each) => each === type) && prefix >= LEAST_PREFIX
    )
    .map(({ destination, prefix }) => networkOf(fromBytes(destination!), prefix));
  return [...ofLinks, ...ofRoutes];
}

/** The first network that has nothing in common with those in use. */
export function chooseSubnet(inUse: readonly Network[]): Network {
  for (const candidate of candidates()) {
    if (!inUse.some((each) => overlap(each, candidate))) return candidate;
  }
  throw new Error("choosing addresses for containers: the host's links and routes use all private networks");
}
