/** Pipes and FIFOs (man 7 pipe, man 7 fifo). @module */
import assert from "node:assert/strict";
import { S_IFIFO } from "../abi/mode.ts";
import { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from "../abi/open.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from "../abi/poll.ts";
import { Files, named, testCaller } from "../testing/mod.ts";
import { TmpfsSuper } from "../tmpfs/mod.ts";
import { makePipe, PIPE_BUF, PIPE_CAPACITY, type PipeFile } from "./pipe.ts";

const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i & 0xff);

Deno.test("what goes in comes out, in order, around the end of the buffer", () => {
  const [reader, writer] = makePipe();
  const sent: number[] = [], got: number[] = [];
  const buf = new Uint8Array(5000);
  for (let round = 0; round < 100; round++) {
    const chunk = bytes(1 + round * 37 % 4000);
    const n = writer.write(chunk, 0, chunk.length);
    assert.equal(n, chunk.length);
    sent.push(...chunk);
    const m = reader.read(buf, 0, 1 + round * 53 % 5000);
    if (m > 0) got.push(...buf.subarray(0, m));
    if (sent.length - got.length > 50_000) {
      for (let k = reader.read(buf, 0, 5000); k > 0; k = reader.read(buf, 0, 5000)) {
        got.push(...buf.subarray(0, k));
      }
    }
  }
  for (let k = reader.read(buf, 0, 5000); k > 0; k = reader.read(buf, 0, 5000)) {
    got.push(...buf.subarray(0, k));
  }
  assert.deepEqual(got, sent);
});

Deno.test("a full pipe takes nothing; up to PIPE_BUF go in as a whole", () => {
  const [reader, writer] = makePipe();
  assert.equal(writer.write(bytes(PIPE_CAPACITY + 10), 0, PIPE_CAPACITY + 10), PIPE_CAPACITY);
  assert.equal(named(writer.write(bytes(1), 0, 1)), "EAGAIN");
  reader.read(new Uint8Array(100), 0, 100);
  assert.equal(named(writer.write(bytes(PIPE_BUF), 0, PIPE_BUF)), "EAGAIN");
  assert.equal(writer.write(bytes(100), 0, 100), 100);
});

Deno.test("end of file after the last writer, EPIPE after the last reader", () => {
  const [reader, writer] = makePipe();
  assert.equal(named(reader.read(new Uint8Array(1), 0, 1)), "EAGAIN");
  writer.write(bytes(3), 0, 3);
  const twin = writer.acquire();
  writer.close();
  assert.equal(reader.poll(), POLLIN);
  twin.close();
  assert.equal(reader.poll(), POLLIN | POLLHUP);
  assert.equal(reader.read(new Uint8Array(10), 0, 10), 3);
  assert.equal(reader.read(new Uint8Array(10), 0, 10), 0);
  const [r2, w2] = makePipe();
  assert.equal(w2.poll(), POLLOUT);
  r2.close();
  assert.equal(named(w2.write(bytes(1), 0, 1)), "EPIPE");
  assert.ok((w2.poll() & POLLERR) !== 0);
});

Deno.test("waiters are told", () => {
  const [reader, writer] = makePipe();
  const woken: number[] = [];
  reader.waitQueue().add({ wake: (events) => woken.push(events) });
  writer.write(bytes(1), 0, 1);
  assert.ok(woken.some((events) => (events & POLLIN) !== 0));
  writer.close();
  assert.ok(woken.some((events) => (events & POLLHUP) !== 0));
});

Deno.test("a FIFO joins whoever opens its name", () => {
  const f = new Files(testCaller(new TmpfsSuper()));
  f.mknod("/fifo", S_IFIFO | 0o600);
  assert.equal(f.opens("/fifo", O_WRONLY | O_NONBLOCK), "ENXIO");
  const reader = f.open("/fifo", O_RDONLY) as PipeFile;
  assert.equal(reader.peerReady(), false);
  const writer = f.open("/fifo", O_WRONLY) as PipeFile;
  assert.ok(reader.peerReady() && writer.peerReady());
  writer.write(bytes(5), 0, 5);
  writer.close();
  const buf = new Uint8Array(8);
  assert.equal(reader.read(buf, 0, 8), 5);
  assert.equal(reader.read(buf, 0, 8), 0);
  reader.close();
  const both = f.open("/fifo", O_RDWR) as PipeFile;
  assert.ok(both.peerReady());
  both.close();
});
