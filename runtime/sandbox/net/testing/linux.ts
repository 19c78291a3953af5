/** Scripts on the sockets of the host's Linux, through its C library. @module */
import { AF_INET, AF_INET6, AF_UNIX, MSG_NOSIGNAL, SOCK_NONBLOCK } from "../../../abi/linux/socket.ts";
import { formatIp, parseIp } from "../ip.ts";
import type { ScriptAddress, ScriptSockets } from "./sockets.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;
const FIONREAD = 0x541b;

/** struct sockaddr. */
function encode(given: ScriptAddress | null): Uint8Array<ArrayBuffer> {
  if (given === null) return new Uint8Array(16);
  if (typeof given === "string") {
    const name = new TextEncoder().encode(given.replace(/^@/, "\0"));
    const path = given.startsWith("@") || given === "" ? name : Uint8Array.of(...name, 0);
    return Uint8Array.of(AF_UNIX, 0, ...path);
  }
  const ip = parseIp(given[0])!, port = [given[1] >> 8, given[1] & 0xff];
  return ip.length === 4
    ? Uint8Array.of(AF_INET, 0, ...port, ...ip, 0, 0, 0, 0, 0, 0, 0, 0)
    : Uint8Array.of(AF_INET6, 0, ...port, 0, 0, 0, 0, ...ip, 0, 0, 0, 0);
}

function decode(bytes: Uint8Array, length: number): ScriptAddress {
  const family = bytes[0]!, port = bytes[2]! << 8 | bytes[3]!;
  if (family === AF_INET) return [formatIp(bytes.slice(4, 8)), port];
  if (family === AF_INET6) return [formatIp(bytes.slice(8, 24)), port];
  return new TextDecoder().decode(bytes.subarray(2, length)).replace(/^\0/, "@").replace(/\0$/, "");
}

/** Why scripts cannot run on the host; undefined if they can. `ipv6`: they need ::1. */
export function reasonAgainstLinux(ipv6: boolean): string | undefined {
  if (Deno.build.os !== "linux") return "needs Linux";
  try {
    Deno.dlopen("libc.so.6", SYMBOLS).close();
  } catch {
    return "needs the GNU C library";
  }
  if (!ipv6) return undefined;
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
  } catch {
    return "needs IPv6 on the loopback interface";
  }
}

/** The host's sockets, and a way to close those that a script left open. */
export function linux(): { readonly sockets: ScriptSockets; close(): void } {
  const library = Deno.dlopen("libc.so.6", SYMBOLS), c = library.symbols;
  const open = new Set<number>();
  const result = (n: number | bigint): number => {
    if (Number(n) >= 0) return Number(n);
    return -new Deno.UnsafePointerView(c.__errno_location()!).getInt32();
  };
  const opened = (fd: number): number => {
    if (fd >= 0) open.add(fd);
    return fd;
  };
  const named =
    (get: (fd: number, at: Uint8Array<ArrayBuffer>, size: Uint8Array<ArrayBuffer>) => number) =>
    (fd: number): ScriptAddress | number => {
      const at = new Uint8Array(128), size = new Uint32Array([128]);
      const error = result(get(fd, at, new Uint8Array(size.buffer)));
      return error < 0 ? error : decode(at, size[0]!);
    };
  const sockets: ScriptSockets = {
    socket: (family, type, protocol = 0) => opened(result(c.socket(family, type | SOCK_NONBLOCK, protocol))),
    pair(type) {
      const fds = new Int32Array(2);
      const error = result(c.socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, new Uint8Array(fds.buffer)));
      return error < 0 ? error : [opened(fds[0]!), opened(fds[1]!)];
    },
    bind(fd, at) {
      const bytes = encode(at);
      return result(c.bind(fd, bytes, bytes.length));
    },
    listen: (fd, backlog) => result(c.listen(fd, backlog)),
    accept: (fd) => opened(result(c.accept4(fd, null, null, SOCK_NONBLOCK))),
    connect(fd, to) {
      const bytes = encode(to);
      return result(c.connect(fd, bytes, bytes.length));
    },
    send(fd, text, flags = 0, to) {
      const bytes = new TextEncoder().encode(text), at = to === undefined ? null : encode(to);
      return result(c.sendto(fd, bytes, BigInt(bytes.length), flags | MSG_NOSIGNAL, at, at?.length ?? 0));
    },
    recv(fd, length, flags = 0) {
      const bytes = new Uint8Array(length);
      const n = result(c.recv(fd, bytes, BigInt(length), flags));
      return n < 0 ? n : new TextDecoder().decode(bytes.subarray(0, Math.min(n, length)));
    },
    shutdown: (fd, how) => result(c.shutdown(fd, how)),
    close(fd) {
      open.delete(fd);
      return result(c.close(fd));
    },
    poll(fd) {
      const bytes = new Uint8Array(8), view = new DataView(bytes.buffer);
      view.setInt32(0, fd, true);
      view.setInt16(4, 0x2007, true);
      c.poll(bytes, 1n, 0);
      return view.getUint16(6, true) & 0x201d;
    },
    setsockopt(fd, level, name, ...value) {
      const bytes = new Uint8Array(Int32Array.from(value).buffer);
      return result(c.setsockopt(fd, level, name, bytes, bytes.length));
    },
    getsockopt(fd, level, name) {
      const value = new Int32Array(4), size = new Uint32Array([16]);
      const error = result(
        c.getsockopt(fd, level, name, new Uint8Array(value.buffer), new Uint8Array(size.buffer)),
      );
      return error < 0 ? error : value[0]!;
    },
    getsockname: named(c.getsockname),
    getpeername: named(c.getpeername),
    fionread(fd) {
      const value = new Int32Array(1);
      const error = result(c.ioctl(fd, BigInt(FIONREAD), new Uint8Array(value.buffer)));
      return error < 0 ? error : value[0]!;
    },
  };
  return {
    sockets,
    close() {
      for (const fd of open) c.close(fd);
      library.close();
    },
  };
}
