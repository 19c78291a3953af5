/**
 * Where the frames of zstd data begin and end (RFC 8878). Layers of several frames are common (zstd:chunked has one for each file), but
 * Deno's decompressor leaves out what follows a frame in one write, and takes the end of the data for the end of a frame.
 * @module
 */

const MAGIC = 0xfd2fb528, SKIPPABLE = 0x184d2a50;
const LAST = 1, RLE = 1, RESERVED = 3;

type State = "magic" | "size" | "descriptor" | "header" | "block" | "content" | "checksum";

/** Bytes of a frame's header behind its descriptor: window, dictionary, size of the content. */
function headerSize(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  const content = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  return (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]! + content;
}

class FrameReader {
  #state: State = "magic";
  /** Bytes still to come in this state, and the number that is made of those that have. */
  #left = 4;
  #value = 0;
  #shift = 0;
  #checksum = false;
  #last = false;

  /** True between two frames. */
  get between(): boolean {
    return this.#state === "magic" && this.#left === 4;
  }

  #next(state: State, bytes: number): void {
    this.#state = state;
    this.#left = bytes;
    this.#value = this.#shift = 0;
  }

  /** Goes on from `at` to the end of a frame, or of the chunk. Where that is. */
  push(chunk: Uint8Array, at: number): number {
    while (at < chunk.length) {
      const skips = this.#state === "content" || this.#state === "header" || this.#state === "checksum";
      const n = skips ? Math.min(this.#left, chunk.length - at) : 1;
      if (!skips) {
        this.#value += chunk[at]! * 2 ** this.#shift;
        this.#shift += 8;
      }
      at += n;
      this.#left -= n;
      while (this.#left === 0) if (this.#advance()) return at;
    }
    return at;
  }

  /** The state is complete. True at the end of a frame. */
  #advance(): boolean {
    const value = this.#value;
    switch (this.#state) {
      case "magic":
        if (value >= SKIPPABLE && value <= SKIPPABLE + 15) this.#next("size", 4);
        else if (value === MAGIC) this.#next("descriptor", 1);
        else throw new Error("zstd data is damaged: something else follows a frame");
        return false;
      case "size":
        this.#last = true;
        this.#checksum = false;
        this.#next("content", value);
        return false;
      case "descriptor":
        this.#checksum = (value & 4) !== 0;
        this.#next("header", headerSize(value));
        return false;
      case "header":
        this.#next("block", 3);
        return false;
      case "block": {
        const type = value >> 1 & 3;
        if (type === RESERVED) throw new Error("zstd data is damaged: a block of an unknown type");
        this.#last = (value & LAST) !== 0;
        this.#next("content", type === RLE ? 1 : value >> 3);
        return false;
      }
      case "content":
        if (!this.#last) this.#next("block", 3);
        else if (this.#checksum) this.#next("checksum", 4);
        else return this.#end();
        return false;
      case "checksum":
        return this.#end();
    }
  }

  #end(): boolean {
    this.#next("magic", 4);
    return true;
  }
}

/** The same bytes, none of whose pieces reaches beyond a frame. Throws if they end inside one, or if something else follows one. */
export async function* splitFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frames = new FrameReader();
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      const end = frames.push(chunk, at);
      yield chunk.subarray(at, end);
      at = end;
    }
  }
  if (!frames.between) throw new Error("zstd data is damaged or cut off");
}
