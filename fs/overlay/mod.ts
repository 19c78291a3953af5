/** overlay(5). @module */
export { copyAttributes } from "./copy_up.ts";
export { isImplied, isOpaque, isWhiteout, OPAQUE } from "./marks.ts";
export { type OverlayOptions, OverlaySuper } from "./super.ts";
export { OverlayInode } from "./inode.ts";
export { overlayType } from "./type.ts";
