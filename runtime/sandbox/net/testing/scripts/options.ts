/** Scripts: Making sockets, and their options. @module */
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV6,
  SO,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP,
} from "../../../../abi/linux/socket.ts";
import type { Script } from "./script.ts";

/** By what they are about. */
export const OPTION_SCRIPTS: Readonly<Record<string, Script>> = {
  "socket: families, types, protocols"(s, note) {
    const made = (fd: number): number => fd < 0 ? fd : s.close(fd);
    for (const family of [AF_INET, AF_INET6]) {
      for (const type of [SOCK_STREAM, SOCK_DGRAM, 4, 6, 99]) {
        for (const protocol of [0, IPPROTO_TCP, IPPROTO_UDP, 41, 300, -1]) {
          note([family, type, protocol, made(s.socket(family, type, protocol))]);
        }
      }
      note(made(s.socket(family, SOCK_SEQPACKET, 200)));
    }
    for (const type of [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW, 4]) {
      for (const protocol of [0, 1, 2]) note([type, protocol, made(s.socket(AF_UNIX, type, protocol))]);
    }
    for (const family of [0, 3, 255, -1]) note(made(s.socket(family, SOCK_STREAM)));
  },
  "options: what they begin with"(s, note) {
    for (
      const [family, type] of [[AF_INET, SOCK_STREAM], [AF_INET6, SOCK_DGRAM], [
        AF_UNIX,
        SOCK_STREAM,
      ]] as const
    ) {
      const fd = s.socket(family, type);
      for (
        const name of [SO.TYPE, SO.DOMAIN, SO.PROTOCOL, SO.ERROR, SO.ACCEPTCONN, SO.REUSEADDR, SO.REUSEPORT]
      ) {
        note(s.getsockopt(fd, SOL_SOCKET, name));
      }
      for (
        const name of [SO.BROADCAST, SO.KEEPALIVE, SO.LINGER, SO.RCVLOWAT, SO.SNDLOWAT, SO.RCVTIMEO, 9999]
      ) {
        note(s.getsockopt(fd, SOL_SOCKET, name));
      }
    }
    const tcp = s.socket(AF_INET, SOCK_STREAM), udp = s.socket(AF_INET, SOCK_DGRAM);
    for (
      const name of [TCP.NODELAY, TCP.CORK, TCP.KEEPIDLE, TCP.KEEPINTVL, TCP.KEEPCNT, TCP.USER_TIMEOUT, 9999]
    ) {
      note(s.getsockopt(tcp, IPPROTO_TCP, name));
    }
    note(s.getsockopt(udp, IPPROTO_IPV6, IPV6.V6ONLY));
    note(s.getsockopt(s.socket(AF_INET6, SOCK_STREAM), IPPROTO_IPV6, IPV6.V6ONLY));
  },
  "options: values that are taken and refused"(s, note) {
    const tcp = s.socket(AF_INET, SOCK_STREAM), unix = s.socket(AF_UNIX, SOCK_STREAM);
    const set = (fd: number, level: number, name: number, ...value: number[]): void => {
      note([name, value, s.setsockopt(fd, level, name, ...value), s.getsockopt(fd, level, name)]);
    };
    for (const v of [0, 1, 7, -1]) set(tcp, SOL_SOCKET, SO.REUSEADDR, v);
    for (const v of [0, 1, -1]) set(tcp, SOL_SOCKET, SO.KEEPALIVE, v);
    for (const v of [0, 5000, 100000]) {
      set(tcp, SOL_SOCKET, SO.RCVBUF, v);
      set(tcp, SOL_SOCKET, SO.SNDBUF, v);
    }
    for (const v of [0, 1, 5, -1]) set(tcp, IPPROTO_TCP, TCP.NODELAY, v);
    for (const v of [0, 1, 100, 32767, 32768, -1]) set(tcp, IPPROTO_TCP, TCP.KEEPIDLE, v);
    for (const v of [0, 1, 127, 128]) set(tcp, IPPROTO_TCP, TCP.KEEPCNT, v);
    set(tcp, SOL_SOCKET, SO.LINGER, 1, 10);
    set(tcp, SOL_SOCKET, SO.LINGER, 0, 10);
    set(tcp, SOL_SOCKET, SO.TYPE, 1);
    set(tcp, SOL_SOCKET, SO.ERROR, 1);
    set(tcp, SOL_SOCKET, SO.ACCEPTCONN, 1);
    set(tcp, SOL_SOCKET, 9999, 1);
    set(tcp, 9999, 1, 1);
    set(unix, SOL_SOCKET, SO.PASSCRED, 1);
    set(unix, SOL_SOCKET, SO.BROADCAST, 1);
    set(unix, IPPROTO_TCP, TCP.NODELAY, 1);
    note(s.setsockopt(tcp, SOL_SOCKET, SO.LINGER, 1));
  },
};
