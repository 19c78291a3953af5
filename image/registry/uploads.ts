/** Puts blobs into a repository (distribution-spec, Pushing blobs, Mounting a blob, Resumable Push). @module */
import type { Descriptor } from "../descriptor.ts";
import { isVerifiable, parseDigest } from "../digest.ts";
import { readVerified, verified, VerifyError } from "../verify.ts";
import { NetworkError, RegistryError } from "./http/errors.ts";
import { withRetries } from "./http/retry.ts";
import { chunksOf } from "./chunks.ts";
import type { RepositoryContext } from "./repository_context.ts";
import { Upload } from "./upload.ts";

/** How a blob is sent: in one PUT, in the POST that begins the upload, or piece by piece. */
export type UploadMode = "monolithic" | "single" | "chunked";

/** How a blob is put. */
export interface UploadOptions {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** How it is sent; monolithic by default. */
  readonly mode?: UploadMode;
  /** Size of a chunk, in bytes. */
  readonly chunkSize?: number;
  /** Repositories of the same registry that may have the blob: it is mounted from the first that does. */
  readonly mountFrom?: readonly string[];
}

/** Chunks are held in memory, so that each can be sent again. */
const CHUNK = 8 * 1024 * 1024;
/** Largest chunk that a registry may insist on. */
const MAX_CHUNK = 64 * 1024 * 1024;
/** A blob up to this size is held in memory. */
const SMALL = 1024 * 1024;

/** Statuses by which a registry says that an upload cannot go on like this, but perhaps anew. */
const STUCK = [400, 404, 405, 409, 416];

/** Tries to get the blob without sending it: true if that is done, or the upload that the registry has begun instead. */
async function mounted(
  context: RepositoryContext,
  descriptor: Descriptor,
  options: UploadOptions,
): Promise<true | Upload | undefined> {
  const { signal } = options;
  let begun: Upload | undefined;
  for (const from of options.mountFrom ?? []) {
    if (from === context.origin.name) continue;
    try {
      const upload = await Upload.begin(context, descriptor, { from, signal });
      await begun?.cancel();
      if (upload === undefined) return true;
      begun = upload;
    } catch (error) {
      signal?.throwIfAborted();
      // Whatever the registry has against mounting: the blob is sent.
      if (!(error instanceof RegistryError)) throw error;
    }
  }
  return begun;
}

/** Puts a blob. `open` is called again when it has to be sent anew. Throws a VerifyError if it yields something else than the descriptor says. */
export async function putBlob(
  context: RepositoryContext,
  descriptor: Descriptor,
  open: () => AsyncIterable<Uint8Array>,
  options: UploadOptions = {},
): Promise<void> {
  const what = `${context.text}: blob ${descriptor.digest}`;
  const digest = parseDigest(descriptor.digest);
  if (digest === undefined || !isVerifiable(digest)) {
    throw new VerifyError(`${what}: its digest cannot be checked`);
  }
  const { signal } = options;
  const begun = await mounted(context, descriptor, options);
  if (begun === true) return;
  const checked = (): AsyncIterable<Uint8Array> => verified(open(), descriptor, what, signal);
  const sender = new Sender(context, descriptor, checked, options, begun);
  try {
    await withRetries(() => sender.send(), context.origin.session.retry, signal);
  } catch (error) {
    await sender.giveUp();
    throw error;
  }
}

/**
 * True if the registry cannot make sense of an upload any more. What was sent was whole and in order, so that it was lost on the way, or
 * half of a request that broke has been kept: only beginning anew helps.
 */
