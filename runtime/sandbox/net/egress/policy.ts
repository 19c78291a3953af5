/** Who may be talked to outside of the kernel: rules in order, the first that fits decides, and every decision is written down. @module */
import { formatInet, type InetAddress } from "../address.ts";
import { formatIp, type Ip } from "../ip.ts";
import type { Transport } from "../uplink.ts";
import { addressMatches, type EgressRule, nameMatches } from "./rules.ts";
import { specialUse } from "./special.ts";

/** A decision, and why. */
interface Verdict {
  readonly allowed: boolean;
  readonly why: string;
}

/** Addresses whose names are remembered, and decisions about UDP that are not written again. */
const REMEMBERED = 4096;
/** Names of one address that are remembered. */
const NAMES_MAX = 32;

/** What a policy is made of. */
export interface EgressOptions {
  /** In order. */
  readonly rules: readonly EgressRule[];
  /** What no rule is about: public addresses are allowed, or nothing is. Private ones are never without a rule. */
  readonly otherwise: "public" | "nothing";
  /** Takes a line without a newline: "egress allow tcp 192.0.2.1:443 (example.com): allow=example.com". */
  readonly log: (line: string, allowed: boolean) => void;
}

/** See the module's comment. */
export class EgressPolicy {
  /** Names that lookups through us have given addresses for. */
  readonly #names: Map<string, Set<string>> = new Map();
  readonly #written: Set<string> = new Set();

  /** A policy. */
  constructor(readonly options: EgressOptions) {}

  /** May this address be talked to? */
  allows(transport: Transport, to: InetAddress): boolean {
    const names = this.#names.get(formatIp(to.ip)) ?? new Set<string>();
    const verdict = this.#judge(transport, to, names);
    const known = names.size === 0 ? "" : ` (${[...names].join(", ")})`;
    const line = `${transport} ${formatInet(to)}${known}`;
    if (transport === "udp") {
      // One line for a destination, not for every datagram.
      if (this.#written.has(line)) return verdict.allowed;
      if (this.#written.size >= REMEMBERED) this.#written.clear();
      this.#written.add(line);
    }
    return this.#write(line, verdict);
  }

  #judge(transport: Transport, { ip, port }: InetAddress, names: ReadonlySet<string>): Verdict {
    for (const rule of this.options.rules) {
      if (rule.transport !== null && rule.transport !== transport) continue;
      if (port < rule.ports[0] || port > rule.ports[1]) continue;
      if (addressMatches(rule, ip, names)) return { allowed: rule.action === "allow", why: rule.text };
    }
    return this.#otherwise(ip);
  }

  #otherwise(ip: Ip): Verdict {
    const special = specialUse(ip);
    if (special !== undefined) {
      return { allowed: false, why: `not a public address (${special}), and no rule allows it` };
    }
    if (this.options.otherwise === "public") return { allowed: true, why: "a public address" };
    return { allowed: false, why: "no rule allows it" };
  }

  #write(what: string, { allowed, why }: Verdict): boolean {
    this.options.log(`egress ${allowed ? "allow" : "deny"} ${what}: ${why}`, allowed);
    return allowed;
  }

  /** May this name be looked up? A lookup itself tells somebody something. */
  mayResolve(name: string): boolean {
    const line = `name ${name}`;
    for (const rule of this.options.rules) {
      const { kind } = rule.target;
      if (nameMatches(rule.target, name)) {
        if (rule.action === "deny" && (rule.ports[0] > 0 || rule.transport !== null)) continue; // not for everything
        return this.#write(line, { allowed: rule.action === "allow", why: rule.text });
      }
      if (
        rule.action === "allow" ? kind === "any" || kind === "public" : kind === "any" && rule.ports[0] === 0
      ) {
        return this.#write(line, { allowed: rule.action === "allow", why: rule.text });
      }
    }
    const allowed = this.options.otherwise === "public";
    return this.#write(line, { allowed, why: allowed ? "no rule is about it" : "no rule allows it" });
  }

  /** Addresses of a name that may be told to a program, which are those it may be connected to; they are remembered as the name's. */
  admit(name: string, addresses: readonly Ip[]): Ip[] {
    return addresses.filter((ip) => {
      const text = formatIp(ip);
      if (!this.#reachable(ip)) {
        return this.#write(`name ${name} as ${text}`, this.#otherwise(ip));
      }
      let names = this.#names.get(text);
      if (names === undefined) {
        if (this.#names.size >= REMEMBERED) this.#names.delete(this.#names.keys().next().value!);
        this.#names.set(text, names = new Set());
      }
      if (names.size < NAMES_MAX) names.add(name);
      return true;
    });
  }

  /** A private address is told only where a rule allows it as an address. */
  #reachable(ip: Ip): boolean {
    if (specialUse(ip) === undefined) return true;
    return this.options.rules.some((rule) => rule.action === "allow" && addressMatches(rule, ip, []));
  }
}
