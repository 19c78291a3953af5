/** One registry's server: finds out how to talk to it, shows it who asks, tries again. @module */
import { type Access, Authorizer } from "./auth/authorizer.ts";
import { ANONYMOUS } from "./auth/credentials.ts";
import { Secrets } from "./auth/secrets.ts";
import { unlessAborted } from "./http/abort.ts";
import { answerError } from "./http/error_body.ts";
import { NetworkError, RegistryError } from "./http/errors.ts";
import { isLoopback, sameOrigin } from "./http/hosts.ts";
import type { HopRequest, HopResponse } from "./http/message.ts";
import { RETRIES, type RetryPolicy, withRetries } from "./http/retry.ts";
import { type SendOptions, Transport } from "./http/transport.ts";
import { Warnings } from "./http/warnings.ts";
import type { RegistryOptions } from "./options.ts";
import { apiHost } from "./reference.ts";

/** One call of the API. */
export interface ApiRequest {
  /** HTTP method. */
  readonly method: string;
  /** Path below /v2/ with its query, or an address that the registry has named. */
  readonly to: string | URL;
  /** Headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Body. */
  readonly body?: HopRequest["body"];
  /** What it is about. */
  readonly access: Access;
  /** Statuses that are answers; all others are errors. */
  readonly expect: readonly number[];
  /** What is being done, for messages. */
  readonly what: string;
  /** The answer is small: its time is bounded. */
  readonly small?: boolean;
  /** It completes an upload: the answer may take longer. */
  readonly commit?: boolean;
  /** False: it is not tried again here. */
  readonly repeat?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** See the module's comment. */
export class Session {
  /** The registry, as users call it. */
  readonly registry: string;
  /** When to try again. */
  readonly retry: RetryPolicy;
  readonly #options: RegistryOptions;
  readonly #transport: Transport;
  readonly #secrets = new Secrets();
  readonly #warnings: Warnings;
  #base: Promise<URL> | undefined;
  #authorizer: Authorizer | undefined;

  /** A session with `registry`. */
  constructor(registry: string, options: RegistryOptions = {}) {
    this.registry = registry;
    this.#options = options;
    this.#transport = new Transport(options, new URL(`https://${apiHost(registry)}`).host);
    this.retry = { ...RETRIES, ...options.retry };
    this.#warnings = new Warnings(options.onWarning ?? (() => {}));
  }

  /** Plain HTTP to other machines is wanted; whoever wants no verification does not mind that either. */
  get #plainHttp(): boolean {
    return this.#options.plainHttp || !this.#transport.verifies;
  }

  #now(): number {
    return this.retry.clock?.now() ?? Date.now();
  }

  /** The address of the API: ends in /v2/. */
  base(signal?: AbortSignal): Promise<URL> {
    if (this.#base === undefined) {
      // Others may wait for it, too: it does not end with this caller's signal.
      const found = this.#findBase();
      this.#base = found;
      found.catch(() => this.#base = undefined);
    }
    return unlessAborted(this.#base, signal);
  }

  async #findBase(): Promise<URL> {
    const host = apiHost(this.registry);
    const plain = new URL(`http://${host}/v2/`), secure = new URL(`https://${host}/v2/`);
    if (this.#options.plainHttp) return plain;
    if (!isLoopback(host) && this.#transport.verifies) return secure;
    return await withRetries(() => this.#probe(secure, plain), this.retry);
  }

  /** TLS if the server speaks it, whatever it answers. */
  async #probe(secure: URL, plain: URL): Promise<URL> {
    const ask = async (url: URL): Promise<URL> => {
      const request = { method: "GET", url, headers: new Headers() };
      const options = { small: true, plainHttp: true };
      await (await this.#carry(request, "checking the registry", options)).discard();
      return url;
    };
    try {
      return await ask(secure);
    } catch (error) {
      if (!(error instanceof NetworkError) || error.isCertificate) throw error;
      return await ask(plain);
    }
  }

  /** Calls the API. Throws a RegistryError for a status that is not expected, a NetworkError, or the signal's reason. */
  async request(request: ApiRequest): Promise<HopResponse> {
    const base = await this.base(request.signal);
    const once = (): Promise<HopResponse> => this.#once(base, request);
    return await (request.repeat === false ? once() : withRetries(once, this.retry, request.signal));
  }

  async #once(base: URL, request: ApiRequest): Promise<HopResponse> {
    const url = request.to instanceof URL ? request.to : new URL(request.to, base);
    const what = `${this.registry}: ${request.what}`;
    // Addresses that the registry names may be on a server that is not to know who asks.
    const own = sameOrigin(url, base);
    const { signal, access } = request;
    const authorizer = this.#authorizerFor(base);
    const shown = own ? await authorizer.header(access, signal) : undefined;
    let response = await this.#send(url, request, shown);
    if (response.status === 401 && own && sameOrigin(response.url, base)) {
      const challenge = response.headers.get("www-authenticate");
      let next: string | undefined;
      try {
        next = await authorizer.answer(challenge, access, shown, signal);
      } catch (error) {
        await response.discard();
        throw error;
      }
      if (next !== undefined) {
        await response.discard();
        response = await this.#send(url, request, next);
      }
    }
    this.#warnings.note(response.headers);
    if (request.expect.includes(response.status)) return response;
    const clean = (text: string): string => this.#secrets.scrub(text);
    throw this.#secrets.scrubError(await answerError(response, what, this.#now(), clean));
  }

  async #send(url: URL, request: ApiRequest, authorization: string | undefined): Promise<HopResponse> {
    const { method, body, signal, small = false, commit = false } = request;
    const headers = new Headers(request.headers);
    if (authorization !== undefined) headers.set("authorization", authorization);
    const hop = { method, url, headers, ...(body === undefined ? {} : { body }) };
    return await this.#carry(hop, request.what, { signal, small, commit, plainHttp: this.#plainHttp });
  }

  /** Sends a request; errors say which registry it was for, and what was being done. */
  async #carry(hop: HopRequest, what: string, options: SendOptions): Promise<HopResponse> {
    try {
      return await this.#transport.send(hop, options);
    } catch (error) {
      if (!(error instanceof RegistryError || error instanceof NetworkError)) throw error;
      const { message } = error;
      const shown = `${this.registry}: ${what}: ${message.replace(`${hop.url.host}: `, "")}`;
      if (error instanceof NetworkError) throw new NetworkError(shown, error.repeat, error.isCertificate);
      throw this.#secrets.scrubError(new RegistryError(shown, error.status, error.codes, error.retryAfter));
    }
  }

  #authorizerFor(base: URL): Authorizer {
    return this.#authorizer ??= new Authorizer({
      registry: this.registry,
      origin: base,
      credentials: this.#options.credentials ?? ANONYMOUS,
      transport: this.#transport,
      secrets: this.#secrets,
      realms: this.#options.realms,
      plainHttp: this.#plainHttp,
      now: () => this.#now(),
    });
  }

  /** GET /v2/ (distribution-spec, Determining Support). Throws if this is no registry, or the credentials are not accepted. */
  async ping(signal?: AbortSignal): Promise<void> {
    const response = await this.request({
      method: "GET",
      to: "",
      access: { scopes: [] },
      expect: [200],
      what: "checking the registry",
      small: true,
      signal,
    });
    await response.discard();
  }
}
