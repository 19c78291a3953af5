/** Our line discipline beside Linux's: the same keys give the same echo and the same input (man 3 termios). @module */
import assert from "node:assert/strict";
import { repositoryFile } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { play, type Step } from "./play.ts";
import { LONG_LINES, scenarioOf } from "./scenarios.ts";

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

/** Compares step by step; what Linux has not answered in time is asked again with more patience. */
async function compare(name: string, scenario: readonly Step[], theirs: unknown): Promise<void> {
  const ours = play(scenario);
  const answers = JSON.stringify(ours) === JSON.stringify(theirs)
    ? theirs
    : (await onLinux([scenario], 0.05))[0];
  for (const [at, step] of scenario.entries()) {
    const before = JSON.stringify(scenario.slice(0, at));
    const message = `${name}, step ${at}: ${JSON.stringify(step)} after ${before}`;
    assert.deepEqual(ours[at], (answers as unknown[])[at], message);
  }
}

/** Random scenarios: UMIAK_FUZZ_SEED and UMIAK_FUZZ_ROUNDS choose others. */
const setting = (name: string, usual: number): number => Number(Deno.env.get(name) ?? usual);

testWhen(
  NEEDS,
  "random keys, attributes, output and reads: the line discipline gives what Linux's gives",
  async () => {
    const first = setting("UMIAK_FUZZ_SEED", 1), rounds = setting("UMIAK_FUZZ_ROUNDS", 40);
    const scenarios = Array.from({ length: rounds }, (_, i) => scenarioOf(first + i));
    const linux = await onLinux(scenarios, 0.003);
    for (const [i, scenario] of scenarios.entries()) await compare(`seed ${first + i}`, scenario, linux[i]);
  },
);

testWhen(
  NEEDS,
  "lines that are too long: what is kept of them, and echoed, is what Linux keeps",
  async () => {
    const linux = await onLinux(LONG_LINES, 0.003);
    for (const [i, scenario] of LONG_LINES.entries()) await compare(`long line ${i}`, scenario, linux[i]);
  },
);
