/** This command line as a container's process. @module */

/** First argument of the processes that stand for a container's. */
export const HOST_PROCESS = "host-process";

/** How V8 runs a bundle, in bin/umiak-runtime too: what it keeps of a start is good for others with the same flags only (docs/RATIONALE.md). */
export const V8_FLAGS = "--v8-flags=--no-lazy,--min-semi-space-size=16,--no-maglev";

/** Arguments of this Deno that run this very command line again, as such a process. */
export function selfCommand(): string[] {
  const config = new URL("../../deno.json", import.meta.url);
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-lock",
    "--no-check",
    "--allow-all",
    // A bundle needs no import map, and is started as bin/umiak-runtime does.
    ...(import.meta.url.endsWith(".ts") && config.protocol === "file:"
      ? ["--config", config.pathname]
      : ["--no-config", V8_FLAGS]),
    Deno.mainModule,
    HOST_PROCESS,
  ];
}
