/** `umiak spec`. @module */
import type { CommandSpec } from "../parser.ts";

/** `umiak spec`. */
export const SPEC: CommandSpec = {
  name: "spec",
  help: "Look at what a configuration means",
  commands: [
    {
      name: "explain",
      help: "Show the system calls that a bundle or an image comes to",
      args: "BUNDLE|IMAGE",
      count: [1, 1],
      run: async (parsed) => (await import("../commands/spec.ts")).explain(parsed),
    },
  ],
};
