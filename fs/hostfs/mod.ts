/** Directories and files of the host as mounts. @module */
export { type HostfsOptions, HostfsSuper } from "./super.ts";
export type { HostInode } from "./inode.ts";
export { type Pin, type Placed, type Places } from "./places.ts";
export type { HostStat } from "./host_stat.ts";
