/** Tokens that only their maker can make: JSON Web Tokens with HMAC-SHA256 (RFC 7515, RFC 7519). @module */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { parseJson } from "../../../json/mod.ts";
import type { Action } from "./auth.ts";

/** One thing that a token is for, in the words of the token protocol. */
export interface Scope {
  /** "repository", or "registry" for the list of all. */
  readonly type: string;
  /** Name of the repository; "catalog". */
  readonly name: string;
  /** "pull", "push", "delete"; "*" for the catalog. */
  readonly actions: readonly (Action | "*")[];
}

/** What a token says. */
export interface TokenClaims {
  /** "access", or "refresh" for a token that is good for further tokens only. */
  readonly use: "access" | "refresh";
  /** The service that it is for. */
  readonly aud: string;
  /** The user; empty for nobody in particular. */
  readonly sub: string;
  /** When it was made, seconds since 1970. */
  readonly iat: number;
  /** When it ends, seconds since 1970. */
  readonly exp: number;
  /** What it is for. */
  readonly access: readonly Scope[];
}

/** Longest token that is looked at. */
const MAX_TOKEN = 16 * 1024;
const HEADER = encode({ alg: "HS256", typ: "JWT" });

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function signature(text: string, secret: Uint8Array): Uint8Array {
  return createHmac("sha256", secret).update(text).digest();
}

/** Makes a token. */
export function signToken(claims: TokenClaims, secret: Uint8Array): string {
  const text = `${HEADER}.${encode(claims)}`;
  return `${text}.${Buffer.from(signature(text, secret)).toString("base64url")}`;
}

/** What a token says; undefined if it was not made with this secret, or has ended. */
export function verifyToken(token: string, secret: Uint8Array, nowSec: number): TokenClaims | undefined {
  if (token.length > MAX_TOKEN) return undefined;
  const [header, payload, given, ...rest] = token.split(".");
  // One header only: what a token says of its own algorithm is not asked.
  if (header !== HEADER || payload === undefined || given === undefined || rest.length > 0) return undefined;
  const expected = signature(`${header}.${payload}`, secret), found = Buffer.from(given, "base64url");
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) return undefined;
  const claims = parseJson(Buffer.from(payload, "base64url"), "token") as TokenClaims;
  return claims.exp > nowSec ? claims : undefined;
}
