/**
 * How a blob gets into the store: into a file of its own in `ingest/`, then by rename among the blobs. The file has the blob's name, so
 * what a broken download has left is found and gone on with, and two processes that want one blob do not fetch it twice: the second
 * waits for the lock of the first.
 * @module
 */
import { compressionOf, decompress } from "../layer/compression.ts";
import type { Descriptor } from "../descriptor.ts";
import { parseDigest } from "../digest.ts";
import { blobPath } from "../layout.ts";
import { contentName } from "../read_content.ts";
import { ContentCheck, VerifyError } from "../verify.ts";
import { directoryOf, makeDirectory, syncDirectory } from "./atomic_file.ts";
import { FileWriter } from "./file_writer.ts";
import { lockFile } from "./file_lock.ts";
import type { LayerCache } from "./layer_cache.ts";
import { LayerWriter } from "./layer_writer.ts";
import type { Lease } from "./lease.ts";

/** A layer that grows beyond this, so many times and so many bytes more, is left to be decompressed when it is needed. */
const MOST_GROWTH = 100, GROWTH_START = 64 * 1024 * 1024;

/** What is to be ingested. */
export interface IngestRequest {
  /** Directory of the store. */
  readonly root: string;
  /** The blob. */
  readonly descriptor: Descriptor;
  /** Reads the blob from an offset; only from 0 unless `resume`. */
  openFrom(offset: number): AsyncIterable<Uint8Array>;
  /** What an earlier attempt has left may be gone on with. */
  readonly resume: boolean;
  /** Where the layer's archive is to go, decompressed in the same pass, and what keeps it there; nowhere unless given. */
  readonly prepare?: { readonly cache: LayerCache; readonly lease: Lease };
  /** Ends it with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Opens the blob's file in `ingest/` and locks it. Undefined if another process has brought the blob in the meantime. */
async function openPartial(
  path: string,
  target: string,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Deno.FsFile | undefined> {
  for (;;) {
    const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
    try {
      await lockFile(file, true, signal);
      const there = await Deno.stat(target).catch(() => null);
      const [own, named] = [await file.stat(), await Deno.stat(path).catch(() => null)];
      const isOurs = named !== null && own.ino === named.ino && own.dev === named.dev;
      if (there?.size === descriptor.size) {
        if (isOurs) await Deno.remove(path);
        file.close();
        return undefined;
      }
      // The file that was waited for may have become something else: the blob, or nothing.
      if (isOurs) return file;
      file.close();
    } catch (error) {
      file.close();
      throw error;
    }
  }
}

/** Hashes what the file has already; emptied first if there is more than there should be. How much it is. */
async function take(file: Deno.FsFile, check: ContentCheck, size: number): Promise<number> {
  const { size: there } = await file.stat();
  if (there > size) {
    await file.truncate(0);
    return 0;
  }
  const buffer = new Uint8Array(1024 * 1024);
  for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
    check.push(buffer.subarray(0, n));
  }
  return check.size;
}

/** Reads a stream to its end, however many consumers give up on the way. */
class Tee {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #turn: Promise<unknown> = Promise.resolve();
  #done = false;
  /** What the stream, or the taker of its chunks, threw. */
  failure: { readonly error: unknown } | undefined;

