/** Containers as lists of system calls. @module */
export * from "./types.ts";
export * from "./compile.ts";
export * from "./mount_options.ts";
export * from "./print.ts";
