/** The scripts of scripts_test.ts: sequences of calls whose results are noted. @module */
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV6,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP,
} from "../../../abi/linux/socket.ts";
import type { ScriptAddress, ScriptSockets } from "./sockets.ts";

/** A script. */
export type Script = (s: ScriptSockets, note: (result: unknown) => void) => void;

const LO = "127.0.0.1";
/** A port that nobody listens on: found by binding and closing. */
function unusedPort(s: ScriptSockets, type = SOCK_STREAM): number {
  const fd = s.socket(AF_INET, type);
  s.bind(fd, [LO, 0]);
  const port = portOf(s, fd);
  s.close(fd);
  return port;
}
function portOf(s: ScriptSockets, fd: number): number {
  const name = s.getsockname(fd);
  return Array.isArray(name) ? name[1] as number : -1;
}
function listener(s: ScriptSockets, backlog = 5): readonly [fd: number, port: number] {
  const fd = s.socket(AF_INET, SOCK_STREAM);
  s.bind(fd, [LO, 0]);
  s.listen(fd, backlog);
  return [fd, portOf(s, fd)];
}
/** Client, server, and the listener they met at. */
function connected(
  s: ScriptSockets,
): readonly [client: number, server: number, listener: number, port: number] {
  const [l, port] = listener(s);
  const client = s.socket(AF_INET, SOCK_STREAM);
  s.connect(client, [LO, port]);
  return [client, s.accept(l), l, port];
}
/** An address without its port, which differs from run to run. */
const ipOf = (name: ScriptAddress | number): unknown => Array.isArray(name) ? [name[0], name[1] > 0] : name;

const UNIX_NAME = `@umiak-script-${crypto.randomUUID()}`;

