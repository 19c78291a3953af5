/** Containers: specifications, programs of system calls, the userland kernel, the engine. @module */
export * from "./spec/mod.ts";
export * from "./program/mod.ts";
export * from "./engine/options.ts";
export type { ListenOption, NetworkMode, NetworkOptions, PublishOption } from "./engine/network_options.ts";
export { type LocalRuntime, type LocalRuntimeOptions, openRuntime } from "./engine/local_runtime.ts";
export * from "./lifecycle/mod.ts";
export { createPod, type Pod, type PodOptions, type SharedNamespace } from "./engine/pod.ts";
export { runImage } from "./engine/run_image.ts";
export type { Stdio } from "./engine/stdio.ts";
export type { ByteSink, ByteSource } from "./sandbox/exec/host_stream.ts";
export { forEachFile, inspect, pack, type PackImageOptions } from "./engine/images.ts";
export { copy, type MoveOptions, pull, type PullPolicy, push } from "./engine/pull.ts";
export type { PrepareOptions } from "./engine/leased_image.ts";
export {
  collectStore,
  listImages,
  type StoredImage,
  type StoreLocation,
  tagImage,
  verifyStore,
} from "./engine/store.ts";
export {
  listReferrers,
  listTags,
  type NamesOptions,
  type ReferrerOptions,
  removeImages,
} from "./engine/names.ts";
export { explain } from "./engine/explain.ts";
export { resolveUser, type UserFiles, type UserIds } from "./engine/user.ts";
export { type ConversionContext, convert } from "./engine/conversion.ts";
