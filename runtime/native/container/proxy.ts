/** A process's terminal in the foreground: this process's own streams are its other end. @module */
import { TTY_IOCTL } from "../../abi/linux/tty_ioctl.ts";
import type { Descriptor } from "../ffi/descriptors.ts";
import { sys } from "../ffi/kernel.ts";
import { follow } from "./follow.ts";
import { setRaw } from "./raw_terminal.ts";

/** Gives the terminal the size of this process's own. */
function copySize(master: Descriptor): void {
  try {
    const { columns, rows } = Deno.consoleSize();
    const size = new Uint8Array(Uint16Array.of(rows, columns, 0, 0).buffer);
    sys("ioctl", master.fd, TTY_IOCTL.TIOCSWINSZ, size);
  } catch {
    // No terminal of its own.
  }
}

async function passInput(master: Descriptor, isEnded: () => boolean): Promise<void> {
  const chunk = new Uint8Array(4096);
  for (;;) {
    const n = await Deno.stdin.read(chunk).catch(() => null);
    if (n === null || isEnded()) return;
    for (let at = 0; at < n;) {
      const written = sys("write", master.fd, chunk.slice(at, n), n - at);
      if (written < 0) return;
      at += written;
    }
  }
}

/** Passes everything on between the terminal and this process's standard streams until the child ends. Its wait status. */
export async function proxyTerminal(pidfd: Descriptor, master: Descriptor): Promise<number> {
  let ended = false;
  const resize = (): void => copySize(master);
  const restore = setRaw(0);
  if (restore !== undefined) {
    copySize(master);
    Deno.addSignalListener("SIGWINCH", resize);
  }
  void passInput(master, () => ended);
  try {
    return await follow(pidfd, master, async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    });
  } finally {
    ended = true;
    if (restore !== undefined) {
      Deno.removeSignalListener("SIGWINCH", resize);
      restore();
    }
  }
}
