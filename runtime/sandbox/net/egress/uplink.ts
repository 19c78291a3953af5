/** The host's network behind a policy. @module */
import { EACCES, ENOENT } from "../../../../fs/abi/errno.ts";
import type { InetAddress } from "../address.ts";
import { type Ip, LOOPBACK4, LOOPBACK6, parseIp } from "../ip.ts";
import type { NameService } from "../name_service.ts";
import type { HostNetwork, Transport, Uplink } from "../uplink.ts";
import type { EgressPolicy } from "./policy.ts";
import { isHostName, plainName } from "./rules.ts";

/** Names that are known without asking: small letters. */
export type StaticNames = ReadonlyMap<string, readonly Ip[]>;

/** An uplink that asks a policy. */
export function policyUplink(host: HostNetwork, policy: EgressPolicy, binds: boolean): Uplink {
  return { host, binds, allows: (transport: Transport, to: InetAddress) => policy.allows(transport, to) };
}

/** Answers names as the policy lets it: what a program is told is what it may connect to. */
export function policyNames(host: HostNetwork, policy: EgressPolicy, known: StaticNames): NameService {
  return {
    async lookup(given, family) {
      const name = plainName(given), length = family === 4 ? 4 : 16;
      const literal = parseIp(name);
      if (literal !== undefined) return literal.length === length ? [literal] : -ENOENT;
      if (!isHostName(name)) return -ENOENT;
      if (name === "localhost" || name.endsWith(".localhost")) return [family === 4 ? LOOPBACK4 : LOOPBACK6];
      const mine = known.get(name);
      if (mine !== undefined) return mine.filter((ip) => ip.length === length);
      if (!policy.mayResolve(name)) return -EACCES;
      const found = await host.resolve(name, family);
      if (typeof found === "number") return found;
      const admitted = policy.admit(name, found);
      return admitted.length === 0 && found.length > 0 ? -EACCES : admitted;
    },
  };
}
