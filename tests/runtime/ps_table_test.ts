/** What umiak-runtime prints of processes, beside ps(1). @module */
import assert from "node:assert/strict";
import { psTable } from "../../cli/runtime/ps_table.ts";
import { linesOfPs } from "../../cli/runtime/ps_program.ts";
import { testWhen } from "../support/when.ts";

const LONG = "100000000";

/** Runs `body` with processes that do nothing, each with arguments of its own. */
async function withIdle(args: readonly string[][], body: (pids: number[]) => Promise<void>): Promise<void> {
  const children = args.map((each) =>
    new Deno.Command("sleep", { args: each, stdin: "null", stdout: "null" }).spawn()
  );
  try {
    await body(children.map(({ pid }) => pid));
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map(({ status }) => status));
  }
}

/** One that ps reads at the beginning of another second, minute or day says other things: both say the same soon. */
async function sameLines(pids: readonly number[]): Promise<void> {
  for (let tries = 1;; tries++) {
    const [own, theirs] = [psTable(pids), await linesOfPs(["-ef"], pids)];
    if (own === theirs) return;
    if (tries === 5) assert.equal(own, theirs);
  }
}

testWhen(
  { os: ["linux"], tools: ["ps", "sleep"] },
  "a table of processes is the one of ps -ef",
  () =>
    withIdle([[LONG], [LONG, "0", "0.5"], ["--", LONG]], async (pids) => {
      await sameLines(pids);
      await sameLines([Deno.pid, ...pids]);
    }),
);

testWhen(
  { os: ["linux"], tools: ["ps"] },
  "a table has init, threads of the kernel and their names",
  () => sameLines([1, 2]),
);

testWhen(
  { os: ["linux"], tools: ["ps", "sleep"] },
  "processes that have ended are not in a table",
  () =>
    withIdle([[LONG]], async (pids) => {
      const [header, line, ...more] = psTable([...pids, 2 ** 22]).split("\n");
      assert.match(header!, /^UID +PID +PPID +C STIME TTY +TIME CMD$/);
      assert.match(line!, new RegExp(` ${pids[0]} +${Deno.pid} .*sleep ${LONG}$`));
      assert.deepEqual(more, [""]);
      await Promise.resolve();
    }),
);
