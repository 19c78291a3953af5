/** An OCI registry in this process: a function from requests to responses, over a place to keep its content. @module */
export * from "./registry.ts";
export type { RegistryFeatures, RegistryLimits } from "./context.ts";
export * from "./auth.ts";
export * from "./errors.ts";
export * from "./storage.ts";
export * from "./memory_storage.ts";
export * from "./directory_storage.ts";
export * from "./htpasswd.ts";
export * from "./serve.ts";
export * from "./token_auth.ts";
export * from "./faults.ts";
