/** Limits of a container that runImage() runs. @module */
import assert from "node:assert/strict";
import type { RunOptions } from "../../runtime/engine/options.ts";
import { createPod, type SharedNamespace } from "../../runtime/engine/pod.ts";
import { runImage } from "../../runtime/engine/run_image.ts";
import { repositoryFile } from "../support/umiak.ts";
import { caught, PROBE } from "./support.ts";

const MIB = 2 ** 20;

Deno.test("memory: a file in memory counts beside the program's own; going over kills it (config-linux.md#memory)", async () => {
  const args = ["put", "/file", "x".repeat(MIB)]; // the program has its arguments in memory, and then the file has them
  assert.equal(await runImage({ image: PROBE, args, memory: 2 * MIB }, caught()), 137);
  assert.equal(await runImage({ image: PROBE, args, memory: 4 * MIB }, caught()), 0);
});

Deno.test("pidsLimit: a fork beyond it is EAGAIN (config-linux.md#pids)", async () => {
  const image = repositoryFile("tests/wasix/processes.wasm"), streams = caught();
  assert.notEqual(await runImage({ image, pidsLimit: 1 }, streams), 0);
  assert.match(streams.output() + streams.errors(), /fork: errno 6/); // WASI's EAGAIN
  for (const pidsLimit of [50, -1, 0]) assert.equal(await runImage({ image, pidsLimit }, caught()), 0);
});

Deno.test("cpus: a busy program has its share of a second, and can be ended alone", async () => {
  const streams = caught();
  const code = await runImage({ image: PROBE, args: ["spin"], cpus: 0.2, timeout: 300 }, streams);
  assert.equal(code, 137);
});

Deno.test("timeout: 30 days are longer than setTimeout() takes, and are not over at once", async () => {
  const timeout = 30 * 86_400_000;
  for (const interruptible of [false, true]) {
    const options = { image: PROBE, args: ["sleep", "50"], timeout, interruptible };
    assert.equal(await runImage(options, caught()), 0);
  }
});

Deno.test("numbers that cannot be are errors that say which", async () => {
  const pod = await createPod();
  const wrong: readonly [Partial<RunOptions>, RegExp][] = [
    [{ memory: -5 }, /^memory: -5 is not a number of bytes$/],
    [{ pidsLimit: 1.5 }, /^pidsLimit: 1\.5 is not a number of processes$/],
    [{ cpus: NaN }, /^cpus: NaN is not 0\.01 processors or more$/],
    [{ timeout: -1 }, /^timeout: -1 is not a number of milliseconds$/],
    [{ stopSignal: 65 }, /^stopSignal: 65 is not a signal$/],
  ];
  try {
    for (const [options, message] of wrong) {
      for (const run of [runImage, pod.run]) {
        await assert.rejects(run({ image: PROBE, args: ["exit", "0"], ...options }, caught()), { message });
      }
    }
    const share = ["mnt" as SharedNamespace];
    await assert.rejects(createPod({ share }), { message: /^share: "mnt" is no namespace/ });
  } finally {
    await pod.close();
  }
});
