/** Signals that a process of the host gets for the container's process it stands for. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";

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

/** Ends this process as one ended that has this wait status: by the same signal, or with the same code. */
export function endAs(status: number): never {
  const signal = status & 0x7f;
  if (signal !== 0 && Deno.build.os !== "windows") {
    const name = Object.entries(SIGNAL).find(([, number]) => number === signal)?.[0];
    try {
      if (name !== undefined) Deno.kill(Deno.pid, name as Deno.Signal);
    } catch {
      // Not a signal of this system.
    }
    // SIGPIPE, which Deno ignores, and others that have no effect on it: as a shell puts it.
    Deno.exit(128 + signal);
  }
  Deno.exit(signal === 0 ? status >>> 8 & 0xff : 128 + signal);
}
