/** Who answers names in a network namespace. @module */
import type { Ip } from "./ip.ts";

/** Answers host names. */
export interface NameService {
  /** Addresses of a name, IPv4 or IPv6. -ENOENT: no such name; -EACCES: the policy does not let it be asked; -EAGAIN: no answer now. */
  lookup(name: string, family: 4 | 6): Promise<readonly Ip[] | number>;
}
