/** A bundle on disk: its configuration and where its root filesystem is (bundle.md). @module */
import { LifecycleError } from "../lifecycle/error.ts";
import { parseSpec } from "../spec/decode.ts";
import type { Spec } from "../spec/types.ts";
import { absolutePath, isAbsolutePath } from "./host_path.ts";

/** See the module's comment. */
export interface BundleConfig {
  /** Absolute path of the bundle. */
  readonly bundle: string;
  /** Absolute path of the root filesystem. */
  readonly rootfs: string;
  /** Text of config.json. */
  readonly config: string;
  /** What it says. */
  readonly spec: Spec;
}

const reason = (error: unknown): string =>
  error instanceof Deno.errors.NotFound ? "no such file or directory" : (error as Error).message;

/** Reads a bundle. Throws an error that names the file, or the path in it, and what is wrong. */
export function readBundle(directory: string): BundleConfig {
  const bundle = absolutePath(directory), path = `${bundle}/config.json`;
  let config: string;
  try {
    config = Deno.readTextFileSync(path);
  } catch (error) {
    throw new LifecycleError(`reading ${path}: ${reason(error)}`, "invalid", { cause: error });
  }
  const spec = parseSpec(config, path);
  const rootfs = isAbsolutePath(spec.root.path) ? spec.root.path : `${bundle}/${spec.root.path}`;
  let why = "not a directory";
  try {
    if (Deno.statSync(rootfs).isDirectory) return { bundle, rootfs: Deno.realPathSync(rootfs), config, spec };
  } catch (error) {
    why = reason(error);
  }
  // config.md#root: "A directory MUST exist at the path declared by the field."
  throw new LifecycleError(`${path}: root.path: ${rootfs}: ${why}`, "invalid");
}
