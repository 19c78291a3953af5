/** Who a user is to a registry. @module */

/** Credentials for a registry: a name with a password, or a token. */
export interface Credentials {
  /** Name. */
  readonly username?: string;
  /** Password. */
  readonly password?: string;
  /** Refresh token of the registry's token service, in place of a password. */
  readonly identityToken?: string;
  /** Token to show to the registry as it is. */
  readonly registryToken?: string;
}

/** Where credentials are kept. */
export interface CredentialSource {
  /** Credentials for a registry, or for one of its repositories; undefined if there are none. */
  get(registry: string, repository?: string): Promise<Credentials | undefined>;
}

/** Has none: everything is asked for anonymously. */
export const ANONYMOUS: CredentialSource = { get: () => Promise.resolve(undefined) };

/** Has the same for every registry that it is asked about; for one that the caller knows. */
export function fixedCredentials(credentials: Credentials): CredentialSource {
  return { get: () => Promise.resolve(credentials) };
}

/** The header of Basic authentication (RFC 7617), in UTF-8; undefined without a name. */
export function basicHeader({ username, password }: Credentials): string | undefined {
  if (username === undefined || password === undefined) return undefined;
  return `Basic ${encodeBase64(`${username}:${password}`)}`;
}

/** Base64 of the text's UTF-8. */
export function encodeBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** The opposite of encodeBase64; undefined for what is not base64 of UTF-8. */
export function decodeBase64(text: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
