/** Layers of images as read-only filesystems, served from their tar archives. @module */
export * from "./layer_index.ts";
export * from "./builder.ts";
export * from "./index_paths.ts";
export type { NodeAttributes } from "./layer_node.ts";
export { fits } from "./needs.ts";
export { LayerEntryError, pathParts } from "./path_parts.ts";
export * from "./super.ts";
