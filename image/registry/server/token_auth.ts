/** Bearer tokens: the challenge of a registry and the small server that hands tokens out, in one. @module */
import { randomBytes } from "node:crypto";
import type { Access, Action, Grant, RegistryAuth } from "./auth.ts";
import { readBody } from "./body.ts";
import { jsonResponse, RegistryError } from "./errors.ts";
import { parseBasic, type Users } from "./htpasswd.ts";
import { isRepositoryName } from "./names.ts";
import { type Scope, signToken, verifyToken } from "./token.ts";

/** How tokens are handed out. */
export interface TokenAuthOptions {
  /** Who there is; nobody unless told, so that all tokens are anonymous. */
  readonly users?: Users;
  /** What a user (undefined: anybody) may do; users everything, anybody nothing, unless told. */
  readonly policy?: (user: string | undefined, action: Action, repository: string) => boolean;
  /** URL of the token endpoint, if it is not at "/token" of the registry itself. */
  readonly realm?: string;
  /** Name of the service in challenges. */
  readonly service?: string;
  /** Key of the signatures; a random one unless told. */
  readonly secret?: Uint8Array;
  /** How long a token is good for, seconds. */
  readonly ttlSec?: number;
  /** The clock, milliseconds since 1970. */
  readonly now?: () => number;
}

const PATH = "/token";
/** Scopes of one token. */
const MAX_SCOPES = 64;
const MAX_FORM = 64 * 1024;
/** How long a refresh token is good for, seconds. */
const REFRESH_TTL = 30 * 24 * 3600;
const ACTIONS: readonly string[] = ["pull", "push", "delete"];
const CATALOG: Scope = { type: "registry", name: "catalog", actions: ["*"] };

/** Reads "repository:NAME:pull,push". Undefined for what nothing can be granted for. */
function parseScope(text: string): Scope | undefined {
  const match = /^([a-z]+)(?:\([a-z]+\))?:(.+):([a-z*,]+)$/.exec(text);
  if (match === null) return undefined;
  const [, type, name, list] = match as unknown as [string, string, string, string];
  if (type === "registry" && name === "catalog") return CATALOG;
  if (type !== "repository" || !isRepositoryName(name)) return undefined;
  const asked = list.split(",");
  const actions = ACTIONS.filter((each) => asked.includes("*") || asked.includes(each)) as Action[];
  return { type, name, actions };
}

function scopeText(access: Access): string {
  return access.repository === undefined
    ? "registry:catalog:*"
    : `repository:${access.repository}:${access.actions.join(",")}`;
}

/** What a request for a token says. */
interface TokenRequest {
  readonly user: string | undefined;
  readonly scopes: readonly string[];
  /** A refresh token is wanted too. */
  readonly offline: boolean;
}

