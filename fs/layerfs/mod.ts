/** Layers of images as read-only filesystems, served from their tar archives. @module */
export * from "./layer_index.ts";
export * from "./builder.ts";
export * from "./super.ts";
