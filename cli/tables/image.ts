/** `umiak image`. @module */
import type { CommandSpec } from "../parser.ts";
import { BUNDLE_COMMANDS } from "./bundle.ts";
import { PLACE_COMMANDS } from "./images.ts";
import { EDIT_COMMANDS } from "./edit.ts";
import { PLATFORM } from "./options.ts";

/** `umiak image`. */
export const IMAGE: CommandSpec = {
  name: "image",
  help: "Look at images and make them",
  commands: [
    ...PLACE_COMMANDS,
    {
      name: "inspect",
      help: "Describe an image as JSON",
      args: "IMAGE",
      count: [1, 1],
      options: [PLATFORM],
      run: async (parsed) => (await import("../commands/image.ts")).inspect(parsed),
    },
    {
      name: "ls-files",
      help: "List the files of an image",
      args: "IMAGE",
      count: [1, 1],
      options: [{ name: "long", short: "l", help: "Show mode, owner, size and time" }, PLATFORM],
      run: async (parsed) => (await import("../commands/image.ts")).lsFiles(parsed),
    },
    {
      name: "pack",
      help: "Make an image of a WebAssembly module",
      args: "FILE.wasm",
      count: [1, 1],
      options: [
        { name: "output", short: "o", value: "DIR:TAG", help: "OCI layout directory and name of the image" },
        { name: "file", value: "HOST=CONTAINER", repeat: true, help: "Add a host file or directory" },
        {
          name: "env",
          short: "e",
          value: "NAME=VALUE",
          repeat: true,
          help: "Environment variable of its containers",
        },
        {
          name: "entrypoint",
          value: "PATH",
          repeat: true,
          help: "Entrypoint, one word each; the module by default",
        },
        { name: "cmd", value: "ARG", repeat: true, help: "Default arguments, one each" },
        { name: "workdir", short: "w", value: "PATH", help: "Working directory of its containers" },
        { name: "user", short: "u", value: "USER[:GROUP]", help: "User of its containers" },
        { name: "label", value: "NAME=VALUE", repeat: true, help: "Label" },
        { name: "artifact", help: "Make a WebAssembly artifact (CNCF) of the module alone" },
        {
          name: "module-path",
          value: "PATH",
          help: "Path of the module in the image; /FILE.wasm by default",
        },
      ],
      run: async (parsed) => (await import("../commands/image.ts")).pack(parsed),
    },
    ...BUNDLE_COMMANDS,
    ...EDIT_COMMANDS,
  ],
};
