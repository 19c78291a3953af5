/** Terminals for callers that ask for one by a console socket: a pty is made, and its master is sent there (SCM_RIGHTS). Linux. @module */
import { LifecycleError } from "../error.ts";

const AF_UNIX = 1, SOCK_STREAM = 1, SOL_SOCKET = 1, SCM_RIGHTS = 1;
const O_RDWR = 2, O_NOCTTY = 0o400, O_CLOEXEC = 0o2000000;
const TIOCSWINSZ = 0x5414n;
/** tcsetattr: at once; more than a struct termios. */
const TCSANOW = 0, TERMIOS_SPACE = 256;
/** struct sockaddr_un: the family, and 108 bytes of path. */
const MAX_PATH = 107;
/** Sizes of struct msghdr, iovec and of a cmsghdr with one descriptor, on 64-bit Linux. */
const MSGHDR = 56, IOVEC = 16, CMSG_LEN = 20, CMSG_SPACE = 24;

const SYMBOLS = {
  posix_openpt: { parameters: ["i32"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
  ptsname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  tcgetattr: { parameters: ["i32", "buffer"], result: "i32" },
  tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  cfmakeraw: { parameters: ["buffer"], result: "void" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
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

const address = (buffer: Uint8Array<ArrayBuffer>): bigint =>
  BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)));

function fail(what: string, path: string): LifecycleError {
  return new LifecycleError(`sending a terminal to the console socket ${path}: ${what} failed`, "failed");
}

/** Connects to a socket; its descriptor. */
function connectTo(libc: Libc, path: string): number {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length > MAX_PATH) throw fail("its path is too long: connecting", path);
  const sockaddr = new Uint8Array(2 + MAX_PATH + 1);
  sockaddr[0] = AF_UNIX;
  sockaddr.set(bytes, 2);
  const fd = libc.socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) throw fail("socket", path);
  if (libc.connect(fd, sockaddr, sockaddr.length) < 0) {
    libc.close(fd);
    throw fail("connecting", path);
  }
  return fd;
}

/** Sends a descriptor, with a name for it. */
function sendDescriptor(libc: Libc, socket: number, fd: number, name: string): boolean {
  const text = new TextEncoder().encode(name), iovec = new Uint8Array(IOVEC);
  const control = new Uint8Array(CMSG_SPACE), message = new Uint8Array(MSGHDR);
  const iov = new DataView(iovec.buffer),
    cmsg = new DataView(control.buffer),
    msg = new DataView(message.buffer);
  iov.setBigUint64(0, address(text), true);
  iov.setBigUint64(8, BigInt(text.length), true);
  cmsg.setBigUint64(0, BigInt(CMSG_LEN), true);
  cmsg.setInt32(8, SOL_SOCKET, true);
  cmsg.setInt32(12, SCM_RIGHTS, true);
  cmsg.setInt32(16, fd, true);
  msg.setBigUint64(16, address(iovec), true);
  msg.setBigUint64(24, 1n, true);
  msg.setBigUint64(32, address(control), true);
  msg.setBigUint64(40, BigInt(CMSG_SPACE), true);
  const sent = Number(libc.sendmsg(socket, message, 0));
  // Held until here: the call has read them by their addresses.
  return sent === text.length && iovec.length + control.length > 0;
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
      `sending a terminal to the console socket ${path}: only on Linux`,
      "unsupported",
    );
  }
  const library = Deno.dlopen("libc.so.6", SYMBOLS), libc = library.symbols;
  let master = -1, socket = -1;
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
    socket = connectTo(libc, path);
    if (!sendDescriptor(libc, socket, master, slave)) throw fail("sendmsg", path);
    return slave;
  } finally {
    for (const fd of [master, socket]) if (fd >= 0) libc.close(fd);
    library.close();
  }
}
