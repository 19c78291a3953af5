/**
 * The host's keyboard, read on a thread of its own: a program that computes keeps this one from reading, and INTR must end it all the same.
 * @module
 */
import { ISIG, VINTR, VQUIT } from "../../../abi/linux/termios.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { SIG_DFL } from "../../kernel/sigaction.ts";
import type { Task } from "../../kernel/task.ts";
import type { Tty } from "../../kernel/tty/tty.ts";
import type { ByteSource } from "../host_stream.ts";

/** Keys that this thread has not taken, at most. */
const MAX_AHEAD = 64 * 1024;
/** How long this thread has to take INTR or QUIT before the signal is for the whole process. */
const GRACE_MS = 250;

/** What the threads share: bytes taken, and the two keys that would end the program as it is now; 0 for none. */
const TAKEN = 0, INTR = 1, QUIT = 2, SHARED = 3;

const SOURCE = `
const LIBRARIES = ["libc.so.6", "libc.so", "libSystem.dylib"];
// Who catches the signal does it on the thread that computes, and never comes to it: it gets its default action back.
const restore = (number) => {
  for (const name of LIBRARIES) {
    try {
      const libc = Deno.dlopen(name, { signal: { parameters: ["i32", "pointer"], result: "pointer" } });
      return void libc.symbols.signal(number, null);
    } catch { /* another system */ }
  }
};
onmessage = async ({ data: { shared, pid } }) => {
  const state = new Int32Array(shared), buffer = new Uint8Array(16384);
  let sent = 0;
  for (;;) {
    const n = await Deno.stdin.read(buffer).catch(() => null);
    if (n === null) return postMessage(null);
    const keys = buffer.slice(0, n), end = sent += n;
    postMessage(keys);
    for (const [at, signal, number] of [[${INTR}, "SIGINT", 2], [${QUIT}, "SIGQUIT", 3]]) {
      const key = Atomics.load(state, at);
      if (key === 0 || !keys.includes(key)) continue;
      setTimeout(() => {
        if (Atomics.load(state, ${TAKEN}) >= end) return;
        restore(number);
        Deno.kill(pid, signal);
        setTimeout(() => Deno.kill(pid, "SIGKILL"), ${GRACE_MS});
      }, ${GRACE_MS});
    }
    while (sent - Atomics.load(state, ${TAKEN}) > ${MAX_AHEAD}) await new Promise((f) => setTimeout(f, 5));
  }
};
`;

/** A keyboard. */
export interface Keyboard extends ByteSource {
  /** Looks again at what INTR and QUIT would do. */
  refresh(): void;
  /** Nobody reads it any more. */
  close(): void;
}

/** The keyboard of a terminal that is `task`'s. */
export function hostKeyboard(task: Task, tty: Tty): Keyboard {
  const state = new Int32Array(new SharedArrayBuffer(SHARED * 4));
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(SOURCE)}`, { type: "module" });
  const chunks: (Uint8Array | null)[] = [];
  let wake: (() => void) | null = null;
  worker.onmessage = ({ data }: MessageEvent<Uint8Array | null>) => {
    if (data !== null) Atomics.add(state, TAKEN, data.length);
    chunks.push(data);
    wake?.();
  };
  worker.postMessage({ shared: state.buffer, pid: Deno.pid });
  const refresh = (): void => {
    const { cc, lflag } = tty.discipline.termios;
    const ends = (signal: number): boolean =>
      (lflag & ISIG) !== 0 && task.signals.action(signal).handler === SIG_DFL;
    Atomics.store(state, INTR, ends(SIGNAL.SIGINT) ? cc[VINTR]! : 0);
    Atomics.store(state, QUIT, ends(SIGNAL.SIGQUIT) ? cc[VQUIT]! : 0);
  };
  refresh();
  return {
    refresh,
    async read(into) {
      while (chunks.length === 0) await new Promise<void>((resolve) => wake = resolve);
      const chunk = chunks[0]!;
      if (chunk === null) return null;
      const n = Math.min(chunk.length, into.length);
      into.set(chunk.subarray(0, n));
      if (n === chunk.length) chunks.shift();
      else chunks[0] = chunk.subarray(n);
      refresh();
      return n;
    },
    close: () => worker.terminate(),
  };
}
