/** A process's terminal in the foreground: this process's own streams, or a caller's, are its other end. @module */
import { TTY_IOCTL } from "../../abi/linux/tty_ioctl.ts";
import type { Descriptor } from "../ffi/descriptors.ts";
import { sys } from "../ffi/kernel.ts";
import { follow } from "./follow.ts";
import { setRaw } from "./raw_terminal.ts";
import { type ByteReader, type ByteWriter, writeTo } from "./streams.ts";

/** What is at the other end of a terminal. */
export interface TerminalStreams {
  /** Keys; without it nobody types. */
  readonly keys?: ByteReader | undefined;
  /** What is written; this process's standard output unless given. */
  readonly screen?: ByteWriter | undefined;
  /** The keys come from this process's terminal, which is in raw mode meanwhile. */
  readonly raw: boolean;
  /** The terminal has the size of this process's own, now and whenever that changes. */
  readonly resizes: boolean;
}

const OWN: TerminalStreams = { keys: Deno.stdin, raw: true, resizes: true };

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

async function passInput(keys: ByteReader, master: Descriptor, isEnded: () => boolean): Promise<void> {
  const chunk = new Uint8Array(4096);
  for (;;) {
    const n = await keys.read(chunk).catch(() => null);
    if (n === null || isEnded()) return;
    for (let at = 0; at < n;) {
      const written = sys("write", master.fd, chunk.slice(at, n), n - at);
      if (written < 0) return;
      at += written;
    }
  }
}

/** Passes everything on between the terminal and what is at its other end until the child ends. Its wait status. */
export async function proxyTerminal(
  pidfd: Descriptor,
  master: Descriptor,
  { keys, screen, raw, resizes }: TerminalStreams = OWN,
): Promise<number> {
  let ended = false;
  const resize = (): void => copySize(master);
  const restore = raw ? setRaw(0) : undefined;
  // Of a terminal of its own only: what is in the foreground without one has no size to pass on.
  const watches = resizes && (restore !== undefined || !raw);
  if (watches) {
    copySize(master);
    Deno.addSignalListener("SIGWINCH", resize);
  }
  if (keys !== undefined) void passInput(keys, master, () => ended);
  try {
    return await follow(pidfd, master, async (bytes) => {
      if (screen !== undefined) await writeTo(screen, bytes);
      else for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    });
  } finally {
    ended = true;
    if (watches) Deno.removeSignalListener("SIGWINCH", resize);
    restore?.();
  }
}
