/** Unpacked trees: how metadata is kept, what is remembered of files, what has changed. @module */
export * from "./id_map.ts";
export * from "./metadata.ts";
export * from "./tree_entry.ts";
export * from "./tree_scan.ts";
export * from "./tree_diff.ts";
export * from "./inode_view.ts";
export * from "./read_file.ts";
