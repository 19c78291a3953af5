/** Memory of sockets: who pays, what happens when there is none, and that all of it is given back. @module */
import assert from "node:assert/strict";
import { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../../abi/linux/socket.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { Task } from "../kernel/task.ts";
import * as calls from "./calls/mod.ts";
import { socketsOf } from "./testing/here.ts";

/** Somebody who pays up to a limit. */
class Payer {
  used = 0;
  constructor(readonly limit: number) {}
  charge(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false;
    this.used += bytes;
    assert.ok(this.used >= 0);
    return true;
  }
}
function paid(task: Task, payer: Payer): void {
  for (const fd of task.files.list()) {
    const socket = calls.socketOf(task, fd);
    assert.ok(typeof socket !== "number");
    socket.memory.payer = payer;
  }
}

for (const [name, family, type] of [["TCP", AF_INET, SOCK_STREAM], ["unix", AF_UNIX, SOCK_STREAM]] as const) {
  Deno.test(`${name}: a stream goes on with little memory, and gives it back`, async () => {
    const task = new Kernel().spawn(), s = socketsOf(task), payer = new Payer(20_000);
    let ends: readonly [number, number];
    if (family === AF_UNIX) ends = calls.socketpair(task, AF_UNIX, type, 0) as [number, number];
    else {
      const l = s.socket(AF_INET, SOCK_STREAM);
      s.bind(l, ["127.0.0.1", 9]);
      s.listen(l, 1);
      const c = s.socket(AF_INET, SOCK_STREAM);
      s.connect(c, ["127.0.0.1", 9]);
      ends = [c, s.accept(l)];
    }
    paid(task, payer);
    const [a, b] = ends,
      data = new Uint8Array(300_000).map((_, i) => i * 3),
      got = new Uint8Array(data.length);
    const first = calls.send(task, a, data, 0, data.length, 0);
    assert.ok(first > 4000 && first <= 20_000, String(first));
    const file = calls.socketOf(task, a);
    assert.ok(typeof file !== "number");
    assert.equal(file.poll() & 4, 0); // no room, and poll says so
    let sent = first, n = 0;
    while (n < got.length) {
      const some = calls.recv(task, b, got, n, got.length - n, 0);
      if (some > 0) n += some;
      const more = calls.send(task, a, data, sent, data.length - sent, 0);
      if (more > 0) sent += more;
      assert.ok(some > 0 || more > 0 || sent === data.length, "nobody gets on");
      await Promise.resolve();
    }
    assert.deepEqual(got, data);
    assert.ok(payer.used > 0);
    calls.send(task, a, data, 0, 1000, 0);
    task.files.closeAll();
    assert.equal(payer.used, 0);
  });
}

Deno.test("messages: ENOBUFS over unix sockets, a lost datagram over UDP; memory is given back when they are read", () => {
  for (const type of [SOCK_DGRAM, SOCK_SEQPACKET]) {
    const task = new Kernel().spawn(), payer = new Payer(40_000);
    const [a, b] = calls.socketpair(task, AF_UNIX, type, 0) as [number, number];
    paid(task, payer);
    const message = new Uint8Array(15_000);
    const results = [0, 1, 2, 3].map(() => calls.send(task, a, message, 0, message.length, 0));
    assert.deepEqual(results, [15_000, 15_000, -105, -105]);
    for (let i = 0; i < 2; i++) assert.equal(calls.recv(task, b, message, 0, message.length, 0), 15_000);
    assert.ok(payer.used <= 16 * 1024, String(payer.used));
    assert.equal(calls.send(task, a, message, 0, message.length, 0), 15_000);
    task.files.closeAll();
    assert.equal(payer.used, 0);
  }
  const task = new Kernel().spawn(), s = socketsOf(task), payer = new Payer(40_000);
  const a = s.socket(AF_INET, SOCK_DGRAM), b = s.socket(AF_INET, SOCK_DGRAM);
  s.bind(a, ["127.0.0.1", 9]);
  paid(task, payer);
  for (let i = 0; i < 5; i++) assert.equal(s.send(b, "x".repeat(15_000), 0, ["127.0.0.1", 9]), 15_000);
  let kept = 0;
  while (typeof s.recv(a, 1) === "string") kept++;
  assert.equal(kept, 2);
  task.files.closeAll();
  assert.equal(payer.used, 0);
});

Deno.test("the control group of who made a socket pays for what it receives", () => {
  const kernel = new Kernel(), task = kernel.spawn();
  const { memory } = kernel.cgroups.of(task);
  const before = memory.files;
  const [a] = calls.socketpair(task, AF_UNIX, SOCK_STREAM, 0) as [number, number];
  calls.send(task, a, new Uint8Array(100_000), 0, 100_000, 0);
  assert.ok(memory.files - before >= 100_000);
  task.files.closeAll();
  assert.equal(memory.files, before);
});
