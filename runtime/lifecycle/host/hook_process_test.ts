/** Hooks as processes of the host. @module */
import assert from "node:assert/strict";
import { testWhen } from "../../../tests/support/when.ts";
import { runHookProcess } from "./hook_process.ts";

const unix = { os: ["linux", "darwin"] as const };
const sh = (script: string, more: { timeout?: number; env?: string[] } = {}) => ({
  path: "/bin/sh",
  args: ["the-name", "-c", script],
  env: [],
  ...more,
});

testWhen(unix, "a hook gets its argv, its environment and nothing else, and the state on stdin", async () => {
  const hook = sh('echo "$0 $A ${HOME-none}"; cat', { env: ["A=b=c", "odd"] });
  const result = await runHookProcess(hook, '{"id":"x"}');
  assert.deepEqual(result, {
    code: 0,
    signal: null,
    timedOut: false,
    output: 'the-name b=c none\n{"id":"x"}',
  });
});

testWhen(unix, "exit codes and signals are told apart; a state that is not read is no failure", async () => {
  const big = "x".repeat(1 << 20);
  assert.deepEqual(await runHookProcess(sh("exit 7"), big), {
    code: 7,
    signal: null,
    timedOut: false,
    output: "",
  });
  assert.deepEqual(await runHookProcess(sh("kill -9 $$"), big), {
    ...{ code: null, signal: "SIGKILL", timedOut: false, output: "" },
  });
});

testWhen(
  unix,
  "a hook is killed when its time is over, and what it has started is not waited for",
  async () => {
    const result = await runHookProcess(sh("sleep 1000 & echo $!; wait", { timeout: 0.2 }), "");
    Deno.kill(Number(result.output), "SIGKILL");
    assert.deepEqual({ ...result, output: "" }, {
      code: null,
      signal: "SIGKILL",
      timedOut: true,
      output: "",
    });
  },
);

testWhen(unix, "a hook that is not there, or not executable, is an error that says so", async () => {
  await assert.rejects(
    runHookProcess({ path: "/no/such", args: [], env: [] }, ""),
    /no such file or directory/,
  );
  await assert.rejects(runHookProcess({ path: "/etc/passwd", args: [], env: [] }, ""), /permission denied/);
});
