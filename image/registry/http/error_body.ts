/** What a registry says is wrong (distribution-spec, Error Codes). @module */
import { plain, RegistryError } from "./errors.ts";
import type { HopResponse } from "./message.ts";
import { readUpTo } from "./read_body.ts";
import { retryAfter } from "./retry_after.ts";

/** Most that is read of an error's body: it is for a message. */
const MAX_BODY = 64 * 1024;
/** Errors that are shown. */
const MAX_ERRORS = 5;

/** What statuses are called (RFC 9110, section 15). */
const STATUS: Readonly<Record<number, string>> = {
  400: "bad request",
  401: "authentication required",
  403: "access denied",
  404: "not found",
  405: "not allowed",
  408: "the registry waited too long",
  413: "too large",
  416: "range not satisfiable",
  429: "too many requests",
  500: "the registry failed",
  502: "bad gateway",
  503: "the registry is not available",
  504: "gateway timeout",
};

interface Said {
  readonly codes: readonly string[];
  readonly text: string;
}

/** Reads `{"errors":[{"code","message"}]}`; undefined if it is something else. */
function decode(text: string): Said | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { errors } = (value ?? {}) as { errors?: unknown };
  if (!Array.isArray(errors)) return undefined;
  const codes: string[] = [], texts: string[] = [];
  for (const each of errors.slice(0, MAX_ERRORS)) {
    const { code, message } = (each ?? {}) as { code?: unknown; message?: unknown };
    const name = typeof code === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : undefined;
    const why = typeof message === "string" ? plain(message) : "";
    if (name !== undefined) codes.push(name);
    const shown = [name, why].filter((part) => part !== undefined && part !== "").join(": ");
    if (shown !== "") texts.push(shown);
  }
  return { codes, text: texts.join("; ") };
}

function said(text: string, type: string): Said {
  const decoded = decode(text);
  if (decoded !== undefined) return decoded;
  if (/html/i.test(type) || /^\s*</.test(text)) return { codes: [], text: "" };
  return { codes: [], text: plain(text, 200) };
}

/**
 * The error that an answer stands for: `what: 404 not found: MANIFEST_UNKNOWN: …`. Reads the body, or part of it; `clean` takes out what
 * is secret, before anything is shortened.
 */
export async function answerError(
  response: HopResponse,
  what: string,
  now: number,
  clean: (text: string) => string,
): Promise<RegistryError> {
  const { status, headers } = response;
  let body: Said = { codes: [], text: "" };
  try {
    const { bytes } = await readUpTo(response, MAX_BODY);
    body = said(clean(new TextDecoder().decode(bytes)), headers.get("content-type") ?? "");
  } catch {
    // The status alone says enough.
  }
  const parts = [`${status} ${STATUS[status] ?? ""}`.trim(), body.text].filter((part) => part !== "");
  return new RegistryError(`${what}: ${parts.join(": ")}`, status, body.codes, retryAfter(headers, now));
}
