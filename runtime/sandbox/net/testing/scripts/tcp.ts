/** Scripts: TCP. @module */
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPV6,
  MSG_PEEK,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../../abi/linux/socket.ts";
import { connected, ipOf, listener, LO, portOf, type Script, unusedPort } from "./script.ts";

/** By what they are about. */
export const TCP_SCRIPTS: Readonly<Record<string, Script>> = {
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
};