/** By what they are about. */
export const SCRIPTS: Readonly<Record<string, Script>> = {
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
  "a fresh TCP socket"(s, note) {
    const fd = s.socket(AF_INET, SOCK_STREAM);
    note(s.poll(fd));
    note(s.recv(fd, 10));
    note(s.send(fd, "x"));
    note(s.getpeername(fd));
    note(s.getsockname(fd));
    note(s.accept(fd));
    note(s.shutdown(fd, SHUT_RDWR));
    note(s.shutdown(fd, 7));
    note(s.getsockopt(fd, SOL_SOCKET, SO.ERROR));
    note(s.fionread(fd));
    note(s.poll(fd));
    note(s.recv(fd, 0));
  },
  "a fresh UDP socket"(s, note) {
    const fd = s.socket(AF_INET, SOCK_DGRAM);
    note(s.poll(fd));
    note(s.recv(fd, 10));
    note(s.send(fd, "x"));
    note(s.getpeername(fd));
    note(ipOf(s.getsockname(fd)));
    note(s.accept(fd));
    note(s.listen(fd, 1));
    note(s.shutdown(fd, SHUT_RD));
    note(s.poll(fd));
    note(s.recv(fd, 10));
    note(s.fionread(fd));
    note(s.shutdown(fd, SHUT_WR));
    note(s.send(fd, "x", 0, [LO, 9]));
    note(s.poll(fd));
  },
  "fresh unix sockets"(s, note) {
    for (const type of [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET]) {
      const fd = s.socket(AF_UNIX, type);
      note(s.poll(fd));
      note(s.recv(fd, 10));
      note(s.send(fd, "x"));
      note(s.send(fd, "x", 0, "@nobody-there"));
      note(s.getpeername(fd));
      note(s.getsockname(fd));
      note(s.accept(fd));
      note(s.listen(fd, 1));
      note(s.connect(fd, "@nobody-there"));
      note(s.connect(fd, "/nobody/there"));
      note(s.connect(fd, "/"));
      note(s.fionread(fd));
      note(s.shutdown(fd, SHUT_RD));
      note(s.poll(fd));
      note(s.recv(fd, 10));
      note(s.shutdown(fd, SHUT_WR));
      note(s.poll(fd));
      note(s.send(fd, "x"));
      note(s.shutdown(fd, 3));
    }
  },
  "bind: addresses that cannot be"(s, note) {
    for (const [family, type] of [[AF_INET, SOCK_STREAM], [AF_INET, SOCK_DGRAM]] as const) {
      const fd = s.socket(family, type);
      note(s.bind(fd, ["192.0.2.1", 0]));
      note(s.bind(fd, ["::1", 0]));
      note(s.bind(fd, [LO, 0]));
      note(s.bind(fd, [LO, 0]));
      note(ipOf(s.getsockname(fd)));
      const any = s.socket(family, type);
      note(s.bind(any, null));
      note(ipOf(s.getsockname(any)));
      const all = s.socket(family, type);
      note(s.bind(all, ["127.255.3.4", 0]));
      note(ipOf(s.getsockname(all)));
    }
    const six = s.socket(AF_INET6, SOCK_STREAM);
    note(s.bind(six, [LO, 0]));
    note(s.bind(six, ["2001:db8::1", 0]));
  },
  "bind: who shares a port"(s, note) {
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      for (const [reuseA, reuseB] of [[0, 0], [1, 0], [0, 1], [1, 1]] as const) {
        for (const option of [SO.REUSEADDR, SO.REUSEPORT]) {
          for (const second of [LO, "127.0.0.2", "0.0.0.0"]) {
            const a = s.socket(AF_INET, type), b = s.socket(AF_INET, type);
            s.setsockopt(a, SOL_SOCKET, option, reuseA);
            s.setsockopt(b, SOL_SOCKET, option, reuseB);
            s.bind(a, [LO, 0]);
            const port = portOf(s, a);
            note([type, reuseA, reuseB, option, second, s.bind(b, [second, port])]);
            if (type === SOCK_STREAM) note([s.listen(a, 1), s.listen(b, 1)]);
            const c = s.socket(AF_INET, type);
            s.setsockopt(c, SOL_SOCKET, option, 1);
            note(s.bind(c, ["0.0.0.0", port]));
            for (const fd of [a, b, c]) s.close(fd);
          }
        }
      }
    }
  },
  "bind: IPv4 and IPv6 on one port"(s, note) {
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      for (const v6only of [0, 1]) {
        for (
          const [six, four] of [["::", "0.0.0.0"], ["::1", "0.0.0.0"], ["::", LO], ["::ffff:127.0.0.1", LO]]
        ) {
          const a = s.socket(AF_INET6, type), b = s.socket(AF_INET, type);
          note(s.setsockopt(a, IPPROTO_IPV6, IPV6.V6ONLY, v6only));
          note(s.bind(a, [six!, 0]));
          note(s.bind(b, [four!, portOf(s, a)]));
          note(s.setsockopt(a, IPPROTO_IPV6, IPV6.V6ONLY, 1));
          s.close(a);
          s.close(b);
        }
      }
    }
  },
  "connect: nobody listens"(s, note) {
    const fd = s.socket(AF_INET, SOCK_STREAM), port = unusedPort(s);
    note(s.connect(fd, [LO, port]));
    note(s.poll(fd));
    note(s.getsockopt(fd, SOL_SOCKET, SO.ERROR));
    note(s.poll(fd));
    note(s.connect(fd, [LO, port]));
    note(s.connect(fd, [LO, port]));
    note(s.connect(fd, [LO, port]));
    note(s.recv(fd, 1));
    note(s.send(fd, "x"));
    note(s.recv(fd, 1));
    note(s.connect(fd, ["::1", port]));
    note(s.connect(fd, null));
    note(s.connect(fd, [LO, 0]));
    note(s.connect(fd, [LO, 0]));
  },
  "connect: in progress, done, connected"(s, note) {
    const [l, port] = listener(s);
    note(s.poll(l));
    const fd = s.socket(AF_INET, SOCK_STREAM);
    note(s.connect(fd, [LO, port]));
    note(s.poll(fd));
    note(s.poll(l));
    note(s.getsockopt(fd, SOL_SOCKET, SO.ERROR));
    note(s.connect(fd, [LO, port]));
    note(s.connect(fd, [LO, port]));
    note(ipOf(s.getpeername(fd)));
    note(s.listen(fd, 1));
    note(s.bind(fd, [LO, 0]));
    note(s.send(fd, "early"));
    const server = s.accept(l);
    note(s.recv(server, 10));
    note(s.accept(l));
    note(s.connect(l, [LO, port]));
    note(s.recv(l, 1));
    note(s.send(l, "x"));
    note(ipOf(s.getpeername(server)));
    note(s.getsockopt(l, SOL_SOCKET, SO.ACCEPTCONN));
    note(s.getsockopt(fd, SOL_SOCKET, SO.ACCEPTCONN));
    note(s.fionread(l));
    note(s.connect(fd, null));
    note(s.poll(fd));
    note(s.recv(server, 1));
    note(s.recv(server, 1));
    note(s.connect(fd, [LO, port]));
    note(s.connect(fd, [LO, port]));
  },
  "listen: the queue is full"(s, note) {
    const [, port] = listener(s, 1);
    const clients = [0, 1, 2].map(() => s.socket(AF_INET, SOCK_STREAM));
    for (const fd of clients) s.connect(fd, [LO, port]);
    for (const fd of clients) note(s.poll(fd));
    note(s.connect(clients[2]!, [LO, port]));
    note(s.recv(clients[2]!, 1));
    note(s.send(clients[2]!, "x"));
    note(s.getpeername(clients[2]!));
  },
  "listen: again, elsewhere, after shutdown"(s, note) {
    const [l, port] = listener(s);
    note(s.listen(l, 10));
    const b = s.socket(AF_INET, SOCK_STREAM);
    note(s.bind(b, [LO, port]));
    note(s.setsockopt(b, SOL_SOCKET, SO.REUSEADDR, 1));
    note(s.bind(b, [LO, port]));
    const fresh = s.socket(AF_INET, SOCK_STREAM);
    note(s.listen(fresh, 0));
    note(ipOf(s.getsockname(fresh)));
    note(s.shutdown(l, SHUT_WR));
    note(s.accept(l));
    note(s.shutdown(l, SHUT_RD));
    note(s.accept(l));
    note(s.poll(l));
    note(s.listen(l, 1));
    note(s.accept(l));
  },
  "a listener closes on its queue"(s, note) {
    const [l, port] = listener(s);
    const client = s.socket(AF_INET, SOCK_STREAM);
    s.connect(client, [LO, port]);
    s.connect(client, [LO, port]);
    s.close(l);
    note(s.poll(client));
    note(s.recv(client, 1));
    note(s.recv(client, 1));
    note(s.send(client, "x"));
    note(s.poll(client));
  },
  "a server's port while a connection lives"(s, note) {
    const [client, server, l, port] = connected(s);
    s.close(l);
    const again = s.socket(AF_INET, SOCK_STREAM);
    note(s.bind(again, [LO, port]));
    s.setsockopt(again, SOL_SOCKET, SO.REUSEADDR, 1);
    note(s.bind(again, [LO, port]));
    s.setsockopt(server, SOL_SOCKET, SO.REUSEADDR, 1);
    note(s.bind(again, [LO, port]));
    note(s.send(client, "hi"));
    note(s.recv(server, 5));
  },
  "a closed end: first a send, then EPIPE"(s, note) {
    const [client, server] = connected(s);
    note(s.send(client, "abc"));
    note(s.recv(server, 10));
    note(s.close(client));
    note(s.poll(server));
    note(s.recv(server, 10));
    note(s.recv(server, 10));
    note(s.send(server, "x"));
    note(s.poll(server));
    note(s.getsockopt(server, SOL_SOCKET, SO.ERROR));
    note(s.send(server, "x"));
    note(s.send(server, "x"));
    note(s.recv(server, 10));
    note(s.getpeername(server));
    note(s.shutdown(server, SHUT_RDWR));
  },
  "a closed end with unread data resets"(s, note) {
    const [client, server] = connected(s);
    s.send(server, "unread");
    s.send(client, "kept");
    note(s.close(client));
    note(s.poll(server));
    note(s.recv(server, 2));
    note(s.recv(server, 10));
    note(s.recv(server, 10));
    note(s.recv(server, 10));
    note(s.send(server, "x"));
    note(s.getpeername(server));
  },
  "a reset and then a send"(s, note) {
    const [client, server] = connected(s);
    s.send(server, "unread");
    s.close(client);
    note(s.send(server, "x"));
    note(s.send(server, "x"));
    note(s.recv(server, 1));
  },
  "linger of 0 resets"(s, note) {
    const [client, server] = connected(s);
    note(s.setsockopt(client, SOL_SOCKET, SO.LINGER, 1, 0));
    note(s.close(client));
    note(s.recv(server, 10));
    note(s.recv(server, 10));
  },
  "half close, both ways"(s, note) {
    const [client, server] = connected(s);
    note(s.shutdown(client, SHUT_WR));
    note(s.poll(client));
    note(s.poll(server));
    note(s.recv(server, 5));
    note(s.send(client, "x"));
    note(s.send(server, "answer"));
    note(s.recv(client, 10));
    note(s.shutdown(server, SHUT_WR));
    note(s.poll(client));
    note(s.poll(server));
    note(s.recv(client, 10));
    note(s.getpeername(client));
    note(s.getpeername(server));
    note(s.shutdown(client, SHUT_WR));
    note(s.shutdown(server, SHUT_RD));
    note(s.send(server, "x"));
  },
  "shutting the receiving half down"(s, note) {
    const [client, server] = connected(s);
    note(s.shutdown(client, SHUT_RD));
    note(s.poll(client));
    note(s.recv(client, 5));
    note(s.send(server, "still"));
    note(s.recv(client, 10));
    note(s.recv(client, 10));
    note(s.shutdown(client, SHUT_RDWR));
    note(s.send(server, "x"));
    note(s.poll(server));
    note(s.recv(client, 1));
    note(s.send(server, "x"));
  },
  "recv: peek, waitall, trunc, lowat"(s, note) {
    const [client, server] = connected(s);
    s.send(client, "abcdef");
    note(s.recv(server, 3, MSG_PEEK));
    note(s.recv(server, 10, MSG_WAITALL | MSG_PEEK));
    note(s.recv(server, 2, MSG_WAITALL));
    note(s.fionread(server));
    note(s.setsockopt(server, SOL_SOCKET, SO.RCVLOWAT, 10));
    note(s.poll(server));
    note(s.setsockopt(server, SOL_SOCKET, SO.RCVLOWAT, 1));
    note(s.poll(server));
    note(s.recv(server, 10));
    note(s.recv(server, 0));
    note(s.recv(server, 1));
    note(s.send(client, ""));
    note(s.recv(server, 5, 1));
  },
  "TCP over IPv6, and an IPv4 client of an IPv6 listener"(s, note) {
    const l = s.socket(AF_INET6, SOCK_STREAM);
    note(s.bind(l, ["::", 0]));
    note(s.listen(l, 5));
    const port = portOf(s, l);
    const six = s.socket(AF_INET6, SOCK_STREAM), four = s.socket(AF_INET, SOCK_STREAM);
    note(s.connect(six, ["::1", port]));
    const a = s.accept(l);
    note(ipOf(s.getpeername(a)));
    note(ipOf(s.getsockname(a)));
    note(s.connect(four, [LO, port]));
    const b = s.accept(l);
    note(ipOf(s.getpeername(b)));
    note(ipOf(s.getsockname(b)));
    note(ipOf(s.getpeername(four)));
    const mapped = s.socket(AF_INET6, SOCK_STREAM);
    note(s.connect(mapped, ["::ffff:127.0.0.1", port]));
    note(ipOf(s.getsockname(mapped)));
    note(ipOf(s.getpeername(s.accept(l))));
    const any = s.socket(AF_INET6, SOCK_STREAM);
    note(s.connect(any, ["::", port]));
    note(ipOf(s.getpeername(s.accept(l))));
    const only = s.socket(AF_INET6, SOCK_STREAM);
    s.setsockopt(only, IPPROTO_IPV6, IPV6.V6ONLY, 1);
    note(s.connect(only, ["::ffff:127.0.0.1", port]));
    note(s.connect(only, [LO, port]));
  },
  "UDP: datagrams, truncation, names"(s, note) {
    const a = s.socket(AF_INET, SOCK_DGRAM), b = s.socket(AF_INET, SOCK_DGRAM);
    s.bind(a, [LO, 0]);
    const port = portOf(s, a);
    note(s.send(b, "hello", 0, [LO, port]));
    note(ipOf(s.getsockname(b)));
    note(s.poll(a));
    note(s.fionread(a));
    note(s.recv(a, 3, MSG_PEEK));
    note(s.recv(a, 3, MSG_PEEK | MSG_TRUNC));
    note(s.recv(a, 3));
    note(s.recv(a, 3));
    note(s.send(b, "", 0, [LO, port]));
    note(s.poll(a));
    note(s.recv(a, 3));
    note(s.send(b, "x".repeat(65507), 0, [LO, port]));
    note(s.send(b, "x".repeat(65508), 0, [LO, port]));
    note(s.send(b, "x", 0, [LO, 0]));
    note(s.send(b, "x", 0, ["::1", port]));
    note(s.send(b, "x", 0, ["255.255.255.255", port]));
    note(s.connect(b, ["255.255.255.255", port]));
  },
  "UDP: connected"(s, note) {
    const a = s.socket(AF_INET, SOCK_DGRAM), b = s.socket(AF_INET, SOCK_DGRAM);
    s.bind(a, ["0.0.0.0", 0]);
    const port = portOf(s, a);
    note(s.connect(b, [LO, port]));
    note(ipOf(s.getsockname(b)));
    note(ipOf(s.getpeername(b)));
    note(s.send(b, "one"));
    note(s.recv(a, 10));
    const other = s.socket(AF_INET, SOCK_DGRAM);
    note(s.send(other, "not for b", 0, [LO, portOf(s, b)]));
    note(s.recv(b, 10));
    note(s.connect(b, null));
    note(s.getpeername(b));
    note(s.getsockname(b));
    note(s.send(b, "x"));
    const gone = unusedPort(s, SOCK_DGRAM);
    note(s.connect(b, [LO, gone]));
    note(s.send(b, "x"));
    note(s.poll(b));
    note(s.send(b, "x"));
    note(s.send(b, "x"));
    note(s.recv(b, 1));
    note(s.recv(b, 1));
    note(s.send(b, "to another", 0, [LO, port]));
    note(s.recv(a, 20));
    note(s.shutdown(b, SHUT_WR));
    note(s.send(b, "x"));
    note(s.poll(b));
  },
  "UDP over IPv6"(s, note) {
    const a = s.socket(AF_INET6, SOCK_DGRAM),
      b = s.socket(AF_INET6, SOCK_DGRAM),
      c = s.socket(AF_INET, SOCK_DGRAM);
    note(s.bind(a, ["::", 0]));
    const port = portOf(s, a);
    note(s.send(b, "six", 0, ["::1", port]));
    note(s.recv(a, 10));
    note(s.send(b, "mapped", 0, ["::ffff:127.0.0.1", port]));
    note(s.recv(a, 10));
    note(s.send(b, "four", 0, [LO, port]));
    note(s.recv(a, 10));
    note(s.send(c, "plain", 0, [LO, port]));
    note(s.recv(a, 10));
    note(s.send(b, "x", 0, ["::1", 0]));
  },
  "unix stream: a pair and its end"(s, note) {
    const pair = s.pair(SOCK_STREAM);
    if (typeof pair === "number") return note(pair);
    const [a, b] = pair;
    note(s.poll(a));
    note(s.recv(a, 1));
    note(s.send(a, "hello"));
    note(s.recv(b, 2, MSG_PEEK));
    note(s.recv(b, 2));
    note(s.fionread(b));
    note(s.send(a, "x", 0, "@elsewhere"));
    note(s.connect(a, "@elsewhere"));
    note(s.listen(a, 1));
    note(s.getpeername(a));
    note(s.shutdown(a, SHUT_RD));
    note(s.poll(a));
    note(s.poll(b));
    note(s.send(b, "x"));
    note(s.send(a, "y"));
    note(s.recv(b, 10));
    note(s.recv(a, 10));
    note(s.close(b));
    note(s.poll(a));
    note(s.send(a, "x"));
    note(s.recv(a, 10));
    note(s.getpeername(a));
  },
  "unix stream: unread data resets"(s, note) {
    const [a, b] = s.pair(SOCK_STREAM) as [number, number];
    s.send(a, "unread");
    s.send(b, "kept");
    s.close(b);
    note(s.poll(a));
    note(s.recv(a, 2));
    note(s.recv(a, 10));
    note(s.recv(a, 10));
    note(s.recv(a, 10));
    note(s.send(a, "x"));
  },
  "unix stream: names, queue, refusal"(s, note) {
    const l = s.socket(AF_UNIX, SOCK_STREAM);
    note(s.listen(l, 1));
    note(s.bind(l, UNIX_NAME));
    note(s.bind(l, `${UNIX_NAME}-2`));
    note(s.getsockname(l) === UNIX_NAME);
    const other = s.socket(AF_UNIX, SOCK_STREAM);
    note(s.bind(other, UNIX_NAME));
    note(s.connect(other, UNIX_NAME));
    note(s.listen(l, 1));
    note(s.poll(l));
    const clients = [0, 1, 2].map(() => s.socket(AF_UNIX, SOCK_STREAM));
    for (const fd of clients) note(s.connect(fd, UNIX_NAME));
    note(s.poll(l));
    note(s.send(clients[0]!, "early"));
    const server = s.accept(l);
    note(s.recv(server, 10));
    note(s.getsockname(server) === UNIX_NAME);
    note(s.getpeername(server));
    note(s.getpeername(clients[0]!) === UNIX_NAME);
    note(s.connect(clients[2]!, UNIX_NAME));
    note(s.connect(clients[2]!, UNIX_NAME));
    const dgram = s.socket(AF_UNIX, SOCK_DGRAM);
    note(s.connect(dgram, UNIX_NAME));
    note(s.recv(l, 1));
    note(s.send(l, "x"));
    note(s.shutdown(l, SHUT_RD));
    note(s.connect(s.socket(AF_UNIX, SOCK_STREAM), UNIX_NAME));
    s.close(l);
    note(s.poll(clients[1]!));
    note(s.recv(clients[1]!, 1));
    note(s.recv(clients[1]!, 1));
    note(s.send(clients[1]!, "x"));
    note(s.connect(s.socket(AF_UNIX, SOCK_STREAM), UNIX_NAME));
  },
  "unix seqpacket"(s, note) {
    const [a, b] = s.pair(SOCK_SEQPACKET) as [number, number];
    note(s.send(a, "one"));
    note(s.send(a, "two"));
    note(s.send(a, ""));
    note(s.recv(b, 2));
    note(s.recv(b, 10, MSG_PEEK));
    note(s.recv(b, 10));
    note(s.poll(b));
    note(s.recv(b, 10));
    note(s.recv(b, 10));
    note(s.shutdown(a, SHUT_WR));
    note(s.send(a, "x"));
    note(s.recv(b, 10));
    note(s.close(a));
    note(s.send(b, "x"));
    note(s.poll(b));
    note(s.recv(b, 10));
  },
  "unix dgram"(s, note) {
    const a = s.socket(AF_UNIX, SOCK_DGRAM), b = s.socket(AF_UNIX, SOCK_DGRAM);
    note(s.bind(a, UNIX_NAME));
    note(s.send(b, "hi", 0, UNIX_NAME));
    note(s.recv(a, 1));
    note(s.recv(a, 1));
    note(s.connect(b, UNIX_NAME));
    note(s.getpeername(b) === UNIX_NAME);
    for (let i = 0; i < 13; i++) note(s.send(b, `${i}`));
    note(s.poll(b));
    note(s.recv(a, 5));
    note(s.poll(b));
    note(s.send(b, "again"));
    const c = s.socket(AF_UNIX, SOCK_DGRAM);
    note(s.bind(c, `${UNIX_NAME}-c`));
    note(s.connect(a, `${UNIX_NAME}-c`));
    note(s.send(b, "x"));
    note(s.send(b, "x", 0, UNIX_NAME));
    note(s.shutdown(c, SHUT_RD));
    note(s.connect(c, UNIX_NAME));
    note(s.send(a, "x"));
    s.close(a);
    note(s.poll(b));
    note(s.send(b, "x"));
    note(s.send(b, "x"));
    note(s.recv(b, 1));
  },
  "unix dgram pair"(s, note) {
    const [a, b] = s.pair(SOCK_DGRAM) as [number, number];
    note(s.send(a, "one"));
    note(s.recv(b, 10));
    note(s.getpeername(a));
    s.send(a, "lost");
    note(s.connect(b, null));
    note(s.poll(a));
    note(s.recv(a, 1));
    note(s.recv(b, 10));
    s.close(b);
    note(s.send(a, "x"));
    note(s.send(a, "x"));
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
