/** Tokens of a registry's token service: by GET with Basic, or by POST with a refresh token (OAuth 2.0). @module */
import { Cursor, parseJson } from "../../../json/mod.ts";
import { answerError } from "../http/error_body.ts";
import { NetworkError, RegistryError } from "../http/errors.ts";
import { shownUrl } from "../http/hosts.ts";
import type { HopRequest } from "../http/message.ts";
import { readBody } from "../http/read_body.ts";
import type { Transport } from "../http/transport.ts";
import { basicHeader, type Credentials } from "./credentials.ts";

/** Largest answer of a token service. */
const MAX_ANSWER = 256 * 1024;
/** How long a token lives if its service does not say, in seconds. */
const DEFAULT_LIFE = 60;
/** What umiak calls itself to token services. */
const CLIENT = "umiak";

/** Whom to ask for a token. */
export interface TokenService {
  /** Its address. */
  readonly realm: URL;
  /** What the registry is called there. */
  readonly service?: string;
}

/** A token. */
export interface Token {
  /** What goes behind "Bearer ". */
  readonly value: string;
  /** When it is too old, in milliseconds since 1970. */
  readonly expires: number;
}

/** What a token is asked with. */
export interface TokenRequest {
  /** Whom to ask. */
  readonly service: TokenService;
  /** What it is for: "repository:NAME:pull". */
  readonly scopes: readonly string[];
  /** Who asks; anonymous without. */
  readonly credentials: Credentials | undefined;
  /** The registry, for messages. */
  readonly registry: string;
  /** The registry is reached by plain HTTP, as was asked for: so may its token service, for who is nobody. */
  readonly plainHttp: boolean;
  /** Takes what is secret out of the service's messages. */
  readonly clean: (text: string) => string;
}

function byPost(request: TokenRequest, identityToken: string): HopRequest {
  const { service, scopes } = request;
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: CLIENT,
    refresh_token: identityToken,
  });
  if (service.service !== undefined) form.set("service", service.service);
  if (scopes.length > 0) form.set("scope", scopes.join(" "));
  const headers = new Headers({ "content-type": "application/x-www-form-urlencoded" });
  return { method: "POST", url: service.realm, headers, body: new TextEncoder().encode(form.toString()) };
}

function byGet(request: TokenRequest): HopRequest {
  const { service, scopes, credentials } = request;
  const url = new URL(service.realm);
  if (service.service !== undefined) url.searchParams.set("service", service.service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  url.searchParams.set("client_id", CLIENT);
  const headers = new Headers();
  const basic = credentials === undefined ? undefined : basicHeader(credentials);
  if (basic !== undefined) {
    url.searchParams.set("account", credentials!.username!);
    headers.set("authorization", basic);
  }
  return { method: "GET", url, headers };
}

/** A token may go into a header: visible ASCII only (RFC 6750, section 2.1). */
function tokenValue(answer: Cursor, what: string): string {
  for (const name of ["token", "access_token"]) {
    const value = answer.field(name).optional((field) => field.string());
    if (!value) continue;
    if (!/^[\x21-\x7e]+$/.test(value)) {
      throw new Error(`${what}: its token contains characters that none has`);
    }
    return value;
  }
  throw new Error(`${what}: its answer has no token`);
}

function decodeToken(bytes: Uint8Array, what: string, now: number): Token {
  let answer: Cursor;
  try {
    answer = new Cursor(parseJson(bytes, what), what);
  } catch {
    // The message would quote the answer.
    throw new Error(`${what}: its answer is not valid JSON`);
  }
  const value = tokenValue(answer, what);
  const life = answer.field("expires_in").optional((field) => field.integer(0)) || DEFAULT_LIFE;
  return { value, expires: now + life * 1000 };
}

/** Asks for a token. Whoever calls has made sure that the service may see the credentials, and nobody on the way. */
export async function fetchToken(
  transport: Transport,
  request: TokenRequest,
  now: () => number,
  signal?: AbortSignal,
): Promise<Token> {
  const { realm } = request.service;
  const what = `token for ${request.registry} from ${shownUrl(realm)}`;
  const identity = request.credentials?.identityToken;
  const hop = identity === undefined ? byGet(request) : byPost(request, identity);
  // A refresh token is in the body: it does not go on to where the service may redirect it.
  const options = { small: true, signal, plainHttp: request.plainHttp, stay: identity !== undefined };
  const response = await transport.send(hop, options).catch((error) => {
    const { message } = error as Error;
    if (error instanceof RegistryError) throw new RegistryError(`${what}: ${message}`, error.status);
    if (error instanceof NetworkError) {
      throw new NetworkError(`${what}: ${message}`, error.repeat, error.isCertificate);
    }
    throw error;
  });
  if (response.status !== 200) {
    const error = await answerError(response, what, now(), request.clean);
    if (error.status !== 404 && error.status !== 405 || identity === undefined) throw error;
    throw new RegistryError(
      `${error.message}: it takes no refresh tokens; log in again`,
      error.status,
      error.codes,
    );
  }
  return decodeToken(await readBody(response, MAX_ANSWER, what), what, now());
}
