/** All commands and options: parsing, help and completion are made from this table. @module */
import type { CommandSpec, OptionSpec } from "./parser.ts";

const PLATFORM: OptionSpec = {
  name: "platform",
  value: "OS/ARCH",
  help: "Platform of an image for several, e.g. wasi/wasm",
};
const SHELLS: readonly string[] = ["bash", "zsh", "fish", "powershell"];

const RUN: CommandSpec = {
  name: "run",
  help: "Run a program in a new container",
  args: "IMAGE|FILE.wasm [ARG...]",
  count: [1, Infinity],
  passThrough: true,
  options: [
    {
      name: "env",
      short: "e",
      value: "NAME[=VALUE]",
      repeat: true,
      help: "Set an environment variable, or pass one on",
    },
    { name: "env-file", value: "FILE", repeat: true, help: "Read environment variables from a file" },
    {
      name: "volume",
      short: "v",
      value: "HOST:CONTAINER[:ro]",
      repeat: true,
      help: "Show a host directory or file in the container",
    },
    {
      name: "mount",
      value: "SPEC",
      repeat: true,
      help: "Mount type=bind,source=,target=[,readonly] or type=tmpfs,target=",
    },
    { name: "tmpfs", value: "PATH[:OPTIONS]", repeat: true, help: "Mount a filesystem in memory" },
    { name: "workdir", short: "w", value: "PATH", help: "Working directory in the container" },
    { name: "user", short: "u", value: "USER[:GROUP]", help: "User and group, names or numbers" },
    { name: "entrypoint", value: "PATH", help: "Program to run instead of the image's" },
    { name: "hostname", short: "h", value: "NAME", help: "Host name of the container" },
    { name: "read-only", help: "Make the root filesystem read-only" },
    { name: "interactive", short: "i", help: "Pass standard input on" },
    { name: "tty", short: "t", help: "Give the program the terminal" },
    { name: "rm", help: "Remove the container when it ends (it always is)" },
    { name: "name", value: "NAME", help: "Name of the container" },
    PLATFORM,
    { name: "memory", short: "m", value: "SIZE", help: "Most memory a process may have, e.g. 512m" },
    { name: "stop-signal", value: "SIGNAL", help: "Signal that --timeout sends; SIGKILL by default" },
    { name: "timeout", value: "DURATION", help: "End the program after this time, e.g. 10s" },
    {
      name: "engine",
      value: "NAME",
      help: "Engine: kernel (default) or wasmer",
      choices: ["kernel", "wasmer"],
    },
  ],
  run: async (parsed) => (await import("./commands/run.ts")).run(parsed),
};

const IMAGE: CommandSpec = {
  name: "image",
  help: "Look at images and make them",
  commands: [
    {
      name: "inspect",
      help: "Describe an image as JSON",
      args: "IMAGE",
      count: [1, 1],
      options: [PLATFORM],
      run: async (parsed) => (await import("./commands/image.ts")).inspect(parsed),
    },
    {
      name: "ls-files",
      help: "List the files of an image",
      args: "IMAGE",
      count: [1, 1],
      options: [{ name: "long", short: "l", help: "Show mode, owner, size and time" }, PLATFORM],
      run: async (parsed) => (await import("./commands/image.ts")).lsFiles(parsed),
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
        {
          name: "module-path",
          value: "PATH",
          help: "Path of the module in the image; /FILE.wasm by default",
        },
      ],
      run: async (parsed) => (await import("./commands/image.ts")).pack(parsed),
    },
  ],
};

const SPEC: CommandSpec = {
  name: "spec",
  help: "Look at what a configuration means",
  commands: [
    {
      name: "explain",
      help: "Show the system calls that a bundle or an image comes to",
      args: "BUNDLE|IMAGE",
      count: [1, 1],
      run: async (parsed) => (await import("./commands/spec.ts")).explain(parsed),
    },
  ],
};

/** `umiak`. */
export const UMIAK: CommandSpec = {
  name: "umiak",
  help: "An OCI container engine without a daemon and without a VM",
  options: [{ name: "version", help: "Show the version" }],
  commands: [
    RUN,
    IMAGE,
    SPEC,
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
