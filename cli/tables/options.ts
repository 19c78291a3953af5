/** Options that several commands have. @module */
import type { OptionSpec } from "../parser.ts";

/** Which of several images. */
export const PLATFORM: OptionSpec = {
  name: "platform",
  value: "OS/ARCH",
  help: "Platform of an image for several, e.g. wasi/wasm",
};
