/** How registries are talked to. @module */
import type { CredentialSource } from "./auth/credentials.ts";
import type { RetryPolicy } from "./http/retry.ts";
import type { TransportOptions } from "./http/transport.ts";

/** How a registry is talked to. Everything has a default. */
export interface RegistryOptions extends TransportOptions {
  /** Plain HTTP is wanted. Without it, only this machine's own registries may do without TLS. */
  readonly plainHttp?: boolean;
  /** HOST[:PORT][/PREFIX] of registries that are asked first for what is read. Their credentials are their own. */
  readonly mirrors?: readonly string[];
  /** Where credentials are; by default nowhere. */
  readonly credentials?: CredentialSource;
  /** Hosts whose token services may get the registry's credentials, instead of any that is reached by verified TLS. */
  readonly realms?: readonly string[];
  /** When to try again. */
  readonly retry?: Partial<RetryPolicy>;
  /** Told each warning of the registry, once. */
  readonly onWarning?: (text: string) => void;
}
