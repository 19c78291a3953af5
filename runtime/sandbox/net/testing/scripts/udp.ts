/** Scripts: UDP. @module */
import {
  AF_INET,
  AF_INET6,
  MSG_PEEK,
  MSG_TRUNC,
  SHUT_RD,
  SHUT_WR,
  SOCK_DGRAM,
} from "../../../../abi/linux/socket.ts";
import { ipOf, LO, portOf, type Script, unusedPort } from "./script.ts";

/** By what they are about. */
export const UDP_SCRIPTS: Readonly<Record<string, Script>> = {
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
};
