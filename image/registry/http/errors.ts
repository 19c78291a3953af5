/** What goes wrong between here and a registry. @module */

/** A registry's answer is an error. */
export class RegistryError extends Error {
  /** Its HTTP status; 0 if the answer was not even asked for. */
  readonly status: number;
  /** Codes of the errors in its body (distribution-spec, Error Codes). */
  readonly codes: readonly string[];
  /** How long it asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined;

  /** An answer with `status`. */
  constructor(message: string, status: number, codes: readonly string[] = [], retryAfter?: number) {
    super(message);
    this.status = status;
    this.codes = codes;
    this.retryAfter = retryAfter;
  }
}

/** How often a failed exchange may be tried again. */
export type Repeat = "often" | "once" | "never";

/** No answer, or one that was cut off. */
export class NetworkError extends Error {
  /** Whether trying again may help. */
  readonly repeat: Repeat;
  /** It is the server's certificate, or the client's, that is not accepted. */
  readonly isCertificate: boolean;

  /** `repeat`: whether trying again may help. */
  constructor(message: string, repeat: Repeat, isCertificate = false) {
    super(message);
    this.repeat = repeat;
    this.isCertificate = isCertificate;
  }
}

/** How often to try again after an error: what is wrong with the request stays wrong. */
export function repeatOf(error: unknown): Repeat {
  if (error instanceof NetworkError) return error.repeat;
  if (!(error instanceof RegistryError)) return "never";
  const { status } = error;
  // 501 and 505 say that the registry cannot, not that it cannot now.
  const passing = status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
  return passing ? "often" : "never";
}

/** True for an answer that what was asked for does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof RegistryError && error.status === 404;
}

/** Text of a stranger in a message: one line, no commands to a terminal, no more than `limit` characters. */
export function plain(text: string, limit = 300): string {
  // deno-lint-ignore no-control-regex
  const line = text.slice(0, limit * 4).replace(/[\x00-\x20\x7f-\x9f\u2028-\u202e\u2066-\u2069]+/g, " ")
    .trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

/** What a failed fetch or request of node:http means. Addresses stay out of the message: they may be signed. */
export function networkError(error: unknown, host: string): NetworkError {
  const { cause, code } = error as { cause?: unknown; code?: unknown };
  const text = [(error as Error).message, cause instanceof Error ? cause.message : "", String(code ?? "")]
    .join(": ");
  const failed = (why: string, repeat: Repeat): NetworkError => new NetworkError(`${host}: ${why}`, repeat);
  // A peer that does not speak TLS at all is no certificate's fault, but stays as it is just the same.
  if (/certificate|UnknownIssuer|CaUsedAsEndEntity|NotValidForName|self-signed|CERT_|ALTNAME/i.test(text)) {
    return new NetworkError(`${host}: TLS: ${tlsReason(text)}`, "never", true);
  }
  if (
    /InvalidContentType|corrupt message|wrong version|EPROTO|HandshakeFailure|tls handshake|ERR_SSL/i.test(
      text,
    )
  ) {
    return failed("it does not speak TLS", "never");
  }
  if (/dns error|ENOTFOUND|EAI_|failed to lookup/i.test(text)) return failed("no such host", "once");
  if (/refused|os error 111/i.test(text)) return failed("connection refused", "once");
  if (/reset|os error 104|ECONNRESET|hang up/i.test(text)) return failed("connection reset", "often");
  if (/blocked/i.test(text)) return failed("connections to this port are blocked", "never");
  return failed(`connection failed: ${plain(text.replace(/\(?\bhttps?:\/\/\S+/g, "…"), 160)}`, "often");
}

function tlsReason(text: string): string {
  if (/UnknownIssuer|self-signed|SELF_SIGNED|unable to/i.test(text)) {
    return "the issuer of its certificate is unknown";
  }
  if (/CaUsedAsEndEntity/.test(text)) return "its certificate is its own issuer's";
  if (/Expired/i.test(text)) return "its certificate has expired";
  if (/NotValidForName|ALTNAME/i.test(text)) return "its certificate is for another name";
  if (/Required/i.test(text)) return "it wants a certificate from its clients";
  return "its certificate is not valid";
}
