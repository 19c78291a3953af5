/** The container's configuration and state: config.json, process.json, state.json, features. @module */
export * from "./types.ts";
export * from "./decode.ts";
export { parseProcess } from "./decode_process.ts";
export { parseResources } from "./decode_resources.ts";
export { encodeSpec } from "./encode.ts";
export * from "./features.ts";
export * from "./state.ts";
export { capabilityWarnings } from "./warnings.ts";