/** A door that opens for tokens, and hands them out at "/token" (GET, and POST as OAuth 2 has it) for a user's password. */
export function createTokenAuth(options: TokenAuthOptions = {}): RegistryAuth {
  const { users, service = "umiak", secret = randomBytes(32), ttlSec = 300, now = Date.now } = options;
  const policy = options.policy ?? ((user: string | undefined): boolean => user !== undefined);
  const seconds = (): number => Math.floor(now() / 1000);

  const login = async (user: string, password: string): Promise<string> => {
    if (await users?.check(user, password)) return user;
    throw new RegistryError(401, "UNAUTHORIZED", "wrong user or password");
  };

  const getRequest = async (request: Request): Promise<TokenRequest> => {
    const { searchParams } = new URL(request.url);
    const header = request.headers.get("authorization");
    const given = parseBasic(header);
    if (header !== null && given === undefined) {
      throw new RegistryError(401, "UNAUTHORIZED", "only Basic authentication is possible here");
    }
    return {
      user: given === undefined ? undefined : await login(given.user, given.password),
      scopes: searchParams.getAll("scope"),
      offline: searchParams.get("offline_token") === "true",
    };
  };

  const postRequest = async (request: Request): Promise<TokenRequest> => {
    const bytes = await readBody(request, { most: MAX_FORM, idleMs: 10_000 });
    const form = new URLSearchParams(new TextDecoder().decode(bytes));
    const scopes = form.getAll("scope"), offline = form.get("access_type") === "offline";
    if (form.get("grant_type") === "refresh_token") {
      const claims = verifyToken(form.get("refresh_token") ?? "", secret, seconds());
      if (claims?.use !== "refresh") {
        throw new RegistryError(401, "UNAUTHORIZED", "the refresh token is not good, or no longer");
      }
      return { user: claims.sub, scopes, offline };
    }
    if (form.get("grant_type") !== "password") {
      throw new RegistryError(400, "UNSUPPORTED", "grant_type is neither password nor refresh_token");
    }
    return { user: await login(form.get("username") ?? "", form.get("password") ?? ""), scopes, offline };
  };

  /** As much of what was asked for as the policy allows: asking for more is no error. */
  const granted = ({ user, scopes }: TokenRequest): Scope[] => {
    const asked = scopes.flatMap((each) => each.split(" ")).filter((each) => each !== "");
    if (asked.length > MAX_SCOPES) {
      throw new RegistryError(400, "UNSUPPORTED", `more than ${MAX_SCOPES} scopes`);
    }
    return asked.flatMap((text) => {
      const scope = parseScope(text);
      if (scope === undefined || scope === CATALOG) {
        return scope === CATALOG && user !== undefined ? [CATALOG] : [];
      }
      return [{
        ...scope,
        actions: (scope.actions as Action[]).filter((each) => policy(user, each, scope.name)),
      }];
    });
  };

  const endpoint = async (request: Request): Promise<Response | undefined> => {
    if (new URL(request.url).pathname !== PATH) return undefined;
    if (request.method !== "GET" && request.method !== "POST") {
      throw new RegistryError(405, "UNSUPPORTED", `${request.method} is not possible here`, {
        allow: "GET, POST",
      });
    }
    const asked = await (request.method === "GET" ? getRequest(request) : postRequest(request));
    const iat = seconds(), sub = asked.user ?? "";
    const token = signToken(
      { use: "access", aud: service, sub, iat, exp: iat + ttlSec, access: granted(asked) },
      secret,
    );
    const refresh = asked.offline && asked.user !== undefined
      ? {
        refresh_token: signToken(
          { use: "refresh", aud: service, sub, iat, exp: iat + REFRESH_TTL, access: [] },
          secret,
        ),
      }
      : {};
    const issued_at = new Date(iat * 1000).toISOString();
    const answer = { token, access_token: token, expires_in: ttlSec, issued_at, ...refresh };
    return jsonResponse(200, answer, { "cache-control": "no-store" });
  };

  const authorize = async (request: Request, access: Access | undefined): Promise<Grant> => {
    const [scheme, token = ""] = (request.headers.get("authorization") ?? "").split(/ +/);
    const given = scheme!.toLowerCase() === "bearer";
    const claims = given ? verifyToken(token, secret, seconds()) : undefined;
    const scopes = claims?.use === "access" && claims.aud === service ? claims.access : undefined;
    const may = (action: Action, repository: string): boolean =>
      scopes?.some((each) =>
        each.type === "repository" && each.name === repository && each.actions.includes(action)
      ) ?? false;
    if (scopes !== undefined) {
      if (access === undefined) return { may };
      const { repository } = access;
      if (repository === undefined) {
        const user = claims!.sub || undefined;
        const lists = scopes.some((each) => each.type === CATALOG.type && each.name === CATALOG.name);
        if (lists) return { may: (action, name) => policy(user, action, name) };
      } else if (access.actions.every((action) => may(action, repository))) return { may };
    }
    const error = scopes !== undefined ? "insufficient_scope" : given ? "invalid_token" : undefined;
    const realm = options.realm ?? new URL(PATH, request.url).href;
    const parameters = [
      `realm="${realm}"`,
      `service="${service}"`,
      ...(access === undefined ? [] : [`scope="${scopeText(access)}"`]),
      ...(error === undefined ? [] : [`error="${error}"`]),
    ];
    const message = scopes === undefined ? "authentication required" : "the token is not for this";
    const challenge = { "www-authenticate": `Bearer ${parameters.join(",")}` };
    throw await Promise.resolve(new RegistryError(401, "UNAUTHORIZED", message, challenge));
  };
  return { endpoint, authorize };
}