function isMuddled(error: unknown): error is RegistryError {
  return error instanceof RegistryError &&
    (error.status === 416 ||
      error.codes.some((code) =>
        ["BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "SIZE_INVALID"].includes(code)
      ));
}

/** One blob on its way, from one try to the next. */
class Sender {
  readonly #context: RepositoryContext;
  readonly #descriptor: Descriptor;
  readonly #open: () => AsyncIterable<Uint8Array>;
  readonly #options: UploadOptions;
  #upload: Upload | undefined;
  #tries = 0;

  constructor(
    context: RepositoryContext,
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options: UploadOptions,
    begun: Upload | undefined,
  ) {
    this.#upload = begun;
    this.#context = context;
    this.#descriptor = descriptor;
    this.#open = open;
    this.#options = options;
  }

  /** The next try: goes on where the last one got to, if the registry still knows. */
  async send(): Promise<void> {
    try {
      if (this.#tries++ > 0 && this.#upload !== undefined && await this.#resumed(this.#upload)) return;
      await this.#anew();
    } catch (error) {
      if (!isMuddled(error)) throw error;
      await this.giveUp();
      throw new NetworkError(error.message, "often");
    }
  }

  /** Tells the registry that nothing more comes. */
  async giveUp(): Promise<void> {
    await this.#upload?.cancel();
    this.#upload = undefined;
  }

  async #resumed(upload: Upload): Promise<boolean> {
    try {
      if (await upload.refresh() && upload.offset > 0 && upload.offset <= this.#descriptor.size) {
        await this.#chunks(upload);
        return true;
      }
    } catch (error) {
      if (!(error instanceof RegistryError) || !STUCK.includes(error.status)) throw error;
    }
    await this.giveUp();
    return false;
  }

  async #anew(): Promise<void> {
    const { mode = "monolithic", signal } = this.#options;
    const body = mode === "chunked" ? undefined : await this.#body();
    // A registry that does not know this may close the connection instead of saying so.
    const first = mode === "single" && body !== undefined && this.#tries === 1
      ? { body, signal }
      : { signal };
    this.#upload ??= await Upload.begin(this.#context, this.#descriptor, first);
    if (this.#upload === undefined) return;
    if (body === undefined) await this.#chunks(this.#upload);
    else await this.#upload.finish(body);
  }

  async #body(): Promise<Uint8Array<ArrayBuffer> | { size: number; open: () => AsyncIterable<Uint8Array> }> {
    const { size, digest } = this.#descriptor;
    if (size > SMALL) return { size, open: this.#open };
    return await readVerified(this.#open(), this.#descriptor, `${this.#context.text}: blob ${digest}`, SMALL);
  }

  async #chunks(upload: Upload): Promise<void> {
    const size = Math.max(upload.minChunk, this.#options.chunkSize ?? CHUNK);
    if (size > MAX_CHUNK) {
      throw new RegistryError(
        `${this.#context.text}: upload of ${this.#descriptor.digest}: chunks of ${size} bytes, more than the ${MAX_CHUNK} that are held`,
        0,
      );
    }
    for await (const chunk of chunksOf(this.#open(), upload.offset, size)) await this.#chunk(upload, chunk);
    await upload.finish();
  }

  /** Sends one chunk, and what is left of it as often as some of it arrives. */
  async #chunk(upload: Upload, chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    const start = upload.offset, end = start + chunk.length;
    let unsure = false;
    await withRetries(
      async () => {
        if (unsure && !await upload.refresh()) throw this.#lost(404);
        while (upload.offset < end) {
          const before = upload.offset;
          if (before < start) throw this.#lost(416);
          unsure = true;
          await upload.patch(chunk.subarray(before - start)).catch((error) => {
            // It is still taking in what had been sent before the connection broke: it has to be asked again.
            const moved = error instanceof RegistryError && error.status === 416;
            throw moved ? new NetworkError(error.message, "often") : error;
          });
          unsure = false;
          if (upload.offset <= before || upload.offset > end) throw this.#lost(416);
        }
      },
      this.#context.origin.session.retry,
      this.#options.signal,
    );
  }

  #lost(status: number): RegistryError {
    return new RegistryError(
      `${this.#context.text}: upload of ${this.#descriptor.digest}: the registry has lost track of it`,
      status,
    );
  }
}
