/** Scripts on the sockets of this kernel. @module */
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AF_UNSPEC,
  MSG_NOSIGNAL,
  SOCK_NONBLOCK,
} from "../../../abi/linux/socket.ts";
import { Kernel } from "../../kernel/kernel.ts";
import type { Task } from "../../kernel/task.ts";
import { isInet, isUnix, type SocketAddress } from "../address.ts";
import * as calls from "../calls/mod.ts";
import { formatIp, parseIp } from "../ip.ts";
import type { ScriptAddress, ScriptSockets } from "./sockets.ts";

/** An address of a script as the calls take it. */
export function address(given: ScriptAddress | null): SocketAddress {
  if (given === null) return { family: AF_UNSPEC };
  if (typeof given === "string") return { family: AF_UNIX, path: given.replace(/^@/, "\0") };
  const ip = parseIp(given[0])!;
  return { family: ip.length === 4 ? AF_INET : AF_INET6, ip, port: given[1] };
}

/** An address as a script shows it. */
export function shown(given: SocketAddress | number): ScriptAddress | number {
  if (typeof given === "number") return given;
  if (isInet(given)) return [formatIp(given.ip), given.port];
  return isUnix(given) ? given.path.replace("\0", "@") : "";
}

/** The calls of a task. */
export function socketsOf(task: Task): ScriptSockets {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  return {
    socket: (family, type, protocol = 0) => calls.socket(task, family, type | SOCK_NONBLOCK, protocol),
    pair: (type) => calls.socketpair(task, AF_UNIX, type | SOCK_NONBLOCK, 0),
    bind: (fd, at) => calls.bind(task, fd, address(at)),
    listen: (fd, backlog) => calls.listen(task, fd, backlog),
    accept(fd) {
      const accepted = calls.accept(task, fd, SOCK_NONBLOCK);
      return typeof accepted === "number" ? accepted : accepted.fd;
    },
    connect: (fd, to) => calls.connect(task, fd, address(to)),
    send(fd, text, flags = 0, to) {
      const bytes = encode(text);
      return calls.send(
        task,
        fd,
        bytes,
        0,
        bytes.length,
        flags | MSG_NOSIGNAL,
        to === undefined ? null : address(to),
      );
    },
    recv(fd, length, flags = 0) {
      const bytes = new Uint8Array(length);
      const n = calls.recv(task, fd, bytes, 0, length, flags);
      return n < 0 ? n : new TextDecoder().decode(bytes.subarray(0, Math.min(n, length)));
    },
    shutdown: (fd, how) => calls.shutdown(task, fd, how),
    close: (fd) => task.files.close(fd),
    poll: (fd) => task.files.get(fd)!.file.poll() & (POLLIN | POLLOUT | 8 | 16 | 0x2000),
    setsockopt: (fd, level, name, ...value) =>
      calls.setsockopt(task, fd, level, name, Int32Array.from(value)),
    getsockopt(fd, level, name) {
      const value = calls.getsockopt(task, fd, level, name);
      return typeof value === "number" ? value : value[0]!;
    },
    getsockname: (fd) => shown(calls.getsockname(task, fd)),
    getpeername: (fd) => shown(calls.getpeername(task, fd)),
    fionread: (fd) => calls.fionread(task, fd),
  };
}

/** A fresh kernel's. */
export function here(): { readonly sockets: ScriptSockets; readonly kernel: Kernel; readonly task: Task } {
  const kernel = new Kernel(), task = kernel.spawn();
  return { sockets: socketsOf(task), kernel, task };
}
