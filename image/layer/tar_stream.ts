/** A layer's archive as a stream, made entry by entry. @module */
import { tarEnd, tarHeader, type TarInput, tarPadding } from "./tar_writer.ts";

/** A file to be put into a layer, in the archive's order. */
export interface LayerEntry extends TarInput {
  /** Content of a file: bytes, or what reads exactly `size` of them. */
  readonly content?: Uint8Array | (() => AsyncIterable<Uint8Array> | Iterable<Uint8Array>);
}

const CHUNK = 256 * 1024;

/** Small pieces in, large ones out. */
class Chunks {
  #buffer = new Uint8Array(CHUNK);
  #used = 0;

  /** Adds bytes; what is full comes out. A large piece that is passed on as it is must not be changed by its owner. */
  *add(bytes: Uint8Array): Generator<Uint8Array> {
    if (this.#used + bytes.length > CHUNK) yield* this.flush();
    if (bytes.length >= CHUNK) return yield bytes;
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  *flush(): Generator<Uint8Array> {
    if (this.#used === 0) return;
    yield this.#buffer.subarray(0, this.#used);
    this.#buffer = new Uint8Array(CHUNK);
    this.#used = 0;
  }
}

/**
 * The archive of `entries`, which are taken in their order. Throws if one name comes twice (layer.md#distributable-format), or if a file's
 * content is not as long as its size.
 */
export async function* tarStream(
  entries: AsyncIterable<LayerEntry> | Iterable<LayerEntry>,
): AsyncGenerator<Uint8Array> {
  const chunks = new Chunks();
  const seen = new Set<string>();
  for await (const entry of entries) {
    const name = entry.name.replace(/\/+$/, "");
    if (seen.has(name)) throw new Error(`layer entry ${JSON.stringify(entry.name)}: it is there twice`);
    seen.add(name);
    const { content } = entry;
    const size = entry.type !== "file" ? 0 : content instanceof Uint8Array ? content.length : entry.size ?? 0;
    yield* chunks.add(tarHeader({ ...entry, size }));
    if (size === 0) continue;
    let length = 0;
    const parts = typeof content === "function" ? content() : [content ?? new Uint8Array(0)];
    for await (const part of parts) {
      length += part.length;
      if (length > size) break;
      yield* chunks.add(part);
    }
    if (length !== size) {
      const found = length > size ? "more" : `${length}`;
      throw new Error(`layer entry ${JSON.stringify(entry.name)}: ${found} bytes of content, not ${size}`);
    }
    yield* chunks.add(tarPadding(size));
  }
  yield* chunks.add(tarEnd());
  yield* chunks.flush();
}
