/** The container's configuration: config.json. @module */
export * from "./types.ts";
export * from "./decode.ts";
