/** config.md#process. @module */
import type { Subject } from "../types.ts";

/** Program, environment, directory, terminal. */
export const process: Subject = {
  subject: "process",
  cases: [
    {
      name: "args",
      spec: "config.md#process: args (array of strings, OPTIONAL) with similar semantics to execvp's argv",
      config: { process: { args: ["/probe", "", "two words", "ü\n\"'\\"] } },
      expect: [["args", "is", ["/probe", "", "two words", "\u00c3\u00bc\n\"'\\"]]],
    },
    {
      name: "a name without slash is searched in PATH",
      spec: "config.md#process: that entry is used with the same semantics as execvp's file",
      config: { process: { args: ["probe"], env: ["PATH=/nowhere:/"] } },
      expect: [["args.0", "is", "probe"]],
    },
    {
      name: "a program that is not in PATH cannot be started",
      spec: "config.md#process: that entry is used with the same semantics as execvp's file",
      config: { process: { args: ["probe"], env: ["PATH=/nowhere"] } },
      fails: "start",
    },
    {
      name: "a program that is not there cannot be started",
      spec: "runtime.md#start: This operation MUST run the user-specified program as specified by process",
      config: { process: { args: ["/nothing"] } },
      fails: "start",
    },
    {
      name: "a directory cannot be started",
      spec: "runtime.md#start: This operation MUST run the user-specified program as specified by process",
      config: { process: { args: ["/etc"] } },
      fails: "start",
    },
    {
      name: "a file without execute permission cannot be started",
      spec: "config.md#process: that entry is used with the same semantics as execvp's file",
      rootfs: { "plain": "x" },
      config: { process: { args: ["/plain"] } },
      fails: "start",
    },
    {
      name: "no args is an error",
      spec: "config.md#process: at least one entry is REQUIRED (non-Windows)",
      config: { process: { args: [] } },
      fails: "create",
    },
    {
      name: "env is all of the environment",
      spec: "config.md#process: env (array of strings, OPTIONAL) with the same semantics as environ",
      config: { process: { env: ["PATH=/", "A=", "B=x=y", "C=two words"] } },
      expect: [["env", "has", ["PATH=/", "A=", "B=x=y", "C=two words"]], ["env.7", "absent"]],
    },
    {
      name: "cwd",
      spec:
        "config.md#process: cwd (string, REQUIRED) is the working directory that will be set for the executable",
      config: { process: { cwd: "/tmp" } },
      expect: [["cwd", "is", "/tmp"]],
    },
    {
      name: "cwd in a mount",
      spec:
        "config.md#process: cwd (string, REQUIRED) is the working directory that will be set for the executable",
      config: { process: { cwd: "/dev/shm" } },
      expect: [["cwd", "is", "/dev/shm"]],
    },
    {
      name: "a relative cwd is an error",
      spec: "config.md#process: This value MUST be an absolute path",
      config: { process: { cwd: "tmp" } },
      fails: "create",
    },
    {
      name: "without cwd there is no container",
      spec: "config.md#process: cwd (string, REQUIRED)",
      config: { process: { cwd: null } },
      fails: "create",
    },
    {
      name: "consoleSize is ignored without a terminal",
      spec: "config.md#process: Runtimes MUST ignore consoleSize if terminal is false or unset",
      config: { process: { consoleSize: { height: 25, width: 80 } } },
      expect: [["tty", "is", [0, 0, 0]]],
    },
    {
      name: "a terminal that nobody takes is an error",
      spec: "config.md#process: if set to true on Linux a pseudoterminal pair is allocated for the process",
      config: { process: { terminal: true, consoleSize: { height: 25, width: 80 } } },
      process: true,
      fails: "create",
    },
    {
      name: "properties of Windows are ignored",
      spec:
        "config.md#process: commandLine (string, OPTIONAL) specifies the full command line to be executed on Windows",
      config: { process: { commandLine: "other.exe", user: { username: "someone" } } },
      expect: [["args.0", "is", "/probe"], ["uids", "is", [0, 0, 0, 0]]],
    },
    {
      name: "exit code",
      spec: "runtime.md#lifecycle: The container process exits",
      probe: ["exit=7"],
      expect: [["exit", "is", 7]],
    },
    {
      name: "it has the standard streams and nothing else",
      spec: "config.md#process: standard streams",
      expect: [["fds", "has", ["0", "1", "2"]], ["fds.5", "absent"], ["fds.6", "absent"]],
    },
    {
      name: "it leads a session",
      spec: "config.md#process: the container process",
      expect: [["session", "is", 1]],
    },
    {
      name: "a container can be created without process, but not started",
      spec:
        "config.md#process: This property is REQUIRED when start is called. runtime.md#start: This operation " +
        "MUST generate an error if process was not set",
      config: { process: null },
      steps: [
        { verb: "create" },
        { verb: "state", expect: [["status", "is", "created"]] },
        { verb: "start", fails: true },
      ],
    },
  ],
};
