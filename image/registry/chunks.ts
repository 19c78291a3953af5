/** Cuts a stream into pieces of one size. @module */

/** Pieces of `size` bytes, the last one perhaps shorter, from `offset` on. Every piece has its own memory. */
export async function* chunksOf(
  source: AsyncIterable<Uint8Array>,
  offset: number,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let skip = offset, at = 0;
  let piece = new Uint8Array(size);
  for await (const chunk of source) {
    let rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    while (rest.length > 0) {
      const part = rest.subarray(0, size - at);
      piece.set(part, at);
      at += part.length;
      rest = rest.subarray(part.length);
      if (at < size) continue;
      yield piece;
      piece = new Uint8Array(size);
      at = 0;
    }
  }
  if (at > 0) yield piece.subarray(0, at);
}
