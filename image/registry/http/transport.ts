/** Sends requests: picks the way for each host, watches over the time, follows redirections. @module */
import { NetworkError, networkError, RegistryError } from "./errors.ts";
import { fetchHop } from "./fetch_hop.ts";
import { isLoopback, sameOrigin, shownUrl } from "./hosts.ts";
import { type Hop, type HopRequest, type HopResponse, isStream, type StreamBody } from "./message.ts";
import { nodeHop } from "./node_hop.ts";
import { type TlsOptions, tlsSettings } from "./tls.ts";
import { TIMEOUTS, type Timeouts, Watchdog } from "./watchdog.ts";

/** How requests are sent. */
export interface TransportOptions extends TlsOptions {
  /** What User-Agent says. */
  readonly userAgent?: string;
  /** How long to wait. */
  readonly timeouts?: Partial<Timeouts>;
}

/** What a caller wants of one exchange. */
export interface SendOptions {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** The answer is small: its whole time is bounded. */
  readonly small?: boolean;
  /** It completes an upload: the answer may take longer. */
  readonly commit?: boolean;
  /** Plain HTTP to other machines is wanted. */
  readonly plainHttp?: boolean;
  /** It is not redirected to another server: its body is not for others. */
  readonly stay?: boolean;
}

/** Redirections in a row, at most. */
const MAX_REDIRECTS = 5;
/** Environment variables that name a proxy, which only `fetch` knows how to use. */
const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/** See the module's comment. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #home: string | undefined;
  readonly #timeouts: Timeouts;
  readonly #hops = new Map<string, Promise<{ plain: Hop; stream: Hop }>>();

  /** A transport with its own settings; `home` is the host that a certificate of the client is for. */
  constructor(options: TransportOptions = {}, home?: string) {
    this.#options = options;
    this.#home = home;
    this.#timeouts = { ...TIMEOUTS, ...options.timeouts };
  }

  /** False if servers are not verified, so that what they say may be anybody's. */
  get verifies(): boolean {
    return this.#options.tlsVerify ?? true;
  }

  #hop(request: HopRequest): Promise<{ plain: Hop; stream: Hop }> {
    const { protocol, host } = request.url;
    const key = `${protocol}//${host}`;
    let hop = this.#hops.get(key);
    if (hop === undefined) {
      hop = this.#choose(protocol, host);
      this.#hops.set(key, hop);
    }
    return hop;
  }

  async #choose(protocol: string, host: string): Promise<{ plain: Hop; stream: Hop }> {
    const { clientCertificate: _, ...others } = this.#options;
    const options = host === this.#home ? this.#options : others;
    const tls = protocol === "https:" ? await tlsSettings(host, options) : undefined;
    if (tls !== undefined) return { plain: nodeHop(tls), stream: nodeHop(tls) };
    const proxied = PROXIES.some((name) => Deno.env.get(name) || Deno.env.get(name.toLowerCase()));
    // What is meant for this machine does not leave it for a proxy, least of all unprotected.
    if (proxied && isLoopback(host)) return { plain: nodeHop(), stream: nodeHop() };
    return { plain: fetchHop, stream: proxied ? fetchHop : nodeHop() };
  }

  /**
   * Sends a request and follows where it is redirected to. Authorization goes to the first server only. Throws a NetworkError, or the
   * signal's reason; every status that is no redirection is an answer.
   */
  async send(request: HopRequest, options: SendOptions = {}): Promise<HopResponse> {
    let current = request;
    for (let n = 0; n <= MAX_REDIRECTS; n++) {
      checkScheme(current.url, options);
      const response = await this.#once(current, options);
      const location = redirection(response);
      if (location === undefined) return response;
      await response.discard();
      if (options.stay && !sameOrigin(current.url, location)) {
        throw new RegistryError(
          `${current.url.host}: redirected to another server, ${location.host}`,
          response.status,
        );
      }
      current = redirected(current, response.status, location);
    }
    throw new RegistryError(`${request.url.host}: more than ${MAX_REDIRECTS} redirections in a row`, 0);
  }

  async #once(request: HopRequest, options: SendOptions): Promise<HopResponse> {
    const { host } = request.url;
    const { answer, idle, commit, small } = this.#timeouts;
    const headers = new Headers(request.headers);
    headers.set("user-agent", this.#options.userAgent ?? "umiak");
    // Content is named by the digest of its bytes: no server is to compress them on the way.
    headers.set("accept-encoding", "identity");
    const hop = await this.#hop(request);
    let failure: { error: unknown } | undefined;
    const dog = new Watchdog(host, options.signal, options.small ? small : Infinity);
    const patience = isStream(request.body) || options.commit ? commit : answer;
    dog.expect(patience, `no answer within ${patience / 1000} s`);
    try {
      const send = isStream(request.body) ? hop.stream : hop.plain;
      const noted = noting({ ...request, headers }, (error) => failure = { error });
      const response = await send(noted, dog.signal, dog);
      dog.expect(idle, `its answer has stopped for ${idle / 1000} s`);
      return watched(response, dog);
    } catch (error) {
      dog.stop();
      if (failure !== undefined) throw failure.error;
      throw dog.signal.aborted ? dog.signal.reason : networkError(error, host);
    }
  }
}

