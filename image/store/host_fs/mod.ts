/** Directory trees of the host, resolved by open directories. @module */
export * from "./types.ts";
export * from "./open_tree.ts";
export * from "./linux_tree.ts";
export * from "./portable_tree.ts";
