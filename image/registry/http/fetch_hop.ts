/** One exchange by `fetch`. @module */
import { type HopRequest, type HopResponse, isStream, outgoing } from "./message.ts";
import type { Progress } from "./watchdog.ts";

/** Sends the request by `fetch`, which follows no redirection. A stream goes out in chunked transfer coding. See Hop. */
export async function fetchHop(
  request: HopRequest,
  signal: AbortSignal,
  progress: Progress,
): Promise<HopResponse> {
  const { body } = request;
  const response = await fetch(request.url, {
    method: request.method,
    headers: request.headers,
    redirect: "manual",
    signal,
    ...(body === undefined
      ? {}
      : { body: isStream(body) ? ReadableStream.from(outgoing(body, progress)) : body }),
  });
  return {
    status: response.status,
    headers: response.headers,
    url: request.url,
    body: response.body ?? empty(),
    discard: async () => await response.body?.cancel().catch(() => {}),
  };
}

async function* empty(): AsyncGenerator<Uint8Array> {}
