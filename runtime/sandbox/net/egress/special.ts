/** Addresses that are not on the public internet (IANA's special-purpose registries, RFC 6890), and clouds' metadata services. @module */
import { inPrefix, type Ip, parsePrefix, type Prefix } from "../ip.ts";

const BLOCKS: readonly (readonly [prefix: string, what: string])[] = [
  ["0.0.0.0/8", "this network"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "shared by carriers"],
  ["127.0.0.0/8", "loopback"],
  ["168.63.129.16/32", "a cloud's metadata service"],
  ["169.254.0.0/16", "link-local, metadata services"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "protocol assignments"],
  ["192.0.2.0/24", "documentation"],
  ["192.88.99.0/24", "6to4 relays"],
  ["192.168.0.0/16", "private"],
  ["198.18.0.0/15", "benchmarks"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
  ["::/127", "unspecified, loopback"],
  ["::/96", "IPv4-compatible"],
  ["64:ff9b::/96", "IPv4 behind NAT64"],
  ["64:ff9b:1::/48", "IPv4 behind NAT64"],
  ["100::/64", "discarded"],
  ["2001::/23", "protocol assignments, Teredo"],
  ["2001:db8::/32", "documentation"],
  ["2002::/16", "6to4"],
  ["3fff::/20", "documentation"],
  ["5f00::/16", "segment routing"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "site-local"],
  ["ff00::/8", "multicast"],
];

const PREFIXES: readonly (readonly [Prefix, string])[] = BLOCKS.map((
  [text, what],
) => [parsePrefix(text)!, what]);

/** What an address is, if it is not a public one: "private", "loopback". Mapped addresses are to be unmapped before. */
export function specialUse(ip: Ip): string | undefined {
  return PREFIXES.find(([prefix]) => inPrefix(ip, prefix))?.[1];
}
