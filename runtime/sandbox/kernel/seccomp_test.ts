import assert from "node:assert/strict";
import { EACCES, EINVAL } from "../../../fs/abi/errno.ts";
import type { Seccomp, SeccompRule } from "../../spec/types.ts";
import { commitCredentials } from "./commit_cred.ts";
import { Kernel } from "./kernel.ts";
import { dependsOnArguments, judge, NO_SECCOMP, type SeccompState, setFilter } from "./seccomp.ts";
import { setresuid } from "./set_ids.ts";
import { clone } from "./task_clone.ts";

const rule = (action: string, more: Partial<SeccompRule> = {}): SeccompRule => ({
  ...{ names: ["kill"], action, args: [] },
  ...more,
});
const filter = (defaultAction: string, ...syscalls: SeccompRule[]): Seccomp => ({
  ...{ defaultAction, architectures: [], syscalls },
});
const state = (...programs: Seccomp[]): SeccompState => ({ mode: 2, filters: programs.length, programs });

Deno.test("a call without a rule gets the default action, one with a rule that rule's (config-linux.md#seccomp)", () => {
  const filters = state(filter("SCMP_ACT_ERRNO", rule("SCMP_ACT_ALLOW")));
  assert.equal(judge(filters, "kill", []).kind, "allow");
  assert.deepEqual(judge(filters, "openat", []), { kind: "errno", errno: 1, log: false });
  assert.equal(judge(NO_SECCOMP, "openat", []).kind, "allow");
});

Deno.test("errnoRet; ENOSYS for a tracer that there is not; SIGSYS for the rest", () => {
  const of = (action: string, errnoRet?: number): unknown => {
    const verdict = judge(
      state(filter("SCMP_ACT_ALLOW", rule(action, errnoRet === undefined ? {} : { errnoRet }))),
      "kill",
      [],
    );
    return verdict.kind === "errno" ? verdict.errno : verdict.kind;
  };
  assert.deepEqual([of("SCMP_ACT_ERRNO", 38), of("SCMP_ACT_TRACE", 7), of("SCMP_ACT_LOG")], [
    38,
    38,
    "allow",
  ]);
  for (const action of ["SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"]) {
    assert.equal(of(action), "kill");
  }
});

Deno.test("conditions on arguments: all must hold, 64 bits, as unsigned numbers", () => {
  const arg = (op: string, value: bigint, valueTwo = 0n): SeccompRule["args"][number] => ({
    ...{ index: 1, op, value, valueTwo },
  });
  const holds = (one: SeccompRule["args"][number], actual: number): boolean =>
    judge(state(filter("SCMP_ACT_ALLOW", rule("SCMP_ACT_ERRNO", { args: [one] }))), "kill", [0, actual])
      .kind === "errno";
  assert.deepEqual(
    ["NE", "LT", "LE", "EQ", "GE", "GT"].map((op) => holds(arg(`SCMP_CMP_${op}`, 5n), 5)),
    [false, false, true, true, true, false],
  );
  assert.equal(holds(arg("SCMP_CMP_MASKED_EQ", 0xf0n, 0x10n), 0x1f), true);
  assert.equal(holds(arg("SCMP_CMP_GT", 5n), -1), true);
});

Deno.test("as with runc: rules that do what is done by default are passed over, conditions on one argument are alternatives", () => {
  const args = [5n, 6n].map((value) => ({ index: 1, op: "SCMP_CMP_EQ", value, valueTwo: 0n }));
  const filters = state(filter("SCMP_ACT_ALLOW", rule("SCMP_ACT_ALLOW"), rule("SCMP_ACT_ERRNO", { args })));
  assert.deepEqual([5, 6, 7].map((actual) => judge(filters, "kill", [0, actual]).kind), [
    "errno",
    "errno",
    "allow",
  ]);
});

Deno.test("an argument that there is not counts against the program", () => {
  const args = [{ index: 5, op: "SCMP_CMP_EQ", value: 1n, valueTwo: 0n }];
  const forbids = state(filter("SCMP_ACT_ALLOW", rule("SCMP_ACT_ERRNO", { args })));
  const allows = state(filter("SCMP_ACT_ERRNO", rule("SCMP_ACT_ALLOW", { args })));
  assert.deepEqual([judge(forbids, "kill", []).kind, judge(allows, "kill", []).kind], ["errno", "errno"]);
  assert.deepEqual([dependsOnArguments(forbids, "kill"), dependsOnArguments(forbids, "open")], [true, false]);
});

Deno.test("of several filters the strongest answer counts, a child has all of them (man 2 seccomp)", () => {
  const task = new Kernel().spawn();
  assert.equal(setFilter(task, 1, 0, filter("SCMP_ACT_ALLOW", rule("SCMP_ACT_KILL"))), 0);
  assert.equal(setFilter(task, 1, 0, filter("SCMP_ACT_ERRNO")), 0);
  const child = clone(task, { flags: 0 });
  assert.ok(typeof child !== "number");
  assert.deepEqual([child.seccomp.mode, child.seccomp.filters], [2, 2]);
  assert.equal(judge(child.seccomp, "kill", []).kind, "kill");
});

Deno.test("a filter wants no_new_privs or CAP_SYS_ADMIN; listeners there are none", () => {
  const task = new Kernel().spawn();
  assert.equal(setFilter(task, 1, 8, filter("SCMP_ACT_ALLOW")), -EINVAL);
  const cred = setresuid(task.cred, 1000, 1000, 1000);
  assert.ok(typeof cred !== "number");
  commitCredentials(task, cred);
  assert.equal(setFilter(task, 1, 0, filter("SCMP_ACT_ALLOW")), -EACCES);
});
