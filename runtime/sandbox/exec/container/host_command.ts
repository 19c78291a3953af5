/** The command that becomes a container's host process. @module */

/** A program with its first arguments; `host DIRECTORY SOCKETS` or `exec …` is added. */
let command: readonly string[] | undefined;

/** Says which command is to be used: of a command line, itself. */
export function setHostCommand(words: readonly string[]): void {
  command = words;
}

/** The command: by default this Deno with main.ts of this folder. */
export function hostCommand(): readonly string[] {
  return command ??
    [Deno.execPath(), "run", "--quiet", "--allow-all", "--no-lock", import.meta.resolve("../host/main.ts")];
}

/** What a host process needs of its caller's environment: where Deno finds itself and its cache, and nothing a guest could want. */
const KEPT = [
  "DENO_DIR",
  "HOME",
  "LOCALAPPDATA",
  "NO_COLOR",
  "PATH",
  "SYSTEMROOT",
  "TEMP",
  "TMP",
  "TMPDIR",
  "USERPROFILE",
  "XDG_CACHE_HOME",
];

/** The environment of a host process. */
export function hostEnvironment(): Record<string, string> {
  return Object.fromEntries(KEPT.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}
