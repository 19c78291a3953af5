/** Sending a descriptor to whoever listens at a socket (man 7 unix, SCM_RIGHTS). Linux. @module */
import { LifecycleError } from "../error.ts";
import { withPidfd } from "./pidfd.ts";

const AF_UNIX = 1, SOCK_STREAM = 1, SOL_SOCKET = 1, SCM_RIGHTS = 1;
/** struct sockaddr_un: the family, and 108 bytes of path. */
const MAX_PATH = 107;
/** Sizes of struct msghdr, iovec and of a cmsghdr with one descriptor, on 64-bit Linux. */
const MSGHDR = 56, IOVEC = 16, CMSG_LEN = 20, CMSG_SPACE = 24;

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const address = (buffer: Uint8Array<ArrayBuffer>): bigint =>
  BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)));

/** Sends it; true if all has gone. */
function send(libc: Libc, socket: number, fd: number, name: string): boolean {
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

/** Sends a descriptor, with a name for it, to the socket at `path`. `what` begins the message if it cannot be. */
export function sendDescriptor(path: string, fd: number, name: string, what: string): void {
  const bytes = new TextEncoder().encode(path);
  const fail = (why: string): LifecycleError => new LifecycleError(`${what} ${path}: ${why}`, "failed");
  if (bytes.length > MAX_PATH) throw fail("its path is too long");
  const sockaddr = new Uint8Array(2 + MAX_PATH + 1);
  sockaddr[0] = AF_UNIX;
  sockaddr.set(bytes, 2);
  const library = Deno.dlopen("libc.so.6", SYMBOLS), libc = library.symbols;
  let socket = -1;
  try {
    socket = libc.socket(AF_UNIX, SOCK_STREAM, 0);
    if (socket < 0) throw fail("socket failed");
    if (libc.connect(socket, sockaddr, sockaddr.length) < 0) throw fail("connecting failed");
    if (!send(libc, socket, fd, name)) throw fail("sendmsg failed");
  } finally {
    if (socket >= 0) libc.close(socket);
    library.close();
  }
}

/** Sends a descriptor of a process that lives, or has not been waited for, to the socket at `path`, as runc does. */
export function sendPidfd(path: string, pid: number, name: "standard" | "setns"): void {
  const what = "sending a descriptor of the process to the socket";
  withPidfd(pid, (fd) => {
    if (fd !== undefined) return sendDescriptor(path, fd, name, what);
    throw new LifecycleError(`${what} ${path}: there is none of process ${pid}`, "unsupported");
  });
}
