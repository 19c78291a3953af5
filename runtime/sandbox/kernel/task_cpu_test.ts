import assert from "node:assert/strict";
import { WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import { KernelClock } from "./clock.ts";
import { Kernel } from "./kernel.ts";
import { child } from "./testing.ts";

/** A clock that stands still until it is moved. */
class ManualClock extends KernelClock {
  override readonly resolutionNs = 1;
  ms = 0;
  override sample(): void {
    this.sec = Math.floor(this.ms / 1000);
    this.nsec = this.ms % 1000 * 1e6;
  }
}

Deno.test("cpuTime() stands still while the task waits, is stopped, or is passed over", async () => {
  const clock = new ManualClock();
  const task = child(new Kernel({ clock }).spawn());
  clock.ms = 5;
  assert.equal(task.cpuTime(), 5);
  const queue = new WaitQueue();
  const waiting = task.block(queue, 1);
  clock.ms = 105;
  assert.equal(task.cpuTime(), 5);
  queue.wake(1);
  await waiting;
  clock.ms = 107;
  assert.equal(task.cpuTime(), 7);
  const turn = Promise.withResolvers<void>();
  const passing = task.pass(turn.promise);
  clock.ms = 200;
  assert.equal(task.cpuTime(), 7);
  turn.resolve();
  await passing;
  task.freeze();
  const attending = task.attend();
  clock.ms = 300;
  assert.equal(task.cpuTime(), 7);
  task.thaw();
  await attending;
  clock.ms = 301;
  assert.equal(task.cpuTime(), 8);
});

Deno.test("cpuTime() of a task that ends while it waits is what it was before", async () => {
  const clock = new ManualClock();
  const task = child(new Kernel({ clock }).spawn());
  clock.ms = 3;
  const waiting = task.block(new WaitQueue(), 1);
  clock.ms = 50;
  task.raise(9);
  await waiting;
  clock.ms = 60;
  task.exit(9);
  assert.equal(task.cpuTime(), 3);
});
