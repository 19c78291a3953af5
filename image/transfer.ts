/** One blob on its way from a source to a sink. @module */
import type { ContentOptions, ImageSink } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";

/** Blobs on their way at the same time, unless told otherwise. */
export const PARALLEL_BLOBS = 4;

/** How far a blob has come. */
export interface BlobProgress {
  /** The blob. */
  readonly descriptor: Descriptor;
  /** What became of it: it is on its way, all of it has come, or the sink had it already. */
  readonly state: "moving" | "done" | "present";
  /** Bytes that have come. */
  readonly bytes: number;
}

/** What everything that moves blobs accepts. */
export interface TransferOptions extends ContentOptions {
  /** Blobs on their way at the same time. */
  readonly parallel?: number;
  /** Is told about every blob, again and again. */
  readonly onProgress?: (progress: BlobProgress) => void;
}

/** How a blob is read: from its beginning and checked, and perhaps from an offset (ImageSource.blobFrom). */
export interface BlobReader {
  /** The whole blob, checked while it is read. */
  open(options: ContentOptions): AsyncIterable<Uint8Array>;
  /** The rest of it, unchecked. */
  openFrom?(offset: number, options: ContentOptions): AsyncIterable<Uint8Array>;
}

/** Puts a blob into a sink that may have it already. */
export async function transferBlob(
  descriptor: Descriptor,
  reader: BlobReader,
  sink: ImageSink,
  options: TransferOptions,
): Promise<void> {
  const { onProgress, signal } = options;
  const inner: ContentOptions = signal === undefined ? {} : { signal };
  const tell = (state: BlobProgress["state"], bytes: number): void =>
    onProgress?.({ descriptor, state, bytes });
  if (await sink.hasBlob(descriptor, inner)) return tell("present", descriptor.size);
  async function* counted(stream: AsyncIterable<Uint8Array>, from: number): AsyncGenerator<Uint8Array> {
    let bytes = from;
    tell("moving", bytes);
    for await (const chunk of stream) {
      bytes += chunk.length;
      yield chunk;
      tell("moving", bytes);
    }
  }
  if (sink.resumeBlob !== undefined && reader.openFrom !== undefined) {
    const openFrom = (at: number): AsyncIterable<Uint8Array> => counted(reader.openFrom!(at, inner), at);
    await sink.resumeBlob(descriptor, openFrom, inner);
  } else await sink.putBlob(descriptor, () => counted(reader.open(inner), 0), inner);
  tell("done", descriptor.size);
}
