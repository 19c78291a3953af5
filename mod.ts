/**
 * umiak: OCI images and containers without a daemon and without a VM.
 *
 * ```ts
 * import { runImage } from "@umiak/umiak";
 *
 * const code = await runImage({ image: "oci:./image:latest", args: ["--version"] });
 * ```
 * @module
 */
export {
  copy,
  createPod,
  forEachFile,
  inspect,
  listImages,
  type MoveOptions,
  pack,
  type PackImageOptions,
  type Pod,
  type PodOptions,
  pull,
  push,
  RunError,
  runImage,
  type RunOptions,
  type Stdio,
} from "./runtime/mod.ts";
export type {
  BackendName,
  ContainerOptions,
  EngineName,
  MountOption,
  SharedNamespace,
} from "./runtime/mod.ts";
export { openImage, parseReference } from "./image/mod.ts";
