/** `umiak store`. @module */
import type { CommandSpec } from "../parser.ts";
import { QUIET } from "./options.ts";

/** `umiak store`. */
export const STORE: CommandSpec = {
  name: "store",
  help: "Look after the store of images",
  commands: [
    {
      name: "check",
      help: "Verify every byte: blobs, layers, indexes, and what names lead to",
      options: [{ ...QUIET, help: "Print findings only" }],
      run: async (parsed) => (await import("../commands/store.ts")).check(parsed),
    },
    {
      name: "gc",
      help: "Remove what no name leads to and nothing that runs needs",
      options: [
        { name: "dry-run", short: "n", help: "Only show what would be removed" },
        { ...QUIET, help: "Print the sum only" },
      ],
      run: async (parsed) => (await import("../commands/store.ts")).gc(parsed),
    },
  ],
};
