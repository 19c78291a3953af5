/** Calls that wait: who wakes them, when they give up, and what ends them. @module */
import assert from "node:assert/strict";
import {
  AF_INET,
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_WAITALL,
  SO,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../abi/linux/socket.ts";
import { Kernel } from "../../kernel/kernel.ts";
import type { Task } from "../../kernel/task.ts";
import type { InetAddress } from "../address.ts";
import { LOOPBACK4 } from "../ip.ts";
import * as calls from "./mod.ts";

const at = (port: number): InetAddress => ({ family: AF_INET, ip: LOOPBACK4, port });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const portOf = (task: Task, fd: number): number => (calls.getsockname(task, fd) as InetAddress).port;

function listener(task: Task, backlog = 5): readonly [number, number] {
  const fd = calls.socket(task, AF_INET, SOCK_STREAM, 0);
  calls.bind(task, fd, at(0));
  calls.listen(task, fd, backlog);
  return [fd, portOf(task, fd)];
}
function connected(task: Task): readonly [client: number, server: number] {
  const [l, port] = listener(task);
  const client = calls.socket(task, AF_INET, SOCK_STREAM, 0);
  assert.equal(calls.connect(task, client, at(port)), 0); // a connection to a listener here need not wait
  const accepted = calls.accept(task, l, 0);
  assert.ok(typeof accepted !== "number");
  task.files.close(l);
  return [client, accepted.fd];
}

Deno.test("waitAccept: woken by a connect of another task", async () => {
  const kernel = new Kernel(), server = kernel.spawn(), client = kernel.spawn();
  const [l, port] = listener(server);
  assert.equal(calls.accept(server, l, 0), -11);
  const accepting = calls.waitAccept(server, l, 0);
  const fd = calls.socket(client, AF_INET, SOCK_STREAM, 0);
  assert.equal(calls.connect(client, fd, at(port)), 0);
  const accepted = await accepting;
  assert.ok(typeof accepted !== "number");
  assert.deepEqual(accepted.peer, calls.getsockname(client, fd));
});

Deno.test("waitSend: a stream's bytes are sent to the last, as the receiver takes them", async () => {
  const task = new Kernel().spawn();
  const [a, b] = connected(task);
  const data = new Uint8Array(1_000_000).map((_, i) => i * 31);
  const sending = calls.waitSend(task, a, data, 0, data.length, 0);
  const got = new Uint8Array(data.length);
  for (let n = 0; n < data.length;) {
    const some = calls.recv(task, b, got, n, got.length - n, 0);
    if (some === -11) {
      const more = await calls.waitRecv(task, b, got, n, got.length - n, 0);
      assert.ok(more > 0);
      n += more;
    } else n += some;
  }
  assert.equal(await sending, data.length);
  assert.deepEqual(got, data);
});

Deno.test("waitSend: EPIPE and SIGPIPE when the other end goes away in the middle", async () => {
  const task = new Kernel().spawn();
  const [a, b] = calls.socketpair(task, AF_UNIX, SOCK_STREAM, 0) as [number, number];
  const big = new Uint8Array(10_000_000);
  const sending = calls.waitSend(task, a, big, 0, big.length, MSG_NOSIGNAL);
  await Promise.resolve();
  task.files.close(b);
  assert.equal(await sending, 212_992); // what had been taken
  assert.equal(calls.send(task, a, big, 0, 1, MSG_NOSIGNAL), -32);
  assert.equal(task.dying, false);
  calls.send(task, a, big, 0, 1, 0);
  assert.equal(task.dying || task.exitStatus !== null, true);
});

Deno.test("SO_RCVTIMEO and SO_SNDTIMEO end a wait with EAGAIN, that of connect with EINPROGRESS", async () => {
  const task = new Kernel().spawn();
  const [l, port] = listener(task, 0);
  const fd = calls.socket(task, AF_INET, SOCK_DGRAM, 0);
  const set = (s: number, name: number): number =>
    calls.setsockopt(task, s, SOL_SOCKET, name, Int32Array.of(0, 2000));
  assert.equal(set(fd, SO.RCVTIMEO), 0);
  assert.equal(await calls.waitRecv(task, fd, new Uint8Array(1), 0, 1, 0), -11);
  set(l, SO.RCVTIMEO);
  assert.equal(await calls.waitAccept(task, l, 0), -11);
  const first = calls.socket(task, AF_INET, SOCK_STREAM, 0),
    second = calls.socket(task, AF_INET, SOCK_STREAM, 0);
  assert.equal(calls.connect(task, first, at(port)), 0);
  assert.equal(calls.connect(task, second, at(port)), -115); // the queue is full
  set(second, SO.SNDTIMEO);
  assert.equal(await calls.waitConnect(task, second, at(port)), -115);
  // Room in the queue lets it in.
  const waiting = calls.waitConnect(task, second, at(port));
  assert.ok(typeof calls.accept(task, l, 0) !== "number");
  assert.equal(await waiting, 0);
  const third = calls.socket(task, AF_INET, SOCK_STREAM, 0);
  assert.equal(calls.connect(task, third, at(port)), -115);
  const refused = calls.waitConnect(task, third, at(port));
  task.files.close(l);
  assert.equal(await refused, -111);
  task.files.closeAll();
});

Deno.test("a unix connect waits for room in the listener's queue", async () => {
  const task = new Kernel().spawn();
  const l = calls.socket(task, AF_UNIX, SOCK_STREAM, 0), name = { family: AF_UNIX, path: "\0queue" } as const;
  calls.bind(task, l, name);
  calls.listen(task, l, 0);
  const [a, b] = [0, 1].map(() => calls.socket(task, AF_UNIX, SOCK_STREAM, 0)) as [number, number];
  assert.equal(calls.connect(task, a, name), 0);
  assert.equal(calls.connect(task, b, name), -11);
  const waiting = calls.waitConnect(task, b, name);
  assert.ok(typeof calls.accept(task, l, 0) !== "number");
  assert.equal(await waiting, 0);
});

Deno.test("a full unix datagram receiver makes its senders wait", async () => {
  const task = new Kernel().spawn();
  const [a, b] = calls.socketpair(task, AF_UNIX, SOCK_DGRAM, 0) as [number, number];
  let n = 0;
  while (calls.send(task, a, bytes("x"), 0, 1, 0) === 1) n++;
  assert.equal(n, 11);
  const waiting = calls.waitSend(task, a, bytes("y"), 0, 1, 0);
  assert.equal(calls.recv(task, b, new Uint8Array(1), 0, 1, 0), 1);
  assert.equal(await waiting, 1);
});

Deno.test("a signal ends a wait; a close of the descriptor does not pull the socket away", async () => {
  const kernel = new Kernel(), task = kernel.spawn(), other = kernel.spawn();
  const [a, b] = connected(task);
  const waiting = calls.waitRecv(task, a, new Uint8Array(1), 0, 1, 0);
  task.files.close(a);
  calls.send(task, b, bytes("x"), 0, 1, 0);
  assert.equal(await waiting, 1);
  const fd = calls.socket(other, AF_INET, SOCK_DGRAM, 0);
  const ended = calls.waitRecv(other, fd, new Uint8Array(1), 0, 1, 0);
  other.exit(0);
  assert.equal(await ended, -4);
});

Deno.test("what is asked not to wait does not", () => {
  const task = new Kernel().spawn();
  const fd = calls.socket(task, AF_INET, SOCK_DGRAM, 0),
    other = calls.socket(task, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const file = calls.socketOf(task, fd), nonblocking = calls.socketOf(task, other);
  assert.ok(typeof file !== "number" && typeof nonblocking !== "number");
  assert.deepEqual([calls.waits(file, 0), calls.waits(file, MSG_DONTWAIT), calls.waits(nonblocking, 0)], [
    true,
    false,
    false,
  ]);
});

Deno.test("a hostile sender cannot make a receiver hold more than its buffers", () => {
  const task = new Kernel().spawn();
  const u = calls.socket(task, AF_INET, SOCK_DGRAM, 0), s = calls.socket(task, AF_INET, SOCK_DGRAM, 0);
  calls.bind(task, u, at(0));
  const to = at(portOf(task, u));
  for (let i = 0; i < 100_000; i++) assert.equal(calls.send(task, s, new Uint8Array(0), 0, 0, 0, to), 0);
  let kept = 0;
  while (calls.recv(task, u, new Uint8Array(1), 0, 1, MSG_DONTWAIT) >= 0) kept++;
  assert.ok(kept > 100 && kept < 400, String(kept));
  // Connections nobody accepts: the backlog, and no more.
  const [l, port] = listener(task, 1_000_000);
  const net = task.nsproxy.net;
  let open = 0;
  task.files.limit = 20_000;
  for (let i = 0; i < 6000; i++) {
    const fd = calls.socket(task, AF_INET, SOCK_STREAM, 0);
    if (calls.connect(task, fd, at(port)) === 0) open++;
  }
  assert.equal(open, net.sysctls.somaxconn + 1);
  task.files.close(l);
  task.files.closeAll();
  assert.equal(net.sockets.size, 0);
});

Deno.test("MSG_WAITALL waits for more than the buffers hold; a socket that does not block takes what is there", async () => {
  const task = new Kernel().spawn();
  for (
    const make of [
      connected,
      (t: Task) => calls.socketpair(t, AF_UNIX, SOCK_STREAM, 0) as readonly [number, number],
    ]
  ) {
    const [a, b] = make(task);
    const data = new Uint8Array(700_000).map((_, i) => i * 17), got = new Uint8Array(data.length);
    assert.equal(calls.recv(task, b, got, 0, got.length, MSG_WAITALL), -11);
    const receiving = calls.waitRecv(task, b, got, 0, got.length, MSG_WAITALL);
    assert.equal(await calls.waitSend(task, a, data, 0, data.length, 0), data.length);
    assert.equal(await receiving, data.length);
    assert.deepEqual(got, data);
    calls.send(task, a, bytes("abc"), 0, 3, 0);
    assert.equal(calls.recv(task, b, got, 0, 10, MSG_WAITALL | MSG_DONTWAIT), 3);
    const short = calls.waitRecv(task, b, got, 0, 10, MSG_WAITALL);
    calls.send(task, a, bytes("end"), 0, 3, 0);
    task.files.close(a);
    assert.equal(await short, 3);
  }
});
