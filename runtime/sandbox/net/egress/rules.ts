/** Rules of an egress policy: `allow=example.com:443`, `deny=10.0.0.0/8`, `allow=*`. @module */
import { inPrefix, type Ip, parsePrefix, type Prefix } from "../ip.ts";
import type { Transport } from "../uplink.ts";
import { specialUse } from "./special.ts";

/** What a rule is about. */
export type Target =
  | { readonly kind: "any" | "public" | "private" }
  | { readonly kind: "prefix"; readonly prefix: Prefix }
  | { readonly kind: "name"; readonly name: string; readonly below: boolean };

/** One rule. */
export interface EgressRule {
  /** As it was written. */
  readonly text: string;
  /** What it says. */
  readonly action: "allow" | "deny";
  /** Hosts. */
  readonly target: Target;
  /** Ports, both ends included; every port by itself. */
  readonly ports: readonly [first: number, last: number];
  /** Transport; either by itself. */
  readonly transport: Transport | null;
}

const EVERY_PORT = [0, 65535] as const;

/** True for a host name: letters, digits, hyphens (and underscores, which some have), at most 253 characters. */
export function isHostName(name: string): boolean {
  return name.length <= 253 &&
    /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(name);
}

/** A name as it is compared: small letters, without a final dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function targetOf(host: string): Target | undefined {
  if (host === "*") return { kind: "any" };
  if (host === "public" || host === "private") return { kind: host };
  const prefix = parsePrefix(host.replace(/^\[(.*)\]$/, "$1"));
  if (prefix !== undefined) return { kind: "prefix", prefix };
  const below = host.startsWith("*.");
  const name = plainName(below ? host.slice(2) : host);
  // All digits and dots, yet no address: nobody has such a name, somebody has mistyped.
  if (!isHostName(name) || /^[\d./:]+$/.test(name)) return undefined;
  return { kind: "name", name, below };
}

function portsOf(text: string): readonly [number, number] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]), last = Number(match[2] ?? match[1]);
  return first >= 1 && last <= 65535 && first <= last ? [first, last] : undefined;
}

/**
 * Reads `allow=HOST[:PORT[-PORT]][/tcp|/udp]` or `deny=…`. HOST is a name, `*.name` (every name below it), an address (IPv6 in brackets where
 * a port follows), a block `10.0.0.0/8`, `public`, `private`, or `*`. undefined if it is none.
 */
export function parseEgressRule(text: string): EgressRule | undefined {
  const match =
    /^(allow|deny)=(\[[^\]]*\](?:\/\d+)?|[^:/]+(?:\/\d+)?|[0-9a-fA-F:.]+(?:\/\d+)?)(?::([\d-]+))?(?:\/(tcp|udp))?$/
      .exec(text);
  if (match === null) return undefined;
  const [, action, host, port, transport] = match;
  const bracketed = /^\[(.*)\]\/(\d+)$/.exec(host!);
  const target = targetOf(bracketed === null ? host! : `${bracketed[1]}/${bracketed[2]}`);
  const ports = port === undefined ? EVERY_PORT : portsOf(port);
  if (target === undefined || ports === undefined) return undefined;
  return {
    text,
    action: action as "allow" | "deny",
    target,
    ports,
    transport: (transport as Transport | undefined) ?? null,
  };
}

/** A name is the rule's, or below it where the rule says so. */
export function nameMatches(target: Target, name: string): boolean {
  if (target.kind !== "name") return false;
  return target.below ? name.endsWith(`.${target.name}`) : name === target.name;
}

/** An address is one of the rule's; `names` are those it is known to have. */
export function addressMatches(rule: EgressRule, ip: Ip, names: Iterable<string>): boolean {
  const { target } = rule;
  switch (target.kind) {
    case "any":
      return true;
    case "public":
      return specialUse(ip) === undefined;
    case "private":
      return specialUse(ip) !== undefined;
    case "prefix":
      return inPrefix(ip, target.prefix);
    case "name":
      // A name that is allowed must not open a private address: whoever has the name says where it leads (DNS rebinding).
      if (rule.action === "allow" && specialUse(ip) !== undefined) return false;
      for (const name of names) if (nameMatches(target, name)) return true;
      return false;
  }
}
