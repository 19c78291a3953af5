/** OCI images: references, layouts, archives, configurations, layers. @module */
export * from "./digest.ts";
export * from "./media_types.ts";
export * from "./platform.ts";
export * from "./descriptor.ts";
export * from "./manifest.ts";
export * from "./config.ts";
export * from "./reference.ts";
export * from "./source.ts";
export * from "./verify.ts";
export * from "./select.ts";
export * from "./layout.ts";
export * from "./docker_archive.ts";
export * from "./inspect.ts";
export * from "./list_files.ts";
export * from "./layer/mod.ts";
export * from "./store/mod.ts";
export * from "./wasm/module_image.ts";
