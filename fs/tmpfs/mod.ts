/** A filesystem in memory. @module */
export { TmpfsSuper, tmpfsType } from "./super.ts";
export type { TmpfsOptions } from "./super.ts";
