/** Processes of the host. @module */
import assert from "node:assert/strict";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { identify, sendSignal, waitForEnd } from "./processes.ts";

const linux = Deno.build.os === "linux";

/** A process that would sleep for long, which ends with the test at the latest. */
async function withSleeper(use: (child: Deno.ChildProcess) => Promise<void>): Promise<void> {
  const child = new Deno.Command("sleep", { args: ["600"], stdin: "null", stdout: "null" }).spawn();
  try {
    await use(child);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await child.status;
  }
}

Deno.test("sendSignal() signals the process that is meant, and says when it has ended", {
  ignore: Deno.build.os === "windows",
}, () =>
  withSleeper(async (child) => {
    const process = identify(child.pid);
    assert.equal(sendSignal(process, SIGNAL.SIGTERM), true);
    assert.equal((await child.status).signal, "SIGTERM");
    assert.equal(await waitForEnd(process, 10_000), true);
    assert.equal(sendSignal(process, SIGNAL.SIGKILL), false);
  }));

Deno.test(
  "sendSignal() leaves another process with the number alone",
  { ignore: !linux },
  () =>
    withSleeper(async (child) => {
      const { pid, startTime } = identify(child.pid);
      assert.equal(sendSignal({ pid, startTime: `${startTime}0` }, SIGNAL.SIGKILL), false);
      assert.equal(sendSignal({ pid, startTime }, SIGNAL.SIGUSR1), true);
      assert.equal((await child.status).signal, "SIGUSR1");
    }),
);

Deno.test(
  "sendSignal() of a number that is no signal is an error",
  { ignore: !linux },
  () =>
    withSleeper((child) => {
      assert.throws(() => sendSignal(identify(child.pid), 4711));
      return Promise.resolve();
    }),
);
