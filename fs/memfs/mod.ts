/** A memfs Volume as a mount. @module */
export { type MemfsOptions, MemfsSuper } from "./super.ts";
