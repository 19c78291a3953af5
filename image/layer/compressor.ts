/** Compresses a layer's archive while it is being made, and learns its digests on the way. @module */
import type { Descriptor } from "../descriptor.ts";
import { hasher } from "../digest.ts";
import type { BlockKind } from "./block_codec.ts";
import { BlockPool } from "./block_pool.ts";
import type { Compression } from "./compression.ts";

/** How a layer is compressed. */
export interface CompressionChoice {
  /** With what. */
  readonly compression: Compression;
  /** How hard: gzip 0 to 9, zstd 1 to 19. */
  readonly level?: number;
}

const LEVELS: Readonly<Record<Compression, readonly [least: number, most: number, usual: number]>> = {
  gzip: [0, 9, 6],
  zstd: [1, 19, 3],
  none: [0, 0, 0],
};

/** Reads `gzip`, `zstd` or `none`, perhaps with `:LEVEL`. Throws an error that says what there is. */
export function parseCompression(text: string): CompressionChoice {
  const match = /^(gzip|zstd|none)(?::(\d{1,2}))?$/.exec(text);
  if (match === null) {
    throw new Error(`compression ${JSON.stringify(text)}: expected gzip, zstd or none, or one with :LEVEL`);
  }
  const compression = match[1] as Compression;
  if (match[2] === undefined) return { compression };
  const level = Number(match[2]);
  checkedLevel({ compression, level });
  return { compression, level };
}

function checkedLevel({ compression, level }: CompressionChoice): number {
  const [least, most, usual] = LEVELS[compression];
  if (level === undefined) return usual;
  if (!Number.isInteger(level) || level < least || level > most) {
    const range = compression === "none" ? "it has no levels" : `levels are ${least} to ${most}`;
    throw new Error(`compression ${compression}:${level}: ${range}`);
  }
  return level;
}

/** Media type of a layer (layer.md). */
export function layerMediaType(compression: Compression): string {
  return `application/vnd.oci.image.layer.v1.tar${compression === "none" ? "" : `+${compression}`}`;
}

/** Size of independent blocks. They are the same on every host, whatever the number of its processors: so are the bytes. */
const BLOCKS: Readonly<Record<BlockKind, number>> = { gzip: 1 << 20, zstd: 4 << 20 };
/** How far back deflate can refer. */
const WINDOW = 32768;

/** RFC 1952: deflate, no name, no time, an unknown operating system. */
const GZIP_HEADER: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** An empty last block of deflate. */
const DEFLATE_END: Uint8Array = Uint8Array.of(3, 0);

/** Collects chunks of any size into blocks of one size. */
async function* blocks(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let block = new Uint8Array(size), used = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      const n = Math.min(size - used, chunk.length - at);
      block.set(chunk.subarray(at, at + n), used);
      used += n;
      at += n;
      if (used < size) break;
      yield block;
      block = new Uint8Array(size);
      used = 0;
    }
  }
  if (used > 0) yield block.slice(0, used);
}

/**
 * The compressed bytes of an archive: read it once, to its end; then it knows the layer's descriptor and diff_id. Blocks are compressed in
 * threads of their own while the next ones are read. The same archive gives the same bytes.
 */
export class LayerCompressor implements AsyncIterable<Uint8Array> {
  readonly #level: number;
  readonly #packed = hasher("sha256");
  readonly #plain = hasher("sha256");
  #size = 0;
  #archiveSize = 0;
  #result: { descriptor: Descriptor; diffId: string } | null = null;

  /** Compresses `archive`. Throws on a level that does not exist. */
  constructor(readonly archive: AsyncIterable<Uint8Array>, readonly choice: CompressionChoice) {
    this.#level = checkedLevel(choice);
  }

  /** The bytes. Throws what the archive throws. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { compression } = this.choice;
    const bytes = compression === "none" ? this.#hashed() : this.#blocks(compression);
    for await (const chunk of bytes) {
      this.#packed.update(chunk);
      this.#size += chunk.length;
      yield chunk;
    }
    const digest = `sha256:${this.#packed.digest("hex")}`;
    this.#result = {
      descriptor: { mediaType: layerMediaType(compression), digest, size: this.#size, annotations: {} },
      diffId: compression === "none" ? digest : `sha256:${this.#plain.digest("hex")}`,
    };
  }

  /** What refers to the layer. */
  get descriptor(): Descriptor {
    return this.#done().descriptor;
  }
  /** Digest of the archive. */
  get diffId(): string {
    return this.#done().diffId;
  }
  /** Bytes of the archive so far. */
  get archiveSize(): number {
    return this.#archiveSize;
  }

  #done(): { descriptor: Descriptor; diffId: string } {
    if (this.#result === null) throw new Error("layer: its digest is known at its end only");
    return this.#result;
  }

  async *#hashed(): AsyncGenerator<Uint8Array> {
    const plain = this.choice.compression !== "none";
    for await (const chunk of this.archive) {
      if (plain) this.#plain.update(chunk);
      this.#archiveSize += chunk.length;
      yield chunk;
    }
  }

  async *#blocks(kind: BlockKind): AsyncGenerator<Uint8Array> {
    const zlib = await import("node:zlib");
    const pool = new BlockPool(zlib, kind, this.#level);
    const queue: Promise<Uint8Array>[] = [];
    let before: Uint8Array = new Uint8Array(0);
    let checksum = 0, any = false;
    try {
      if (kind === "gzip") yield GZIP_HEADER;
      for await (const block of blocks(this.#hashed(), BLOCKS[kind])) {
        any = true;
        const next = kind === "gzip" ? block.slice(-WINDOW) : before;
        if (kind === "gzip") checksum = zlib.crc32(block, checksum);
        const packed = pool.compress(block, before);
        packed.catch(() => {}); // reported when its turn comes, or nobody wants it any more
        queue.push(packed);
        before = next;
        if (queue.length >= pool.depth) yield await queue.shift()!;
      }
      if (!any && kind === "zstd") queue.push(pool.compress(new Uint8Array(0), before));
      while (queue.length > 0) yield await queue.shift()!;
      if (kind === "gzip") yield gzipEnd(checksum, this.#archiveSize);
    } finally {
      pool.close();
    }
  }
}

function gzipEnd(checksum: number, size: number): Uint8Array {
  const end = new Uint8Array(DEFLATE_END.length + 8);
  end.set(DEFLATE_END);
  const view = new DataView(end.buffer);
  view.setUint32(DEFLATE_END.length, checksum, true);
  view.setUint32(DEFLATE_END.length + 4, size % 2 ** 32, true);
  return end;
}
