/** Control groups, version 2. @module */
export * from "./controllers.ts";
export * from "./devices.ts";
export * from "./group.ts";
export * from "./host.ts";
export * from "./memory.ts";
export * from "./tree.ts";
