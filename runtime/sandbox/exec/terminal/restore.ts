/** A process that outlives this one, and puts the terminal back as it was should this one end without doing it itself. @module */

/**
 * Waits for the end of its input: this process's end, however it comes. The terminal is then left alone if it is not as this process left
 * it: somebody, perhaps the shell, has set it since. With SIGTTOU ignored a process in the background may set it (man 3 tcsetattr).
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM TSTP TTIN TTOU PIPE
read -r word
[ "$(stty -g <"$3")" = "$2" ] && stty "$1" <"$3"
`;

/** The state of the terminal that is standard input, as stty(1) writes and reads it; undefined where there is no such thing. */
function state(): string | undefined {
  if (Deno.build.os === "windows") return undefined;
  try {
    const { success, stdout } = new Deno.Command("stty", {
      ...{ args: ["-g"], stdin: "inherit", stdout: "piped", stderr: "null" } as const,
    }).outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** A path of the terminal that is standard input. */
function terminalPath(): string {
  try {
    return Deno.readLinkSync("/proc/self/fd/0");
  } catch {
    return "/dev/tty";
  }
}

/** Changes the terminal's mode by `change`, and watches over it. Returns what ends the watch, once the terminal is as it was. */
export function changeWatched(change: () => void): () => void {
  const saved = state();
  change();
  const changed = saved === undefined ? undefined : state();
  if (saved === undefined || changed === undefined) return () => {};
  try {
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", SCRIPT, "sh", saved, changed, terminalPath()],
      ...{ stdin: "piped", stdout: "null", stderr: "null" } as const,
    }).spawn();
    child.unref();
    return () => void child.stdin.close().catch(() => {});
  } catch {
    return () => {};
  }
}
