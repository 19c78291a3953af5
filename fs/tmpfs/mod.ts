/** A filesystem in memory. @module */
export { TmpfsSuper, tmpfsType } from "./super.ts";
export type { TmpfsOptions } from "./super.ts";
export type { TmpfsInode } from "./inode.ts";
export type { Account, Content } from "./content.ts";
export type { Directory } from "./directory.ts";
export type { Slabs } from "./slabs.ts";
