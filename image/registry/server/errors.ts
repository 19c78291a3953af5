/** Errors of a registry and their form on the wire (distribution-spec, Error Codes). @module */

/** The codes that the specification has. */
export type ErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "SIZE_INVALID"
  | "UNAUTHORIZED"
  | "DENIED"
  | "UNSUPPORTED"
  | "TOOMANYREQUESTS";

/** An answer that is not what the client asked for. */
export class RegistryError extends Error {
  /** `headers` go into the response; `detail` is JSON for the client. */
  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
    readonly detail?: unknown,
  ) {
    super(message);
  }
}

/** The place has no room for more. */
export class StorageFullError extends Error {}

/** A JSON response, with its length. */
export function jsonResponse(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "content-length": String(body.length), ...headers },
  });
}

/** The response for an error; undefined for one that is not the client's affair. */
export function errorResponse(error: unknown): Response | undefined {
  if (error instanceof StorageFullError) {
    const denied = { code: "DENIED", message: error.message };
    return jsonResponse(507, { errors: [denied] });
  }
  if (!(error instanceof RegistryError)) return undefined;
  const { code, message, detail } = error;
  const item = { code, message, ...(detail === undefined ? {} : { detail }) };
  return jsonResponse(error.status, { errors: [item] }, error.headers);
}
