/** Signals that a process of the host gets for the container's process it stands for. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";

export { listenForSignals } from "../../../lifecycle/host/signals.ts";

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
