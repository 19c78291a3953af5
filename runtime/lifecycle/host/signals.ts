/** Signals that this process gets for another one. @module */
import { SIGNAL } from "../../abi/linux/signal.ts";

/** Those that can be caught, are not a fault of the process itself, and that Deno does not need. */
const FORWARDED = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGTERM",
  "SIGURG",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGVTALRM",
  "SIGPROF",
  "SIGWINCH",
  "SIGIO",
  "SIGPWR",
] as const;

/** Signals there are on Windows. */
const ON_WINDOWS: readonly string[] = ["SIGINT", "SIGBREAK"];

/** Calls `forward` for every signal. Returns what ends that. */
export function listenForSignals(forward: (signal: number) => void): () => void {
  const undo: (() => void)[] = [];
  for (const name of FORWARDED) {
    if (Deno.build.os === "windows" && !ON_WINDOWS.includes(name)) continue;
    const handler = (): void => forward(SIGNAL[name]);
    try {
      Deno.addSignalListener(name, handler);
      undo.push(() => Deno.removeSignalListener(name, handler));
    } catch {
      // Not a signal of this system.
    }
  }
  return () => {
    for (const each of undo.splice(0)) each();
  };
}