/** The request with a body that notes what goes wrong in its own source: that is not the server's fault. */
function noting(request: HopRequest, note: (error: unknown) => void): HopRequest {
  const { body } = request;
  if (!isStream(body)) return request;
  async function* open(): AsyncGenerator<Uint8Array> {
    try {
      yield* (body as StreamBody).open();
    } catch (error) {
      note(error);
      throw error;
    }
  }
  return { ...request, body: { size: body.size, open } };
}

function watched(response: HopResponse, dog: Watchdog): HopResponse {
  async function* body(): AsyncGenerator<Uint8Array> {
    let ended = false;
    try {
      for await (const chunk of response.body) {
        dog.rest();
        yield chunk;
        dog.touch();
      }
      ended = true;
    } catch {
      if (dog.signal.aborted) throw dog.signal.reason;
      throw new NetworkError(`${response.url.host}: its answer was cut off`, "often");
    } finally {
      dog.stop();
      if (!ended) await response.discard();
    }
  }
  return {
    ...response,
    body: body(),
    discard: async () => {
      dog.stop();
      await response.discard();
    },
  };
}

function checkScheme(url: URL, options: SendOptions): void {
  if (url.protocol === "https:") return;
  if (url.protocol !== "http:") {
    throw new RegistryError(`${url.host}: scheme ${url.protocol} is not possible`, 0);
  }
  if (isLoopback(url.host) || options.plainHttp) return;
  throw new RegistryError(`${url.host}: plain HTTP is only for this machine, unless asked for`, 0);
}

function redirection(response: HopResponse): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.get("location");
  if (location === null) {
    throw new RegistryError(`${response.url.host}: a redirection that leads nowhere`, response.status);
  }
  try {
    return new URL(location, response.url);
  } catch {
    throw new RegistryError(`${response.url.host}: a redirection to no valid address`, response.status);
  }
}

/** The request that a redirection asks for (RFC 9110, section 15.4). */
function redirected(request: HopRequest, status: number, url: URL): HopRequest {
  const from = request.url;
  const refused = (why: string): RegistryError =>
    new RegistryError(`${from.host}: redirected to ${shownUrl(url)}: ${why}`, status);
  if (from.protocol === "https:" && url.protocol !== "https:") throw refused("from TLS to none");
  if (url.username !== "" || url.password !== "") throw refused("the address contains credentials");
  if (!["GET", "HEAD"].includes(request.method) && status < 307) {
    throw refused(`a ${request.method} cannot follow a ${status}`);
  }
  const headers = new Headers(request.headers);
  // distribution-spec#api: clients MUST NOT forward Authorization across host boundaries. A port is one, too.
  if (!sameOrigin(from, url)) headers.delete("authorization");
  return { ...request, url, headers };
}
