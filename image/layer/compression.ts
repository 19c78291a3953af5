/** Compressed layers: gzip, zstd, or neither (layer.md#distributable-media-types). @module */
import type { Transform } from "node:stream";
import { splitFrames } from "./zstd_frames.ts";

/** Compressions of layers. */
export type Compression = "gzip" | "zstd" | "none";

const SUFFIXES: readonly [RegExp, Compression][] = [
  [/\+gzip$|\.tar\.gzip$/, "gzip"],
  [/\+zstd$|\.tar\.zstd$/, "zstd"],
];

/** The compression a media type states; undefined if it is not a tar layer's type. */
export function compressionOf(mediaType: string): Compression | undefined {
  for (const [suffix, compression] of SUFFIXES) if (suffix.test(mediaType)) return compression;
  return /(layer\.v1\.tar|rootfs\.diff\.tar|layer\.nondistributable\.v1\.tar|rootfs\.foreign\.diff\.tar)$/
      .test(mediaType)
    ? "none"
    : undefined;
}

/** The compression that content begins with. */
export function detectCompression(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  return "none";
}

const CHUNK = 256 * 1024;

/** Looks at the first bytes of a stream without losing them. */
async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<[head: Uint8Array, all: AsyncIterable<Uint8Array>]> {
  const iterator = source[Symbol.asyncIterator]();
  let head = new Uint8Array(0);
  let done = false;
  while (head.length < 4 && !done) {
    const step = await iterator.next();
    if (step.done) done = true;
    else {
      const joined = new Uint8Array(head.length + step.value.length);
      joined.set(head);
      joined.set(step.value, head.length);
      head = joined;
    }
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      if (head.length > 0) yield head;
      while (!done) {
        const step = await iterator.next();
        if (step.done) return;
        yield step.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return [head, all()];
}

/** How content is decompressed. */
export interface DecompressOptions {
  /**
   * A chunk is good until the next is asked for: then its memory is given back. Left to the garbage collector, it adds up to many times of
   * what is in use.
   */
  readonly transient?: boolean;
}

/**
 * Gives back the memory of a chunk that is the last one in it: zlib has several chunks in one buffer, and makes another when it is full.
 * Smaller buffers may be the pool that Node's Buffers share.
 */
function release({ buffer, byteOffset, byteLength }: Uint8Array): void {
  const isLast = byteOffset + byteLength === buffer.byteLength;
  if (isLast && byteLength > 0 && buffer.byteLength >= CHUNK && buffer instanceof ArrayBuffer) {
    buffer.transfer(0);
  }
}

/** The decompressed content. What it is compressed with is seen from its first bytes: media types are known to lie. */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  options: DecompressOptions = {},
): AsyncGenerator<Uint8Array> {
  const [head, all] = await peek(source);
  const compression = detectCompression(head);
  if (compression === "none") {
    yield* all;
    return;
  }
  const zlib = await nodeZlib();
  if (zlib === undefined) {
    if (compression === "zstd") throw new Error("zstd layers need a host with node:zlib");
    yield* gunzipPortable(all);
    return;
  }
  const unpack = compression === "gzip"
    ? zlib.createGunzip({ chunkSize: CHUNK })
    : zlib.createZstdDecompress({ chunkSize: CHUNK });
  const feed = new Feed(compression === "gzip" ? all : splitFrames(all), unpack);
  try {
    for await (const chunk of unpack) {
      yield chunk as Uint8Array;
      if (options.transient) release(chunk as Uint8Array);
    }
    await feed.rest();
  } catch (error) {
    throw error === feed.failure ? error : damaged(error as Error, compression);
  } finally {
    feed.stop();
    unpack.destroy();
  }
}

/** Gives a stream of zlib one chunk after the other: none is asked for before the one before it has been used up. */
class Feed {
  #state: "feeding" | "ended" | "stopped" = "feeding";
  #go: () => void = () => {};
  readonly #done: Promise<void>;
  /** What the source threw. */
  failure: unknown;

  constructor(source: AsyncIterable<Uint8Array>, readonly unpack: Transform) {
    this.#done = this.#feed(source);
    this.#done.catch(() => {}); // thrown by the stream, or by rest()
  }

  async #feed(source: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of source) {
        if (this.#state === "feeding") await this.#write(chunk);
        if (this.#state === "stopped") return;
      }
      if (this.#state === "feeding") this.unpack.end();
    } catch (error) {
      this.failure = error;
      this.unpack.destroy(error as Error);
      throw error;
    }
  }

  /** What follows the end of the data is never taken: then rest() or stop() goes on. */
  #write(chunk: Uint8Array): Promise<void> {
    return new Promise((done) => {
      this.#go = done;
      this.unpack.write(chunk, () => done());
    });
  }

  /** What follows the compressed data is not used, but the source checks its digest at its own end. */
  async rest(): Promise<void> {
    this.#state = "ended";
    this.#go();
    await this.#done;
  }

  /** Ends the source, if it has not ended. */
  stop(): void {
    this.#state = "stopped";
    this.#go();
  }
}

/** What zlib says, in words. */
function damaged(cause: Error, compression: Compression): Error {
  return new Error(`${compression} data is damaged or cut off (${cause.message})`, { cause });
}

async function nodeZlib(): Promise<typeof import("node:zlib") | undefined> {
  try {
    return await import("node:zlib");
  } catch {
    return undefined; // a host without Node's modules
  }
}

async function* gunzipPortable(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Gunzip } = await import("fflate");
  const ready: Uint8Array[] = [];
  let ended = false;
  const gunzip = new Gunzip((chunk, final) => {
    if (chunk.length > 0) ready.push(chunk);
    ended = final;
  });
  for await (const chunk of source) {
    gunzip.push(chunk.slice());
    yield* ready.splice(0);
  }
  gunzip.push(new Uint8Array(0), true);
  yield* ready.splice(0);
  if (!ended) throw new Error("gzip data is damaged or cut off");
}

/** Compresses with gzip, the same bytes for the same input (no time, no name in the header). */
export async function gzip(bytes: Uint8Array, level = 6): Promise<Uint8Array<ArrayBuffer>> {
  const zlib = await nodeZlib();
  if (zlib === undefined) {
    const { gzipSync } = await import("fflate");
    return gzipSync(bytes, { level: level as 6, mtime: 0 }).slice();
  }
  const packed = new Uint8Array(zlib.gzipSync(bytes, { level }));
  packed[9] = 0xff; // the operating system field differs between hosts; 255 is "unknown" (RFC 1952)
  return packed;
}
