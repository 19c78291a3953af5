/** Editing images: functions from an image to another one, which leave the first as it is. @module */
export * from "./annotate.ts";
export * from "./append.ts";
export * from "./artifact.ts";
export * from "./convert.ts";
export * from "./document.ts";
export * from "./edit_config.ts";
export * from "./edited.ts";
export * from "./empty.ts";
export * from "./history.ts";
export * from "./image_index.ts";
export * from "./layer_maker.ts";
export * from "./layer_types.ts";
export * from "./rebase.ts";
export * from "./squash.ts";
export * from "./trees.ts";
