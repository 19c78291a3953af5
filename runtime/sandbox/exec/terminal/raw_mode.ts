/** The host's terminal in raw mode, and back (man 3 termios, cfmakeraw). @module */
import { changeWatched } from "./restore.ts";

const SYMBOLS = {
  tcgetattr: { parameters: ["i32", "buffer"], result: "i32" },
  tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  cfmakeraw: { parameters: ["buffer"], result: "void" },
} as const;

const LIBRARIES: Readonly<Partial<Record<typeof Deno.build.os, readonly string[]>>> = {
  linux: ["libc.so.6", "libc.so"],
  darwin: ["libSystem.B.dylib"],
};

/** More than a struct termios of any system. */
const TERMIOS_SPACE = 256;
const STDIN = 0;
/** tcsetattr: at once, and after output has gone out. */
const TCSANOW = 0, TCSADRAIN = 1;

function load(): Deno.DynamicLibrary<typeof SYMBOLS> | undefined {
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  for (const name of LIBRARIES[Deno.build.os] ?? []) {
    try {
      return Deno.dlopen(name, SYMBOLS);
    } catch {
      // Another C library.
    }
  }
}

/** The two modes of the terminal. */
interface Modes {
  raw(): void;
  usual(): void;
}

/** By the C library: Deno's own raw mode still makes CR NL of NL on output. undefined where it cannot. */
function byLibrary(): Modes | undefined {
  const library = load();
  if (library === undefined) return undefined;
  const { tcgetattr, tcsetattr, cfmakeraw } = library.symbols;
  const saved = new Uint8Array(TERMIOS_SPACE);
  if (tcgetattr(STDIN, saved) !== 0) {
    library.close();
    return undefined;
  }
  const raw = saved.slice();
  cfmakeraw(raw);
  return {
    raw: () => void tcsetattr(STDIN, TCSANOW, raw),
    usual() {
      tcsetattr(STDIN, TCSADRAIN, saved);
      library.close();
    },
  };
}

const byDeno: Modes = { raw: () => Deno.stdin.setRaw(true), usual: () => Deno.stdin.setRaw(false) };

/**
 * Puts the terminal that is this process's standard input into raw mode. Returns what puts it back; that happens too when the process ends
 * in any other way, be it by SIGKILL.
 */
export function makeRaw(): () => void {
  const modes = byLibrary() ?? byDeno;
  const endWatch = changeWatched(() => modes.raw());
  let done = false;
  const restore = (): void => {
    if (done) return;
    done = true;
    globalThis.removeEventListener("unload", restore);
    modes.usual();
    endWatch();
  };
  globalThis.addEventListener("unload", restore);
  return restore;
}
