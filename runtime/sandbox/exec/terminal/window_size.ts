/** The size of the host's terminal, and its changes. @module */
import type { Winsize } from "../../../abi/linux/termios.ts";

/** How often the size is looked at where no signal tells of a change. */
const POLL_MS = 250;

/** The size now; undefined if no standard stream is a terminal, or it does not know its size. */
export function windowSize(): Winsize | undefined {
  try {
    const { rows, columns: cols } = Deno.consoleSize();
    return rows === 0 && cols === 0 ? undefined : { rows, cols, xpixel: 0, ypixel: 0 };
  } catch {
    return undefined;
  }
}

/** Calls `changed` with every new size. Returns what ends that. */
export function watchWindowSize(changed: (size: Winsize) => void): () => void {
  const look = (): void => {
    const size = windowSize();
    if (size !== undefined) changed(size);
  };
  if (Deno.build.os === "windows") {
    const timer = setInterval(look, POLL_MS);
    return () => clearInterval(timer);
  }
  Deno.addSignalListener("SIGWINCH", look);
  return () => Deno.removeSignalListener("SIGWINCH", look);
}
