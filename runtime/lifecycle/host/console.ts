/** Terminals for callers that ask for one by a console socket: a pty is made, and its master is sent there (SCM_RIGHTS). Linux. @module */
import { LifecycleError } from "../error.ts";
import { sendDescriptor } from "./send_descriptor.ts";

const O_RDWR = 2, O_NOCTTY = 0o400, O_CLOEXEC = 0o2000000;
const TIOCSWINSZ = 0x5414n;
const WHAT = "sending a terminal to the console socket";
/** tcsetattr: at once; more than a struct termios. */
const TCSANOW = 0, TERMIOS_SPACE = 256;

const SYMBOLS = {
  posix_openpt: { parameters: ["i32"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
  ptsname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  tcgetattr: { parameters: ["i32", "buffer"], result: "i32" },
  tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  cfmakeraw: { parameters: ["buffer"], result: "void" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** How a terminal is made. */
export interface TerminalOptions {
  /** Lines and columns. */
  readonly size?: { readonly height: number; readonly width: number } | undefined;
  /** It passes bytes on as they are: whoever is behind it has a line discipline of its own (cfmakeraw(3)). */
  readonly raw: boolean;
}

function fail(what: string, path: string): LifecycleError {
  return new LifecycleError(`${WHAT} ${path}: ${what} failed`, "failed");
}

/** Name of the slave of a master. */
function slaveName(libc: Libc, master: number, path: string): string {
  const buffer = new Uint8Array(64);
  if (libc.grantpt(master) < 0 || libc.unlockpt(master) < 0 || libc.ptsname_r(master, buffer, 64n) !== 0) {
    throw fail("unlocking a terminal", path);
  }
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}

/** Makes a terminal and sends its master to the socket at `path`. The path of its slave. */
export function sendTerminal(path: string, { size, raw }: TerminalOptions): string {
  if (Deno.build.os !== "linux") {
    throw new LifecycleError(
      `${WHAT} ${path}: only on Linux`,
      "unsupported",
    );
  }
  const library = Deno.dlopen("libc.so.6", SYMBOLS), libc = library.symbols;
  let master = -1;
  try {
    master = libc.posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) throw fail("opening /dev/ptmx", path);
    const slave = slaveName(libc, master, path);
    if (size !== undefined) {
      const { height, width } = size;
      libc.ioctl(master, TIOCSWINSZ, new Uint8Array(Uint16Array.of(height, width, 0, 0).buffer));
    }
    if (raw) {
      const termios = new Uint8Array(TERMIOS_SPACE);
      if (libc.tcgetattr(master, termios) !== 0) throw fail("tcgetattr", path);
      libc.cfmakeraw(termios);
      if (libc.tcsetattr(master, TCSANOW, termios) !== 0) throw fail("tcsetattr", path);
    }
    sendDescriptor(path, master, slave, WHAT);
    return slave;
  } finally {
    if (master >= 0) libc.close(master);
    library.close();
  }
}
