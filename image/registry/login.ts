/** Logging in to a registry: credentials are tried before they are kept. @module */
import { type Credentials, fixedCredentials } from "./auth/credentials.ts";
import { type Kept, saveCredentials } from "./auth/login.ts";
import type { RegistryOptions } from "./options.ts";
import { Registry } from "./registry.ts";

/** Who logs in where. */
export interface LoginRequest {
  /** HOST[:PORT]. */
  readonly registry: string;
  /** Who it is. */
  readonly credentials: Credentials;
  /** The file to keep them in. */
  readonly path: string;
  /** How the registry is talked to. */
  readonly options?: Omit<RegistryOptions, "credentials">;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Tries credentials and keeps them: in the file, or with the helper that the file names. Throws a RegistryError, and keeps nothing, if
 * the registry does not accept them.
 */
export async function login(request: LoginRequest): Promise<Kept> {
  const { credentials, path, signal } = request;
  const registry = new Registry(request.registry, {
    ...request.options,
    credentials: fixedCredentials(credentials),
  });
  await registry.ping(signal === undefined ? {} : { signal });
  return await saveCredentials(path, registry.host, credentials);
}
