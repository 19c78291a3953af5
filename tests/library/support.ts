/** Containers that tests run in their own process: what they write is caught. @module */
import type { Stdio } from "../../runtime/engine/stdio.ts";
import { repositoryFile } from "../support/umiak.ts";

/** A guest that does what its arguments say. */
export const PROBE = repositoryFile("tests/guests/probe.wasm");
/** A guest with WasmEdge's sockets. */
export const SOCKETS = repositoryFile("tests/wasi/wasmedge.wasm");

/** Streams that remember. */
export interface Caught extends Stdio {
  /** What has been written to standard output. */
  readonly output: () => string;
  /** What has been written to standard error. */
  readonly errors: () => string;
  /** Resolves when standard output has a text. */
  readonly written: (text: string) => Promise<void>;
}

/** Streams for one container. */
export function caught(): Caught {
  let output = "", errors = "";
  const waiting = new Map<string, () => void>();
  const decoder = new TextDecoder();
  return {
    output: () => output,
    errors: () => errors,
    written: (text) =>
      output.includes(text) ? Promise.resolve() : new Promise((resolve) => waiting.set(text, resolve)),
    stdout: {
      writeSync(bytes) {
        output += decoder.decode(bytes);
        for (const [text, resolve] of waiting) if (output.includes(text)) resolve();
        return bytes.length;
      },
    },
    stderr: {
      writeSync(bytes) {
        errors += decoder.decode(bytes);
        return bytes.length;
      },
    },
  };
}
