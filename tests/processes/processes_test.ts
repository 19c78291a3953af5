/**
 * Processes against the real kernel: random scripts of fork, exit, kill, wait, process groups, sessions, dispositions, masks and user ids, done by
 * Linux in a pid namespace and by ours; every result must be the same. UMIAK_SCRIPTS says how many, UMIAK_SEED which is the first.
 * @module
 */
import assert from "node:assert/strict";
import { SIGNAL } from "../../runtime/abi/linux/signal.ts";
import { random } from "../support/random.ts";
import { testWhen } from "../support/when.ts";
import { Model } from "./model.ts";

const NEEDS = { root: true, os: ["linux"] as const, tools: ["unshare", "gcc"] };
const STEPS = 120;
const { SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGSTOP, SIGTERM, SIGTSTP, SIGTTIN, SIGUSR1 } = SIGNAL;
const SIGNALS = [SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, 40];

interface Step {
  readonly actor: number;
  readonly command: string;
  readonly args: readonly number[];
}

/** Chooses the next step: commands that change much are rarer. */
function choose(model: Model, below: (n: number) => number): Step {
  const ready = model.actors.flatMap((_, i) => model.isReady(i) ? [i] : []);
  const actor = ready[below(ready.length)]!;
  const of = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const pid = (): number => below(8) === 0 ? 0 : model.actors[below(model.actors.length)]!.pid;
  const step = (command: string, ...args: number[]): Step => ({ actor, command, args });
  switch (below(20)) {
    case 0:
    case 1:
    case 2:
      return model.actors.length < 60 ? step("fork", model.actors.length) : step("getppid");
    case 3:
      return actor === 0 ? step("wait", -1, 0) : step("exit", below(256));
    case 4:
    case 5:
    case 6:
      return step("kill", of([pid, pid, pid, () => -pid(), () => 0, () => -pid()])(), of(SIGNALS));
    case 7:
      return step("kill", pid(), of([SIGKILL, SIGCONT, 0, 65]));
    case 8:
    case 9:
      return step("setpgid", pid(), of([pid, () => 0, () => 0, () => -1])());
    case 10:
      return step("setsid");
    case 11:
      return of([step("getpgid", pid()), step("getsid", pid()), step("getppid")]);
    case 12:
    case 13:
    case 14:
      return step("wait", of([pid, () => -1, () => -1, () => 0, () => -pid()])(), of([0, 2, 8, 10, 4096]));
    case 15: {
      const signal = of([...SIGNALS, SIGKILL, 65]), how = below(6);
      // Who wants no zombies and dies together with its children leaves some or none, as it happens: only the init may.
      return signal === SIGCHLD && (how === 1 || how === 4) && actor !== 0
        ? step("caught")
        : step("action", signal, how);
    }
    case 16:
      return step("mask", ...SIGNALS.filter(() => below(4) === 0));
    case 17:
      return of([step("pending"), step("caught")]);
    case 18:
      return below(3) === 0
        ? step("setresuid", of([-1, 0, 1, 2]), of([-1, 0, 1, 2]), of([-1, 0, 1, 2]))
        : step("caught");
  }
  return of([step("subreaper", below(2)), step("pdeath", of([0, SIGTERM, SIGUSR1, 65]))]);
}

/** A script, and what our kernel answers. */
function script(seed: number): { readonly steps: readonly Step[]; readonly results: readonly string[] } {
  const below = random(seed);
  const model = new Model();
  const steps: Step[] = [{ actor: 0, command: "setsid", args: [] }];
  const results = [model.run(0, "setsid", [])];
  while (steps.length < STEPS) {
    const step = choose(model, below);
    steps.push(step);
    results.push(model.run(step.actor, step.command, step.args));
  }
  return { steps, results };
}

const text = ({ actor, command, args }: Step): string => [actor, command, ...args].join(" ");

async function onLinux(driver: string, steps: readonly Step[]): Promise<string[]> {
  const child = new Deno.Command("unshare", {
    args: ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", driver],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(steps.map((step) => `${text(step)}\n`).join("")));
  await writer.close();
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout).split("\n").slice(0, -1);
}

testWhen(NEEDS, "random scripts of processes have the same results on Linux", async () => {
  const scratch = await Deno.makeTempDir();
  try {
    const driver = `${scratch}/actors`;
    const source = new URL("actors.c", import.meta.url).pathname;
    const built = await new Deno.Command("gcc", { args: ["-O1", "-o", driver, source] }).output();
    assert.ok(built.success, new TextDecoder().decode(built.stderr));
    const first = Number(Deno.env.get("UMIAK_SEED") ?? 1);
    for (let seed = first; seed < first + Number(Deno.env.get("UMIAK_SCRIPTS") ?? 25); seed++) {
      const { steps, results } = script(seed);
      let failure: string | undefined;
      // Which of two signals ends a process first can be Linux's own choice: once of three times must be as here.
      for (let tries = 0; tries < 3; tries++) {
        const expected = await onLinux(driver, steps);
        const at = results.findIndex((result, i) => result !== expected[i]);
        const shown = steps.slice(0, at + 1).map((step, i) => `${text(step)} -> ${expected[i]}`).join("\n");
        failure = at < 0 ? undefined : `seed ${seed}: step ${at} gives ${results[at]} here\n${shown}`;
        if (failure === undefined) break;
      }
      assert.equal(failure, undefined, failure);
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
});

Deno.test("whatever processes do, when the init of their namespace ends nothing is left of them", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const below = random(seed);
    const model = new Model();
    for (let i = 0; i < STEPS; i++) {
      const { actor, command, args } = choose(model, below);
      model.run(actor, command, args);
    }
    const { kernel } = model;
    const [init] = model.actors;
    init!.exit(0);
    model.run(0, "getppid", []);
    model.outside.exit(0);
    assert.deepEqual([...kernel.tasks()].map((task) => task.pid), [], `seed ${seed}`);
    assert.deepEqual([...kernel.initial.pid.pids.keys()], [1], `seed ${seed}: numbers in use`);
    assert.equal(kernel.swapper.children.size, 0);
  }
});
