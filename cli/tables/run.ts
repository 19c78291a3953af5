/** `umiak run`. @module */
import type { CommandSpec } from "../parser.ts";
import { PLATFORM, QUIET, REGISTRY_OPTIONS } from "./options.ts";

/** `umiak run`. */
export const RUN: CommandSpec = {
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
    {
      name: "network",
      value: "MODE",
      help:
        "Network: none (the sandbox's default, and an ordinary user's), pod or private (one of its own, with a way out), host",
      choices: ["none", "pod", "private", "host"],
    },
    {
      name: "publish",
      short: "p",
      value: "[IP:]HOST:CONTAINER[/udp]",
      repeat: true,
      help: "Lead a port of the host to the container; without --network nothing leads out",
    },
    {
      name: "listen",
      value: "[IP:]PORT",
      repeat: true,
      help: "Start the program with a socket that listens on the host, as descriptor 3 and on",
    },
    {
      name: "egress",
      value: "RULE",
      repeat: true,
      help:
        "allow=HOST[:PORT] or deny=HOST[:PORT]: whom the program may talk to; the first that fits decides",
    },
    { name: "egress-log", value: "FILE", help: "Append a line for every decision about egress" },
    { name: "read-only", help: "Make the root filesystem read-only" },
    { name: "interactive", short: "i", help: "Pass standard input on" },
    { name: "tty", short: "t", help: "Give the program a terminal; with -i it is shown on this one" },
    { name: "rm", help: "Remove the container when it ends (it always is)" },
    {
      name: "annotation",
      value: "NAME=VALUE",
      repeat: true,
      help: "Add an annotation; umiak.interruptible=true lets programs that compute be interrupted",
    },
    { name: "name", value: "NAME", help: "Name of the container" },
    PLATFORM,
    {
      name: "pull",
      value: "WHEN",
      help: "Pull the image: missing (default), always, never",
      choices: ["always", "missing", "never"],
    },
    { ...QUIET, help: "Show no progress of a pull" },
    ...REGISTRY_OPTIONS,
    { name: "memory", short: "m", value: "SIZE", help: "Most memory of the container, e.g. 512m" },
    { name: "pids-limit", value: "NUMBER", help: "Most processes of the container; -1 for no limit" },
    { name: "cpus", value: "NUMBER", help: "Most CPU time, e.g. 0.5 for half of a processor" },
    { name: "stop-signal", value: "SIGNAL", help: "Signal that --timeout sends; SIGKILL by default" },
    { name: "timeout", value: "DURATION", help: "End the program after this time, e.g. 10s" },
    {
      name: "backend",
      value: "NAME",
      help:
        "What runs it: sandbox (WebAssembly) or native (this Linux's own programs); by default what the image is for",
      choices: ["sandbox", "native"],
    },
    {
      name: "security-opt",
      value: "OPTION",
      repeat: true,
      help: "Native: no-new-privileges, or seccomp=unconfined for no filter of system calls",
    },
    {
      name: "engine",
      value: "NAME",
      help: "Engine of the sandbox: kernel (default) or wasmer",
      choices: ["kernel", "wasmer"],
    },
  ],
  run: async (parsed) => (await import("../commands/run.ts")).run(parsed),
};
