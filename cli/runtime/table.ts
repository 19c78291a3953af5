/** The verbs of `umiak-runtime` and their options: those of runc, whose callers are ours. @module */
import type { CommandSpec, OptionSpec, Parsed } from "../parser.ts";
import { deleteCommand } from "./commands/delete.ts";
import { killCommand } from "./commands/kill.ts";
import { stateCommand } from "./commands/state.ts";
import type { Runtime } from "./runtime.ts";

/** A verb. */
export interface Verb extends CommandSpec {
  /** Loads what runs it. The three that callers call most are here already: it is faster than to load them one by one. */
  readonly load: () => Promise<(parsed: Parsed, runtime: Runtime) => Promise<number>>;
}

const value = (name: string, what: string, help: string, more: Partial<OptionSpec> = {}): OptionSpec => ({
  name,
  value: what,
  help,
  ...more,
});
const flag = (name: string, help: string, more: Partial<OptionSpec> = {}): OptionSpec => ({
  name,
  help,
  ...more,
});

const CONSOLE = value("console-socket", "PATH", "Unix socket that gets the terminal's other end");
const PID_FILE = value("pid-file", "PATH", "File to write the process id to");
const PRESERVE = value("preserve-fds", "N", "Pass N descriptors from 3 on");
const DETACH = flag("detach", "Do not wait for the end", { short: "d" });

const CREATE: readonly OptionSpec[] = [
  value("bundle", "DIR", "The bundle's directory; the current one by default", { short: "b" }),
  CONSOLE,
  value("pidfd-socket", "PATH", "Unix socket that gets a descriptor of the process"),
  PID_FILE,
  flag("no-pivot", "Do not use pivot_root"),
  flag("no-new-keyring", "Keep the caller's session keyring"),
  PRESERVE,
];

/** `umiak-runtime`, with its global options; what follows them is a verb and its arguments. */
export const RUNTIME: CommandSpec = {
  name: "umiak-runtime",
  help: "An OCI runtime: containers from bundles, for podman, containerd and people",
  args: "VERB [ARG...]",
  count: [0, Infinity],
  passThrough: true,
  options: [
    value("root", "DIR", "Directory for the state of containers"),
    value("log", "FILE", "Log file; standard error by default"),
    value("log-format", "FORMAT", "Format of the log: text or json", { choices: ["text", "json"] }),
    flag("systemd-cgroup", "Have systemd manage cgroups"),
    value("rootless", "WHEN", "Run as an ordinary user: true, false or auto"),
    value("criu", "PATH", "Not used: there are no checkpoints"),
    flag("debug", "Log more"),
    flag("version", "Show the version", { short: "v" }),
  ],
};

