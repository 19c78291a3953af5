/** Compressed layers: gzip, zstd, or neither (layer.md#distributable-media-types). @module */
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

/** The decompressed content. What it is compressed with is seen from its first bytes: media types are known to lie. */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
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
  const { Readable } = await import("node:stream");
  const { finished } = await import("node:stream/promises");
  const unpack = compression === "gzip"
    ? zlib.createGunzip({ chunkSize: CHUNK })
    : zlib.createZstdDecompress({ chunkSize: CHUNK });
  const input = Readable.from(compression === "gzip" ? all : splitFrames(all), {
    objectMode: true,
    highWaterMark: 2,
  });
  input.on("error", (error) => unpack.destroy(error));
  input.pipe(unpack);
  try {
    for await (const chunk of unpack) yield chunk as Uint8Array;
    // What follows the compressed data is not used, but the source checks its digest at its own end.
    input.unpipe(unpack);
    input.resume();
    if (!input.readableEnded) await finished(input);
  } catch (error) {
    throw zlibError(error, compression);
  } finally {
    input.destroy();
    unpack.destroy();
  }
}

/** Errors of zlib itself in words; others (of the source) as they are. */
function zlibError(error: unknown, compression: Compression): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string" || !/^(Z_|ZSTD_)/.test(code)) return error;
  return new Error(`${compression} data is damaged or cut off (${(error as Error).message})`, {
    cause: error,
  });
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