  constructor(stream: AsyncIterable<Uint8Array>, readonly take: (chunk: Uint8Array) => Promise<void>) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    const next = this.#turn.then(async (): Promise<IteratorResult<Uint8Array>> => {
      if (this.#done) return { done: true, value: undefined };
      try {
        const step = await this.#iterator.next();
        if (step.done) this.#done = true;
        else await this.take(step.value);
        return step;
      } catch (error) {
        this.#done = true;
        this.failure = { error };
        throw error;
      }
    });
    this.#turn = next.catch(() => {}); // kept in `failure`
    return next;
  }

  /** The chunks, after they have been taken. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let step = await this.#next(); !step.done; step = await this.#next()) yield step.value;
  }

  /** Takes the chunks that are left. Throws what the stream threw. */
  async drain(): Promise<void> {
    for (let step = await this.#next(); !step.done; step = await this.#next());
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** Ends the stream. */
  async close(): Promise<void> {
    await this.#turn;
    if (!this.#done) await this.#iterator.return?.();
  }
}

/** Decompresses a layer into a writer. False if it is not fit for it: whoever needs the layer will say why. */
async function decompressInto(writer: LayerWriter, tee: Tee, size: number): Promise<boolean> {
  try {
    for await (const chunk of decompress(tee.chunks(), { transient: true })) {
      await writer.push(chunk);
      if (writer.size > GROWTH_START + MOST_GROWTH * size) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** Puts an archive under its own digest: only a configuration that states that very diff_id will find it. */
async function commitArchive(writer: LayerWriter, to: NonNullable<IngestRequest["prepare"]>): Promise<void> {
  const diffId = writer.digest();
  await to.lease.add([diffId]);
  await writer.commit(to.cache.pathOf(diffId)).catch(() => {}); // it is no layer: whoever uses it will be told why
}

/** One attempt, with the partial file open and locked. Throws a VerifyError if the content is wrong. */
async function receive(request: IngestRequest, file: Deno.FsFile, target: string): Promise<void> {
  const { root, descriptor, prepare, signal } = request;
  const what = `${root}: ${contentName(descriptor)}`;
  const check = new ContentCheck(descriptor, what);
  if (!request.resume) await file.truncate(0);
  const offset = await take(file, check, descriptor.size);
  const out = new FileWriter(file);
  const isComplete = offset > 0 && offset === descriptor.size;
  const tee = new Tee(isComplete ? nothing() : request.openFrom(offset), async (chunk) => {
    signal?.throwIfAborted();
    const written = out.write(chunk);
    check.push(chunk);
    await written;
  });
  const prepares = prepare !== undefined && offset === 0 && compressionOf(descriptor.mediaType) !== undefined;
  const writer = prepares ? await LayerWriter.create(`${root}/tmp`) : undefined;
  try {
    const prepared = writer !== undefined && await decompressInto(writer, tee, descriptor.size);
    await tee.drain();
    await out.flush();
    check.end();
    await file.syncData();
    await makeDirectory(directoryOf(target));
    await Deno.rename(`${root}/${partialPath(descriptor)}`, target);
    await syncDirectory(directoryOf(target));
    if (prepared) await commitArchive(writer!, prepare!);
  } catch (error) {
    if (!(error instanceof VerifyError)) await out.flush().catch(() => {}); // the error that is on its way says more
    throw error;
  } finally {
    await tee.close();
    await writer?.close();
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Where a blob is while it comes in. */
export function partialPath({ digest }: Descriptor): string {
  const { algorithm, encoded } = parseDigest(digest)!;
  return `ingest/${algorithm}-${encoded}`;
}

/**
 * Brings a blob into the store. When the source breaks off, what has come stays for the next attempt; when the content is wrong, nothing
 * stays, and if the beginning was from an earlier attempt everything is fetched once more.
 */
export async function ingest(request: IngestRequest): Promise<void> {
  const { root, descriptor, signal } = request;
  const path = `${root}/${partialPath(descriptor)}`, target = `${root}/${blobPath(descriptor.digest)}`;
  await makeDirectory(`${root}/ingest`, 0o700);
  const file = await openPartial(path, target, descriptor, signal);
  if (file === undefined) return;
  try {
    const { size: left } = await file.stat();
    try {
      await receive(request, file, target);
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      await file.truncate(0);
      await file.seek(0, Deno.SeekMode.Start);
      if (left === 0 || !request.resume) throw error;
      await receive(request, file, target);
    }
  } catch (error) {
    if ((await file.stat()).size === 0) await Deno.remove(path).catch(() => {}); // nothing to go on with
    throw error;
  } finally {
    file.close();
  }
}
