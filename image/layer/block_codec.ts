/** Compression of one block of a layer, the same bytes wherever and in whichever thread it is done. @module */

/** Kinds of compressed blocks. */
export type BlockKind = "gzip" | "zstd";

/** The part of `node:zlib` that is used. */
export interface BlockZlib {
  /** Raw deflate (RFC 1951). */
  deflateRawSync(
    bytes: Uint8Array,
    options: { level: number; finishFlush: number; dictionary?: Uint8Array },
  ): Uint8Array;
  /** One zstd frame (RFC 8878). */
  zstdCompressSync(bytes: Uint8Array, options: { params: Record<number, number> }): Uint8Array;
  /** Flush modes and parameters. */
  readonly constants: { readonly Z_SYNC_FLUSH: number; readonly ZSTD_c_compressionLevel: number };
}

/**
 * Compresses one block: for gzip a run of deflate blocks that ends at a byte (`before` is what came before it, to refer back to), for
 * zstd a frame of its own. Refers to nothing but its arguments, because its text is also sent to worker threads.
 */
export function compressBlock(
  zlib: BlockZlib,
  kind: BlockKind,
  level: number,
  block: Uint8Array,
  before: Uint8Array,
): Uint8Array {
  const { Z_SYNC_FLUSH, ZSTD_c_compressionLevel } = zlib.constants;
  if (kind === "zstd") {
    return zlib.zstdCompressSync(block, { params: { [ZSTD_c_compressionLevel]: level } });
  }
  return zlib.deflateRawSync(block, {
    level,
    finishFlush: Z_SYNC_FLUSH,
    ...(before.length === 0 ? {} : { dictionary: before }),
  });
}
