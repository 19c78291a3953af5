/** Layers: tar archives, their compression, and their indexes. @module */
export * from "./tar_entry.ts";
export * from "./tar_reader.ts";
export * from "./tar_writer.ts";
export * from "./compression.ts";
export * from "./layer_indexer.ts";
export * from "./compressor.ts";
export * from "./tar_stream.ts";
export * from "./layer_blob.ts";
export * from "./change.ts";
export * from "./diff_upper.ts";
export * from "./stack.ts";
