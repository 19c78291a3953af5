/** Limits of a container that runImage() runs. @module */
import assert from "node:assert/strict";
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
