/** Layers made in files. @module */
import { type CompressionChoice, LayerCompressor } from "../layer/compressor.ts";
import type { LayerBlob } from "../layer/layer_blob.ts";
import { type LayerEntry, tarStream } from "../layer/tar_stream.ts";
import { verified } from "../verify.ts";

/** How a layer is written. */
export interface WriteLayerOptions {
  /** Directory for the file, which is there already; best on the filesystem where the layer is to end up. */
  readonly directory: string;
  /** Compression; gzip unless told. */
  readonly compression?: CompressionChoice;
  /** Ends the writing with the signal's reason; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/** A layer in a temporary file, which is gone when it is disposed of. */
export interface WrittenLayer extends LayerBlob, AsyncDisposable {
  /** The file. */
  readonly path: string;
}

const CHUNK = 1024 * 1024;

async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  const file = await Deno.open(path);
  try {
    for (;;) {
      const buffer = new Uint8Array(CHUNK);
      const n = await file.read(buffer);
      if (n === null) return;
      yield buffer.subarray(0, n);
    }
  } finally {
    file.close();
  }
}

/** Writes an archive as a layer into a temporary file. Throws what the archive throws. */
export async function writeArchive(
  archive: AsyncIterable<Uint8Array>,
  options: WriteLayerOptions,
): Promise<WrittenLayer> {
  const { directory, compression = { compression: "gzip" }, signal } = options;
  const layer = new LayerCompressor(archive, compression);
  const path = `${directory}/layer-${crypto.randomUUID()}`;
  try {
    const file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    try {
      for await (const chunk of layer) {
        signal?.throwIfAborted();
        for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
      }
    } finally {
      file.close();
    }
  } catch (error) {
    await Deno.remove(path).catch(() => {}); // perhaps it was never made
    throw error;
  }
  const { descriptor, diffId } = layer;
  return {
    path,
    descriptor,
    diffId,
    open: () => verified(readFile(path), descriptor, `layer ${descriptor.digest}`),
    [Symbol.asyncDispose]: () => Deno.remove(path).catch(() => {}), // whoever moved it away has it now
  };
}

/** Writes entries, in their order, as a layer into a temporary file. */
export function writeLayer(
  entries: AsyncIterable<LayerEntry> | Iterable<LayerEntry>,
  options: WriteLayerOptions,
): Promise<WrittenLayer> {
  return writeArchive(tarStream(entries), options);
}
