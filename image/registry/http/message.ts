/** Requests and responses, as everything in this folder passes them on. @module */
import type { Progress } from "./watchdog.ts";

/** A body that is too large to be held: it can be read again when a request is repeated. */
export interface StreamBody {
  /** Size in bytes, exactly. */
  readonly size: number;
  /** Reads it from its beginning. */
  open(): AsyncIterable<Uint8Array>;
}

/** One request to one server. */
export interface HopRequest {
  /** HTTP method. */
  readonly method: string;
  /** Where to. */
  readonly url: URL;
  /** Headers. */
  readonly headers: Headers;
  /** Body. */
  readonly body?: Uint8Array<ArrayBuffer> | StreamBody;
}

/** What a server answers. Whoever has it reads the body to its end, leaves the loop over it, or discards it. */
export interface HopResponse {
  /** HTTP status. */
  readonly status: number;
  /** Headers. */
  readonly headers: Headers;
  /** Where it came from, redirections followed. */
  readonly url: URL;
  /** The body, once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the connection back. */
  discard(): Promise<void>;
}

/** Carries one request to its server; `signal` ends it, also while the body is read; `progress` is told how its body goes out. */
export type Hop = (request: HopRequest, signal: AbortSignal, progress: Progress) => Promise<HopResponse>;

/** The body of a request, read from its beginning. */
export async function* outgoing(
  body: StreamBody,
  progress: Progress,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  progress.rest();
  for await (const chunk of body.open()) {
    progress.touch();
    yield chunk as Uint8Array<ArrayBuffer>;
    progress.rest();
  }
  progress.touch();
}

/** True if the body has to be streamed. */
export function isStream(body: HopRequest["body"]): body is StreamBody {
  return body !== undefined && !(body instanceof Uint8Array);
}