/** The verbs. */
export const VERBS: readonly Verb[] = [
  {
    name: "create",
    help: "Create a container from a bundle",
    args: "ID",
    count: [1, 1],
    options: CREATE,
    load: async () => (await import("./commands/create.ts")).createCommand,
  },
  {
    name: "start",
    help: "Run the program of a created container",
    args: "ID",
    count: [1, 1],
    load: async () => (await import("./commands/start.ts")).startCommand,
  },
  {
    name: "run",
    help: "Create and start a container",
    args: "ID",
    count: [1, 1],
    options: [
      ...CREATE,
      DETACH,
      flag("keep", "Do not delete the container at its end"),
      flag("no-subreaper", "Not used"),
    ],
    load: async () => (await import("./commands/run.ts")).runCommand,
  },
  {
    name: "state",
    help: "Show the state of a container",
    args: "ID",
    count: [1, 1],
    load: () => Promise.resolve(stateCommand),
  },
  {
    name: "kill",
    help: "Send a signal to a container",
    args: "ID [SIGNAL]",
    count: [1, 2],
    options: [flag("all", "To all of its processes", { short: "a" })],
    load: () => Promise.resolve(killCommand),
  },
  {
    name: "delete",
    help: "Delete a container that is stopped",
    args: "ID",
    count: [1, 1],
    options: [flag("force", "Kill it first if it is not", { short: "f" })],
    load: () => Promise.resolve(deleteCommand),
  },
  {
    name: "exec",
    help: "Run another program in a container",
    args: "ID [PROGRAM [ARG...]]",
    count: [1, Infinity],
    passThrough: true,
    options: [
      CONSOLE,
      value("pidfd-socket", "PATH", "Unix socket that gets a descriptor of the process"),
      value("cwd", "DIR", "Working directory in the container"),
      value("env", "NAME=VALUE", "Set an environment variable", { short: "e", repeat: true }),
      flag("tty", "Give it a terminal", { short: "t" }),
      value("user", "UID[:GID]", "User and group", { short: "u" }),
      value("additional-gids", "GID", "A further group", { short: "g", repeat: true }),
      value("process", "FILE", "process.json that describes it", { short: "p" }),
      DETACH,
      PID_FILE,
      value("process-label", "LABEL", "SELinux label"),
      value("apparmor", "PROFILE", "AppArmor profile"),
      flag("no-new-privs", "No exec gives it more privileges"),
      value("cap", "CAPABILITY", "Add a capability", { short: "c", repeat: true }),
      PRESERVE,
      value("cgroup", "PATH", "Cgroup below the container's"),
      flag("ignore-paused", "Even if the container is paused"),
    ],
    load: async () => (await import("./commands/exec.ts")).execCommand,
  },
  {
    name: "list",
    help: "List the containers",
    options: [
      value("format", "FORMAT", "table or json", { short: "f", choices: ["table", "json"] }),
      flag("quiet", "Only their ids", { short: "q" }),
    ],
    load: async () => (await import("./commands/list.ts")).listCommand,
  },
  {
    name: "ps",
    help: "List the processes of a container",
    args: "ID [PS OPTION...]",
    count: [1, Infinity],
    passThrough: true,
    options: [value("format", "FORMAT", "table or json", { short: "f", choices: ["table", "json"] })],
    load: async () => (await import("./commands/ps.ts")).psCommand,
  },
  {
    name: "pause",
    help: "Stop all processes of a container where they are",
    args: "ID",
    count: [1, 1],
    load: async () => (await import("./commands/pause.ts")).pauseCommand,
  },
  {
    name: "resume",
    help: "Let the processes of a paused container go on",
    args: "ID",
    count: [1, 1],
    load: async () => (await import("./commands/pause.ts")).resumeCommand,
  },
  {
    name: "update",
    help: "Change the limits of a container",
    args: "ID",
    count: [1, 1],
    options: [
      value("resources", "FILE", "File with linux.resources; - for standard input", { short: "r" }),
      value("memory", "BYTES", "Memory"),
      value("memory-reservation", "BYTES", "Soft limit of memory"),
      value("memory-swap", "BYTES", "Memory and swap together"),
      value("cpu-period", "US", "CPU: the period"),
      value("cpu-quota", "US", "CPU: time in each period"),
      value("cpu-share", "N", "CPU: relative share"),
      value("cpuset-cpus", "LIST", "CPUs"),
      value("cpuset-mems", "LIST", "Memory nodes"),
      value("pids-limit", "N", "Tasks"),
      value("blkio-weight", "N", "Block I/O weight"),
    ],
    load: async () => (await import("./commands/update.ts")).updateCommand,
  },
  {
    name: "events",
    help: "Show what a container uses",
    args: "ID",
    count: [1, 1],
    options: [
      value("interval", "DURATION", "Time between two reports; 5s by default"),
      flag("stats", "Report once"),
    ],
    load: async () => (await import("./commands/events.ts")).eventsCommand,
  },
  {
    name: "spec",
    help: "Write a config.json to begin with",
    options: [
      value("bundle", "DIR", "The bundle's directory; the current one by default", { short: "b" }),
      flag("rootless", "For an ordinary user"),
    ],
    load: async () => (await import("./commands/spec.ts")).specCommand,
  },
  {
    name: "features",
    help: "Show what this runtime can do",
    load: async () => (await import("./commands/features.ts")).featuresCommand,
  },
];
