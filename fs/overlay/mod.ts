/** overlay(5). @module */
export { isImplied, isWhiteout, OPAQUE, type OverlayOptions, OverlaySuper } from "./super.ts";
export { OverlayInode } from "./inode.ts";
export { overlayType } from "./type.ts";
