import assert from "node:assert/strict";
import { EBUSY, EINVAL, EOPNOTSUPP, EPERM } from "../../../fs/abi/errno.ts";
import { MPOL, MPOL_F, SCHED, SCHED_FLAG } from "../../abi/linux/sched.ts";
import type { SchedAttr } from "../../program/types.ts";
import { commitCredentials } from "./commit_cred.ts";
import { Kernel } from "./kernel.ts";
import { ioprioSet, schedSetattr, setMempolicy, setPersonality } from "./scheduling.ts";
import { setresuid } from "./set_ids.ts";
import type { Task } from "./task.ts";
import { clone } from "./task_clone.ts";

const attr = (more: Partial<SchedAttr>): SchedAttr => ({
  ...{ sched_policy: SCHED.SCHED_OTHER, sched_flags: 0, sched_nice: 0, sched_priority: 0 },
  ...{ sched_runtime: 0n, sched_deadline: 0n, sched_period: 0n },
  ...more,
});

function ordinary(): Task {
  const task = new Kernel().spawn();
  const cred = setresuid(task.cred, 1000, 1000, 1000);
  assert.ok(typeof cred !== "number");
  commitCredentials(task, cred);
  return task;
}

Deno.test("sched_setattr(2): ordinary policies keep their nice value, within bounds", () => {
  const task = new Kernel().spawn();
  assert.equal(schedSetattr(task, attr({ sched_policy: SCHED.SCHED_BATCH, sched_nice: 5 })), 0);
  assert.deepEqual([task.scheduling.policy, task.scheduling.nice], [SCHED.SCHED_BATCH, 5]);
  assert.equal(schedSetattr(task, attr({ sched_nice: 100 })), 0);
  assert.equal(task.scheduling.nice, 19);
});

Deno.test("sched_setattr(2): what there is not is EINVAL, clamps of utilization are EOPNOTSUPP", () => {
  const task = new Kernel().spawn();
  assert.equal(schedSetattr(task, attr({ sched_policy: SCHED.SCHED_ISO })), -EINVAL);
  assert.equal(schedSetattr(task, attr({ sched_priority: 1 })), -EINVAL);
  const flags = SCHED_FLAG.SCHED_FLAG_UTIL_CLAMP_MIN;
  assert.equal(schedSetattr(task, attr({ sched_flags: flags })), -EOPNOTSUPP);
});

Deno.test("sched_setattr(2): real-time policies that are sound get EPERM, and a deadline EBUSY: no time can be promised", () => {
  const task = new Kernel().spawn();
  for (const policy of [SCHED.SCHED_FIFO, SCHED.SCHED_RR]) {
    const answers = [0, 1, 99, 100].map((priority) =>
      schedSetattr(task, attr({ sched_policy: policy, sched_priority: priority }))
    );
    assert.deepEqual(answers, [-EINVAL, -EPERM, -EPERM, -EINVAL]);
  }
  const deadline = (who: Task, runtime: bigint, until: bigint, period: bigint): number =>
    schedSetattr(
      who,
      attr({
        sched_policy: SCHED.SCHED_DEADLINE,
        ...{ sched_runtime: runtime, sched_deadline: until, sched_period: period },
      }),
    );
  assert.equal(deadline(task, 10_000_000n, 30_000_000n, 30_000_000n), -EBUSY);
  assert.equal(deadline(task, 10_000_000n, 30_000_000n, 0n), -EBUSY);
  assert.equal(deadline(ordinary(), 10_000_000n, 30_000_000n, 30_000_000n), -EPERM);
  for (
    const [runtime, until, period] of [[0n, 0n, 0n], [2000n, 1999n, 3000n], [2000n, 3000n, 2999n], [
      1023n,
      3000n,
      3000n,
    ], [2000n, 1n << 63n, 0n]] as const
  ) assert.equal(deadline(task, runtime, until, period), -EINVAL);
  assert.equal(task.scheduling.policy, SCHED.SCHED_OTHER);
});

Deno.test("sched_setattr(2): a lower nice value wants CAP_SYS_NICE or RLIMIT_NICE", () => {
  const task = ordinary();
  assert.equal(schedSetattr(task, attr({ sched_nice: 3 })), 0);
  assert.equal(schedSetattr(task, attr({ sched_nice: 2 })), -EPERM);
});

Deno.test("SCHED_FLAG_RESET_ON_FORK: children begin with the default", () => {
  const task = new Kernel().spawn();
  const flags = SCHED_FLAG.SCHED_FLAG_RESET_ON_FORK;
  schedSetattr(task, attr({ sched_policy: SCHED.SCHED_IDLE, sched_nice: -5, sched_flags: flags }));
  const child = clone(task, { flags: 0 });
  assert.ok(typeof child !== "number");
  assert.deepEqual([child.scheduling.policy, child.scheduling.nice], [SCHED.SCHED_OTHER, 0]);
});

Deno.test("ioprio_set(2): the real-time class wants a capability, levels end at 7", () => {
  const task = ordinary();
  assert.equal(ioprioSet(task, 2, 0, 2 << 13 | 7), 0);
  assert.equal(task.scheduling.ioPriority, 2 << 13 | 7);
  assert.equal(ioprioSet(task, 2, 0, 2 << 13 | 8), -EINVAL);
  assert.equal(ioprioSet(task, 2, 0, 1 << 13), -EPERM);
  assert.equal(ioprioSet(task, 2, 0, 4 << 13), -EINVAL);
});

Deno.test("personality(2) returns what was there before", () => {
  const task = new Kernel().spawn();
  assert.deepEqual([setPersonality(task, 8), setPersonality(task, 0)], [0, 8]);
});

Deno.test("set_mempolicy(2): only policies that one node can meet", () => {
  assert.equal(setMempolicy(MPOL.MPOL_BIND, [0]), 0);
  assert.equal(setMempolicy(MPOL.MPOL_BIND, [1]), -EINVAL);
  assert.equal(setMempolicy(MPOL.MPOL_BIND, []), -EINVAL);
  assert.equal(setMempolicy(MPOL.MPOL_DEFAULT, [0]), -EINVAL);
  assert.equal(setMempolicy(MPOL.MPOL_BIND | MPOL_F.MPOL_F_RELATIVE_NODES, [3]), 0);
});
