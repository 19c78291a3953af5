/** What callers of runtimes need: the runtime as a program that they find, and an image for wasi/wasm. @module */
import { pack } from "../../runtime/engine/images.ts";
import { repositoryFile } from "../support/umiak.ts";

/** Writes `umiak-runtime` into a directory: with this Deno on PATH, because callers clear the environment, and the state beside it. */
export async function writeRuntime(dir: string): Promise<string> {
  const deno = Deno.execPath().replace(/\/[^/]+$/, ""), runtime = repositoryFile("bin/umiak-runtime");
  const script =
    `#!/bin/sh\nPATH='${deno}':$PATH; export PATH\nexec '${runtime}' --root '${dir}/state' "$@"\n`;
  await Deno.writeTextFile(`${dir}/umiak-runtime`, script, { mode: 0o755 });
  return `${dir}/umiak-runtime`;
}

/** Makes an image layout with tests/guests/probe.wasm, named v1. */
export async function probeImage(directory: string): Promise<void> {
  await pack({ module: repositoryFile("tests/guests/probe.wasm"), directory, tag: "v1" });
}
