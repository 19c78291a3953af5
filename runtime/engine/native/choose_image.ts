/** Which kernel an image is for. @module */
import { acceptable, normalizePlatform, type Platform, platformText } from "../../../image/platform.ts";
import type { Image } from "../../../image/source.ts";
import { runsAsWasm } from "../../../image/wasm/detect.ts";
import { type BackendName, RunError, type RunOptions } from "../options.ts";

/** This machine, as images call it. */
export function hostPlatform(): Platform {
  return normalizePlatform({ os: Deno.build.os, architecture: Deno.build.arch });
}

/** The program that the image would run. */
function commandOf({ config: { config } }: Image, { args = [], entrypoint }: RunOptions): string | undefined {
  const cmd = args.length > 0 || entrypoint !== undefined ? args : config.Cmd;
  return [...entrypoint ?? config.Entrypoint, ...cmd][0];
}

/** True if the images of a platform run on this machine's kernel. */
function runsHere({ os, architecture, variant }: Platform): boolean {
  const text = platformText(
    normalizePlatform({ os, architecture, ...variant === undefined ? {} : { variant } }),
  );
  return acceptable(hostPlatform()).includes(text);
}

/**
 * The backend for an image: WebAssembly is run by the sandbox, what is for this Linux by Linux, unless the caller says otherwise. What is for
 * another machine is an error of the native backend; the sandbox says itself what it cannot execute.
 */
export function backendFor(image: Image, options: RunOptions): BackendName {
  const { backend } = options, { config, name } = image;
  const isWasm = runsAsWasm(image, commandOf(image, options));
  if (backend === "sandbox" || options.engine !== undefined && options.engine !== "kernel") return "sandbox";
  if (backend === undefined && (isWasm || Deno.build.os !== "linux")) return "sandbox";
  const refuse = (why: string): RunError => new RunError(`${name}: ${why}`, 125);
  if (Deno.build.os !== "linux") {
    throw refuse(`--backend native: native containers are for Linux, and this is ${Deno.build.os}`);
  }
  if (isWasm) {
    throw refuse(
      `--backend native: the image is for ${platformText(config)}, which the sandbox backend runs`,
    );
  }
  if (runsHere(config)) return "native";
  if (backend === undefined && config.os !== "linux") return "sandbox";
  throw refuse(`it is for ${platformText(config)}, and this machine is ${platformText(hostPlatform())}`);
}
