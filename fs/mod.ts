/** Filesystems in TypeScript: the virtual filesystem, and what can be mounted in it. @module */
export * from "./abi/mod.ts";
export * from "./vfs/mod.ts";
export * from "./tmpfs/mod.ts";
export * from "./layerfs/mod.ts";
export * from "./overlay/mod.ts";
export * from "./hostfs/mod.ts";
export * from "./memfs/mod.ts";
export * from "./pseudo/mod.ts";
export * from "./procfs/mod.ts";
export * from "./sysfs/mod.ts";
export * from "./cgroupfs/mod.ts";
export * from "./mqueue/mod.ts";
export * from "./devfs/mod.ts";
export * from "./devpts/mod.ts";
