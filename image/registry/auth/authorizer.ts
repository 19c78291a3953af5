/** Shows a registry what it wants to see: nothing, Basic, or a Bearer token for what is about to be done. @module */
import { unlessAborted } from "../http/abort.ts";
import { RegistryError } from "../http/errors.ts";
import { isLoopback, shownUrl } from "../http/hosts.ts";
import type { Transport } from "../http/transport.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { basicHeader, type Credentials, type CredentialSource } from "./credentials.ts";
import type { Secrets } from "./secrets.ts";
import { fetchToken, type Token, type TokenService } from "./token.ts";

/** A token this close to its end is not used any more, in milliseconds. */
const MARGIN = 5000;
/** Scopes taken from a challenge, and their length, at most. */
const MAX_SCOPES = 16, MAX_SCOPE = 1024;
/** Tokens that are remembered. */
const MAX_TOKENS = 1000;

/** What an authorizer is for. */
export interface AuthorizerOptions {
  /** The registry, as users call it. */
  readonly registry: string;
  /** Its server. */
  readonly origin: URL;
  /** Where credentials are. */
  readonly credentials: CredentialSource;
  /** What asks token services. */
  readonly transport: Transport;
  /** Takes note of every secret. */
  readonly secrets: Secrets;
  /** Hosts whose token services may get this registry's credentials, instead of any that is reached by verified TLS. */
  readonly realms?: readonly string[] | undefined;
  /** Plain HTTP to other machines is wanted. */
  readonly plainHttp: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a request is about. */
export interface Access {
  /** The repository, if it is about one. */
  readonly repository?: string;
  /** Scopes of the token: "repository:NAME:pull,push". */
  readonly scopes: readonly string[];
}

/** Actions on a repository as a scope. */
export function scope(repository: string, actions: string): string {
  return `repository:${repository}:${actions}`;
}

/** See the module's comment. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Token>();
  /** What was found for each repository: a helper that is asked may ask the user. */
  readonly #found = new Map<string, Promise<Credentials | undefined>>();
  readonly #pending = new Map<string, Promise<Token>>();
  #scheme: "basic" | TokenService | undefined;

  /** An authorizer for one registry. */
  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The header to begin with; undefined if nothing is known to be wanted. */
  async header(access: Access, signal?: AbortSignal): Promise<string | undefined> {
    if (this.#scheme === undefined) return undefined;
    if (this.#scheme === "basic") return await this.#basic(access);
    return await this.#bearer(this.#scheme, access, access.scopes, signal);
  }

  /** The header to answer a 401 with, after `rejected`; undefined if there is nothing else to show. */
  async answer(
    wwwAuthenticate: string | null,
    access: Access,
    rejected: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const challenges = parseChallenges(wwwAuthenticate);
    // The user may have logged in anew since.
    if (rejected !== undefined) this.#found.delete(access.repository ?? "");
    const bearer = challenges.find((each) => each.scheme === "bearer" && each.parameters.has("realm"));
    let header: string | undefined;
    if (bearer !== undefined) {
      const service = this.#service(bearer);
      this.#scheme = service;
      const key = tokenKey(access);
      if (rejected === `Bearer ${this.#tokens.get(key)?.value}`) this.#tokens.delete(key);
      const scopes = [...new Set([...access.scopes, ...scopesOf(bearer)])];
      header = await this.#bearer(service, access, scopes, signal);
    } else if (challenges.some((each) => each.scheme === "basic")) {
      this.#scheme = "basic";
      header = await this.#basic(access);
    }
    return header === rejected ? undefined : header;
  }

  #credentials({ repository = "" }: Access): Promise<Credentials | undefined> {
    let found = this.#found.get(repository);
    if (found === undefined) {
      if (this.#found.size >= MAX_TOKENS) this.#found.clear();
      found = this.#lookUp(repository === "" ? undefined : repository);
      found.catch(() => this.#found.delete(repository));
      this.#found.set(repository, found);
    }
    return found;
  }

  async #lookUp(repository: string | undefined): Promise<Credentials | undefined> {
    const { credentials, registry, secrets } = this.#options;
    const found = await credentials.get(registry, repository);
    if (found !== undefined) secrets.addCredentials(found);
    return found;
  }

  async #basic(access: Access): Promise<string | undefined> {
    const found = await this.#credentials(access);
    if (found === undefined) return undefined;
    this.#checkChannel(this.#options.origin);
    return basicHeader(found);
  }

  /** The token service of a challenge. Throws if its address is none, or credentials could be overheard on the way. */
  #service(challenge: Challenge): TokenService {
    const { registry } = this.#options;
    const text = challenge.parameters.get("realm")!;
    let realm: URL;
    try {
      realm = new URL(text);
    } catch {
      throw new RegistryError(`registry ${registry}: its token service has no valid address`, 401);
    }
    if (realm.protocol !== "https:" && realm.protocol !== "http:" || realm.username !== "") {
      throw new RegistryError(`registry ${registry}: its token service has no valid address`, 401);
    }
    realm.hash = "";
    const service = challenge.parameters.get("service");
    return { realm, ...(service === undefined ? {} : { service: service.slice(0, MAX_SCOPE) }) };
  }

