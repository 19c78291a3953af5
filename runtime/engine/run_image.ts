/** `umiak run`: finds the image, and the kernel that it is for. What only one of the kernels needs is loaded for it. @module */
import { checkNumbers } from "./check_numbers.ts";
import { findImage, type FoundImage, leaveImage, opening } from "./find_image.ts";
import { RunError, type RunOptions } from "./options.ts";
import type { Stdio } from "./stdio.ts";

/** On the userland kernel. An image that has been found is taken over. */
async function inSandbox(options: RunOptions, stdio: Stdio, found?: FoundImage): Promise<number> {
  const { runOn } = await import("./run.ts");
  const { mountImage } = await import("./root_filesystem.ts");
  if (found === undefined) return await runOn(undefined, options, stdio);
  let taken = false;
  try {
    return await runOn(undefined, options, stdio, () => {
      taken = true;
      return opening(() => mountImage(found, options.prepare));
    });
  } finally {
    if (!taken) leaveImage(found);
  }
}

async function byWasmer(options: RunOptions, stdio: Stdio): Promise<number> {
  if (options.backend === "native") throw new RunError("engine wasmer: it is of the sandbox backend", 125);
  const { prepareImage } = await import("./root_filesystem.ts");
  const image = await opening(() => prepareImage(options.image, options.platform, options.prepare));
  const { runWithWasmer } = await import("./wasmer.ts");
  return runWithWasmer(image, options, stdio);
}

/**
 * Runs a container in the foreground. The exit code: the program's own, or 128 + the signal that ended it. Throws a RunError, with
 * docker's exit code, when the program could not be started.
 */
export async function runImage(options: RunOptions, stdio: Stdio = {}): Promise<number> {
  checkNumbers(options);
  if (options.engine === "wasmer") return await byWasmer(options, stdio);
  if (options.backend === "sandbox") return await inSandbox(options, stdio);
  const isNative = options.backend === "native";
  const { backendFor, hostPlatform } = await import("./native/choose_image.ts");
  const platform = options.platform ?? (isNative ? hostPlatform() : undefined);
  const found = await opening(() => findImage(options.image, platform, options.prepare));
  let backend;
  try {
    if (!("store" in found) && isNative) {
      throw new RunError(`${options.image}: --backend native: it is a WebAssembly module`, 125);
    }
    backend = "store" in found ? backendFor(found.image, options) : "sandbox";
  } catch (error) {
    leaveImage(found);
    throw error;
  }
  if (backend === "sandbox" || !("store" in found)) return await inSandbox(options, stdio, found);
  const { runNative } = await import("./native/run_native.ts");
  return await runNative(found, options, stdio);
}
