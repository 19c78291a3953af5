/** Blobs of a repository, read to the end whatever happens to the connection (distribution-spec, Pulling blobs, Resumable Pull). @module */
import type { Descriptor } from "../descriptor.ts";
import { VerifyError } from "../verify.ts";
import { scope } from "./auth/authorizer.ts";
import { NetworkError, repeatOf } from "./http/errors.ts";
import type { HopResponse } from "./http/message.ts";
import { retryAfterFailure } from "./http/retry.ts";
import { pulling, type RepositoryContext } from "./repository_context.ts";

/** So many bytes without a break, and earlier breaks are forgotten. */
const PROGRESS = 1024 * 1024;

/** A blob from some offset on. */
interface Opened {
  readonly response: HopResponse;
  /** Bytes to pass over: the answer begins before the offset. */
  skip: number;
}

function statedLength(response: HopResponse): number | undefined {
  const text = response.headers.get("content-length");
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The first byte of a 206, and the size of the whole if it is told; undefined for what is no single range. */
function contentRange(response: HopResponse): { start: number; total: number | undefined } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(response.headers.get("content-range") ?? "");
  if (match === null) return undefined;
  return { start: Number(match[1]), total: match[2] === "*" ? undefined : Number(match[2]) };
}

/** Reads a blob from `offset` on. Nothing is checked but its size: whoever joins the parts checks the whole. */
export async function* readBlob(
  context: RepositoryContext,
  descriptor: Descriptor,
  offset: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = new BlobReader(context, descriptor, signal);
  yield* reader.from(offset);
}

class BlobReader {
  readonly #context: RepositoryContext;
  readonly #descriptor: Descriptor;
  readonly #signal: AbortSignal | undefined;
  readonly #what: string;
  /** The registry has shown that it knows no ranges, or not these. */
  #whole = false;

  constructor(context: RepositoryContext, descriptor: Descriptor, signal: AbortSignal | undefined) {
    this.#context = context;
    this.#descriptor = descriptor;
    this.#signal = signal;
    this.#what = `${context.text}: blob ${descriptor.digest}`;
  }

  async *from(offset: number): AsyncGenerator<Uint8Array> {
    const { size } = this.#descriptor;
    const { retry } = this.#context.origin.session;
    let at = offset, breaks = 0, since = 0;
    // An empty blob is asked for, too: it may be missing.
    let opened = await this.#open(at, true);
    for (;;) {
      let failure: unknown;
      try {
        for await (const chunk of opened.response.body) {
          const fresh = opened.skip === 0 ? chunk : chunk.subarray(Math.min(opened.skip, chunk.length));
          opened.skip -= chunk.length - fresh.length;
          if (fresh.length === 0) continue;
          at += fresh.length;
          since += fresh.length;
          if (at > size) {
            throw new VerifyError(`${this.#what}: it is longer than the ${size} bytes its descriptor states`);
          }
          yield fresh;
        }
        if (at >= size) return;
        failure = new NetworkError(
          `${this.#what}: the registry ended it after ${at} of ${size} bytes`,
          "often",
        );
      } catch (error) {
        if (repeatOf(error) === "never") throw error;
        // All bytes are here: how the connection ended does not matter any more.
        if (at === size) return;
        failure = error;
      }
      this.#signal?.throwIfAborted();
      if (since >= PROGRESS) breaks = 0;
      since = 0;
      if (++breaks > retry.retries) throw this.#gaveUp(failure, at);
      opened = await retryAfterFailure(
        failure,
        () => this.#open(at, false),
        {
          ...retry,
          retries: Math.max(1, retry.retries - breaks + 1),
          baseDelay: retry.baseDelay * 2 ** (breaks - 1),
        },
        this.#signal,
      );
    }
  }

  #gaveUp(failure: unknown, at: number): Error {
    const why = failure instanceof Error ? failure.message.replace(`${this.#what}: `, "") : String(failure);
    return new NetworkError(
      `${this.#what}: given up after ${at} of ${this.#descriptor.size} bytes: ${why}`,
      "never",
    );
  }

  async #open(at: number, repeat: boolean): Promise<Opened> {
    const { digest } = this.#descriptor;
    const ranged = at > 0 && !this.#whole;
    const opened = await pulling(this.#context, this.#signal, async ({ session, name, query }) => {
      const response = await session.request({
        method: "GET",
        to: `${name}/blobs/${digest}${query}`,
        headers: ranged ? { range: `bytes=${at}-` } : {},
        access: { repository: name, scopes: [scope(name, "pull")] },
        expect: ranged ? [200, 206, 416] : [200],
        what: `blob ${this.#context.name} ${digest}`,
        repeat,
        signal: this.#signal,
      });
      return await this.#accepted(response, at, ranged);
    });
    return opened ?? await this.#open(at, repeat);
  }

  /** Checks the head of an answer. Undefined: the range was not understood, and the whole has to be asked for. */
  async #accepted(response: HopResponse, at: number, ranged: boolean): Promise<Opened | undefined> {
    const { size } = this.#descriptor;
    const range = response.status === 206 ? contentRange(response) : undefined;
    const fits = range !== undefined && range.start === at && (range.total ?? size) === size;
    if (ranged && response.status !== 200 && !fits) {
      await response.discard();
      this.#whole = true;
      return undefined;
    }
    const left = response.status === 206 ? size - at : size;
    const stated = statedLength(response);
    if (stated !== undefined && stated !== left) {
      await response.discard();
      throw new VerifyError(`${this.#what}: the registry has ${stated} bytes, its descriptor states ${left}`);
    }
    const said = response.headers.get("docker-content-digest");
    if (said !== null && sameAlgorithm(said, this.#descriptor.digest) && said !== this.#descriptor.digest) {
      await response.discard();
      throw new VerifyError(`${this.#what}: the registry sends ${said.slice(0, 150)} in its place`);
    }
    return { response, skip: response.status === 206 ? 0 : at };
  }
}

function sameAlgorithm(a: string, b: string): boolean {
  return a.split(":")[0] === b.split(":")[0];
}