  /** Throws if credentials would cross a network in the clear. */
  #checkChannel(to: URL): void {
    if (to.protocol === "https:" || isLoopback(to.host)) return;
    throw new RegistryError(
      `registry ${this.#options.registry}: credentials are not sent over plain HTTP to ${to.host}`,
      401,
    );
  }

  /** True if a token service may see the credentials of this registry. */
  #mayKnow(realm: URL): boolean {
    const { origin, transport, realms } = this.#options;
    if (realm.host === origin.host) return true;
    if (realms !== undefined) return realms.includes(realm.host);
    if (isLoopback(origin.host) && isLoopback(realm.host)) return true;
    // Only the registry itself can say whom it trusts: whoever sits in between must not.
    return realm.protocol === "https:" && transport.verifies &&
      (origin.protocol === "https:" || isLoopback(origin.host));
  }

  async #bearer(
    service: TokenService,
    access: Access,
    scopes: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const key = tokenKey(access);
    const known = this.#tokens.get(key);
    if (known !== undefined && known.expires - MARGIN > this.#options.now()) return `Bearer ${known.value}`;
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      // Several requests may wait for it: it ends with its own time limit, not with one of them.
      pending = this.#token(service, access, scopes).finally(() => this.#pending.delete(key));
      pending.catch(() => {});
      this.#pending.set(key, pending);
    }
    const { value } = await unlessAborted(pending, signal);
    return `Bearer ${value}`;
  }

  async #token(service: TokenService, access: Access, scopes: readonly string[]): Promise<Token> {
    const { registry, secrets, transport, now } = this.#options;
    const found = await this.#credentials(access);
    if (found?.registryToken !== undefined) {
      this.#checkChannel(this.#options.origin);
      return { value: found.registryToken, expires: 0 };
    }
    const credentials = found !== undefined && this.#mayKnow(service.realm) ? found : undefined;
    if (credentials !== undefined) this.#checkChannel(service.realm);
    const { plainHttp } = this.#options;
    const clean = (text: string): string => secrets.scrub(text);
    const request = { service, scopes, credentials, registry, plainHttp, clean };
    const token = await fetchToken(transport, request, now).catch((error) => {
      if (found !== undefined && credentials === undefined && (error as RegistryError).status === 401) {
        throw new RegistryError(
          `registry ${registry}: its token service ${
            shownUrl(service.realm)
          } is not trusted with the credentials`,
          401,
        );
      }
      throw error instanceof RegistryError ? secrets.scrubError(error) : error;
    });
    secrets.add(token.value);
    if (this.#tokens.size >= MAX_TOKENS) this.#tokens.clear();
    this.#tokens.set(tokenKey(access), token);
    return token;
  }
}

function tokenKey(access: Access): string {
  return JSON.stringify([access.repository ?? "", ...[...access.scopes].sort()]);
}

function scopesOf(challenge: Challenge): string[] {
  const text = challenge.parameters.get("scope") ?? "";
  return text.split(" ").filter((each) => each !== "" && each.length <= MAX_SCOPE).slice(0, MAX_SCOPES);
}
