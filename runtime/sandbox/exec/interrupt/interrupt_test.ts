import assert from "node:assert/strict";
import { repositoryFile } from "../../../../tests/support/umiak.ts";
import { GuestKernel } from "../../../../tests/support/guests.ts";
import { signalTask } from "../../kernel/task_kill.ts";
import type { WasmProgram } from "../wasm_program.ts";

/** A module of one function `_start`, assembled by hand: its instructions, without the last `end`. */
function moduleOf(...code: number[]): Uint8Array {
  const body = [0, ...code, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0], // () -> ()
    ...[3, 2, 1, 0],
    ...[5, 3, 1, 0, 1], // a memory of one page
    ...[
      7,
      19,
      2,
      6,
      ...new TextEncoder().encode("memory"),
      2,
      0,
      6,
      ...new TextEncoder().encode("_start"),
      0,
      0,
    ],
    ...[10, body.length + 2, 1, body.length, ...body],
  ]);
}

const SPIN = moduleOf(0x03, 0x40, 0x0c, 0, 0x0b); // loop: br 0
const RECURSE = moduleOf(0x10, 0, 0x10, 0); // call itself twice: 2^depth calls, or a stack overflow
/** Counts in memory for ever. */
const COUNT = moduleOf(0x03, 0x40, 0x41, 0, 0x41, 0, 0x28, 2, 0, 0x41, 1, 0x6a, 0x36, 2, 0, 0x0c, 0, 0x0b);
const TAIL_CALLS = moduleOf(0x12, 0); // return_call itself

const SIGKILL = 9, SIGSTOP = 19, SIGCONT = 18;

Deno.test("SIGKILL of another task ends a busy loop, and endless tail calls, while others go on", async () => {
  await using guests = new GuestKernel({
    files: { "/spin": SPIN, "/tail": TAIL_CALLS },
    interruptible: true,
  });
  const running = await Promise.all([
    guests.start(["/spin"]),
    guests.start(["/tail"]),
    guests.start(["/spin"]),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (const { task, ended } of running) {
    assert.equal(signalTask(guests.init, task, SIGKILL), 0);
    assert.equal((await ended).status, SIGKILL);
  }
});

Deno.test("a recursion ends by the end of its stack, as without interruption", async () => {
  for (const interruptible of [false, true]) {
    await using guests = new GuestKernel({ files: { "/recurse": RECURSE }, interruptible });
    assert.equal((await guests.run(["/recurse"])).status, 11);
    assert.match(guests.traps[0]!, /call stack/);
  }
});

Deno.test("a busy task that is stopped stands still, and goes on when it is continued", async () => {
  await using guests = new GuestKernel({ files: { "/count": COUNT }, interruptible: true });
  const { task, ended } = await guests.start(["/count"]);
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
  const { memory } = (task.program as WasmProgram).process;
  const count = (): number => memory.view.getUint32(0, true);
  while (count() === 0) await turn();
  signalTask(guests.init, task, SIGSTOP);
  await turn();
  const stopped = count();
  for (let i = 0; i < 20; i++) await turn();
  assert.equal(count(), stopped);
  signalTask(guests.init, task, SIGCONT);
  while (count() === stopped) await turn();
  signalTask(guests.init, task, SIGKILL);
  assert.equal((await ended).status, SIGKILL);
});

Deno.test("an interruptible program does what it does otherwise", async () => {
  const files = { "/probe": await Deno.readFile(repositoryFile("tests/guests/probe.wasm")) };
  const results = [];
  for (const interruptible of [false, true]) {
    await using guests = new GuestKernel({ files, interruptible });
    results.push(await guests.run(["/probe", "hello"], ["A=1"]));
  }
  assert.deepEqual(results[0], results[1]);
});

Deno.test("cpu.max holds a busy program back to its share, and others go on (cgroup-v2, CPU)", async () => {
  await using guests = new GuestKernel({ files: { "/spin": SPIN }, interruptible: true });
  const { cgroups } = guests.init.kernel;
  cgroups.root.control("+cpu");
  const group = cgroups.root.mkdir("limited", 0o755, 0, 0);
  assert.ok(typeof group !== "number");
  const { cpu } = group;
  cpu.quota = 5000;
  cpu.period = 20000;
  const { task, ended } = await guests.start(["/spin"]);
  assert.equal(group.attach(task, guests.init.cred), 0);
  while (cpu.throttling.throttled < 5) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.ok(cpu.throttling.time > 0 && cpu.throttling.periods >= 5);
  signalTask(guests.init, task, SIGKILL);
  assert.equal((await ended).status, SIGKILL);
});
