/** All commands and options: parsing, help and completion are made from this table. @module */
import type { CommandSpec } from "./parser.ts";
import { DOCTOR } from "./tables/doctor.ts";
import { IMAGE } from "./tables/image.ts";
import { IMAGES, PULL, PUSH } from "./tables/images.ts";
import { LOGIN, LOGOUT } from "./tables/login.ts";
import { REGISTRY } from "./tables/registry.ts";
import { RUN } from "./tables/run.ts";
import { SPEC } from "./tables/spec.ts";
import { STORE } from "./tables/store.ts";

const SHELLS: readonly string[] = ["bash", "zsh", "fish", "powershell"];

/** `umiak`. */
export const UMIAK: CommandSpec = {
  name: "umiak",
  help: "An OCI container engine without a daemon and without a VM",
  options: [{ name: "version", help: "Show the version" }],
  commands: [
    RUN,
    PULL,
    PUSH,
    IMAGES,
    IMAGE,
    STORE,
    REGISTRY,
    LOGIN,
    LOGOUT,
    SPEC,
    DOCTOR,
    {
      name: "completion",
      help: "Print a completion script for a shell",
      args: SHELLS.join("|"),
      count: [1, 1],
      run: async (parsed) => (await import("./commands/completion.ts")).completion(parsed),
    },
    {
      name: "version",
      help: "Show the version",
      run: async () => (await import("./commands/version.ts")).version(),
    },
  ],
};
