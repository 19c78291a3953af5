/** Our line discipline beside Linux's: the same keys give the same echo and the same input (man 3 termios). @module */
import assert from "node:assert/strict";
import { repositoryFile } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { play, type Step } from "./play.ts";
import { scenarioOf } from "./scenarios.ts";

/** Plays scenarios on a pty of the host's kernel; `pause`: seconds of silence after which an answer is whole. */
async function onLinux(scenarios: readonly (readonly Step[])[], pause: number): Promise<unknown[]> {
  const child = new Deno.Command("python3", {
    args: [repositoryFile("tests/tty/linux_pty.py"), String(pause)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = scenarios.map((each) => `${JSON.stringify(each)}\n`).join("");
  const written = writer.write(new TextEncoder().encode(lines)).then(() => writer.close());
  const { stdout, success } = await child.output();
  await written;
  assert.ok(success);
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line) as unknown);
}

const NEEDS = { tools: ["python3"], os: ["linux"] } as const;

testWhen(NEEDS, "the line discipline gives what Linux's gives, for 120 random scenarios", async () => {
  const scenarios = Array.from(
    { length: Number(Deno.env.get("N") ?? 120) },
    (_, seed) => scenarioOf(seed + 1),
  );
  const linux = await onLinux(scenarios, 0.003);
  for (const [i, scenario] of scenarios.entries()) {
    const ours = play(scenario);
    let theirs = linux[i];
    // A busy machine may answer late: then it is asked again, with more patience.
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) theirs = (await onLinux([scenario], 0.05))[0];
    for (const [at, step] of scenario.entries()) {
      const message = `scenario ${i + 1}, step ${at}: ${JSON.stringify(step)} after ${
        JSON.stringify(scenario.slice(0, at))
      }`;
      assert.deepEqual(ours[at], (theirs as unknown[])[at], message);
    }
  }
});
