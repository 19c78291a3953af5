/** A registry that misbehaves on purpose, for tests of its clients. @module */

/** Something that goes wrong. */
export interface Fault {
  /** Which requests it is for; all unless told. */
  readonly match?: (request: Request) => boolean;
  /** How many matching requests pass before it begins. */
  readonly after?: number;
  /** How many requests it befalls then; all unless told. */
  readonly times?: number;
  /** Waits before anything else, milliseconds. */
  readonly delayMs?: number;
  /** Answers with this, and the registry never sees the request. */
  readonly status?: number;
  /** Header fields of that answer, or set in the registry's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text of that answer. */
  readonly body?: string;
  /** The answer's body breaks off after so many bytes. */
  readonly cutResponse?: number;
  /** The request's body breaks off after so many bytes. */
  readonly cutRequest?: number;
  /** One bit of this byte of the answer's body is the wrong one. */
  readonly corrupt?: number;
  /** The answer's body is followed by zeros without end, and its length is not told. */
  readonly endless?: boolean;
  /** Waits before every chunk of the answer's body, milliseconds. */
  readonly slowMs?: number;
}

/** A request as it came in. */
export interface SeenRequest {
  /** Its method. */
  readonly method: string;
  /** Path and parameters of its URL. */
  readonly path: string;
  /** Its header fields. */
  readonly headers: Headers;
}

/** A misbehaving registry, which remembers what it was asked. */
export interface FaultyRegistry {
  /** Answers a request. */
  (request: Request): Promise<Response>;
  /** All requests, the first first. */
  readonly seen: SeenRequest[];
}

type Bytes = Uint8Array<ArrayBuffer>;

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

/** The stream up to `length` bytes, and an error then. */
function cut(stream: ReadableStream<Bytes>, length: number): ReadableStream<Bytes> {
  let left = length;
  return stream.pipeThrough(
    new TransformStream<Bytes, Bytes>({
      transform(chunk, controller) {
        if (chunk.length > 0 && left > 0) controller.enqueue(chunk.subarray(0, left));
        left -= chunk.length;
        if (left < 0) controller.error(new Error(`broken off after ${length} bytes, as the test wants it`));
      },
    }),
  );
}

function flipped(stream: ReadableStream<Bytes>, position: number): ReadableStream<Bytes> {
  let at = 0;
  return stream.pipeThrough(
    new TransformStream<Bytes, Bytes>({
      transform(chunk, controller) {
        const copy = chunk.slice(), index = position - at;
        if (index >= 0 && index < copy.length) copy[index]! ^= 1;
        at += chunk.length;
        controller.enqueue(copy);
      },
    }),
  );
}

async function* withZeros(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes> {
  yield* stream;
  while (true) yield new Uint8Array(65536);
}

function changed(response: Response, fault: Fault, signal: AbortSignal): Response {
  let { body } = response as { body: ReadableStream<Bytes> | null };
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(fault.headers ?? {})) headers.set(name, value);
  if (body !== null) {
    if (fault.corrupt !== undefined) body = flipped(body, fault.corrupt);
    if (fault.endless) {
      body = ReadableStream.from(withZeros(body));
      headers.delete("content-length");
    }
    if (fault.slowMs !== undefined) {
      const { slowMs } = fault;
      body = body.pipeThrough(
        new TransformStream({
          async transform(chunk, controller) {
            await sleep(slowMs, signal);
            controller.enqueue(chunk);
          },
        }),
      );
    }
    if (fault.cutResponse !== undefined) body = cut(body, fault.cutResponse);
  }
  return new Response(body, { status: response.status, headers });
}

/**
 * Puts faults between clients and a registry. Of the faults that match a request, the first whose turn it is happens; the others do not
 * count it.
 */
export function withFaults(
  registry: (request: Request) => Promise<Response>,
  faults: readonly Fault[],
): FaultyRegistry {
  const seen: SeenRequest[] = [];
  const counts = new Map<Fault, number>();
  const due = (request: Request): Fault | undefined =>
    faults.find((fault) => {
      if (fault.match !== undefined && !fault.match(request)) return false;
      const count = counts.get(fault) ?? 0, first = fault.after ?? 0;
      if (count >= first + (fault.times ?? Infinity)) return false;
      counts.set(fault, count + 1);
      return count >= first;
    });
  const answer = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    seen.push({ method: request.method, path: pathname + search, headers: new Headers(request.headers) });
    const fault = due(request);
    if (fault === undefined) return await registry(request);
    if (fault.delayMs !== undefined) await sleep(fault.delayMs, request.signal);
    if (fault.status !== undefined) {
      const answered = new Response(request.method === "HEAD" ? null : fault.body ?? null, {
        status: fault.status,
      });
      return changed(answered, fault, request.signal);
    }
    const body = request.body as ReadableStream<Bytes> | null;
    const passed = fault.cutRequest === undefined || body === null ? request : new Request(request.url, {
      method: request.method,
      headers: request.headers,
      body: cut(body, fault.cutRequest),
    });
    return changed(await registry(passed), fault, request.signal);
  };
  return Object.assign(answer, { seen });
}
