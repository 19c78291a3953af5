/** Scripts: Unix sockets. @module */
import {
  AF_UNIX,
  MSG_PEEK,
  SHUT_RD,
  SHUT_WR,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "../../../../abi/linux/socket.ts";
import type { Script } from "./script.ts";

const UNIX_NAME = `@umiak-script-${crypto.randomUUID()}`;

/** By what they are about. */
export const UNIX_SCRIPTS: Readonly<Record<string, Script>> = {
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
      note(s.connect(fd, "."));
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
};
