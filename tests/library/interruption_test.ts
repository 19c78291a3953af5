/** Programs that compute without a pause, ended by whoever has started them, without this process. @module */
import assert from "node:assert/strict";
import { createPod } from "../../runtime/engine/pod.ts";
import { runImage } from "../../runtime/engine/run_image.ts";
import { caught, PROBE } from "./support.ts";

const spin = { image: PROBE, args: ["spin"] };

Deno.test("runImage() with a signal: a busy program ends when that is aborted, by SIGKILL or the signal that was chosen", async () => {
  const aborter = new AbortController();
  const killed = runImage({ ...spin, signal: aborter.signal }, caught());
  setTimeout(() => aborter.abort(), 20);
  assert.equal(await killed, 128 + 9);
  const stopped = runImage({ ...spin, signal: AbortSignal.timeout(20), stopSignal: 15 }, caught());
  assert.equal(await stopped, 128 + 15);
  assert.equal(await runImage({ ...spin, signal: AbortSignal.abort() }, caught()), 128 + 9);
});

Deno.test("runImage() with interruptible: the timeout of a busy program ends it alone, and timers of this process run meanwhile", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  assert.equal(await runImage({ ...spin, interruptible: true, timeout: 100 }, caught()), 137);
  clearInterval(timer);
  assert.ok(ticks > 0);
});

Deno.test("SIGKILL of one busy container of a pod leaves the others as they are", async () => {
  const pod = await createPod();
  try {
    const aborter = new AbortController(), streams = caught();
    const busy = pod.run({ ...spin, signal: aborter.signal }, caught());
    const other = pod.run(spin, caught());
    assert.equal(await pod.run({ image: PROBE, args: ["echo", "served"] }, streams), 0);
    assert.equal(streams.output(), "served\n");
    aborter.abort();
    assert.equal(await busy, 137);
    assert.equal(await pod.run({ image: PROBE, args: ["exit", "3"] }, caught()), 3);
    await pod.close();
    assert.equal(await other, 137);
  } finally {
    await pod.close();
  }
});
