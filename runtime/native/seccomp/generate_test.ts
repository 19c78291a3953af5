import assert from "node:assert/strict";
import { random } from "../../../tests/support/random.ts";
import { syscallTable } from "../../abi/linux/syscall_table.ts";
import { SYSCALL_NUMBERS } from "../../abi/linux/syscall_numbers.ts";
import type { Seccomp, SeccompArg, SeccompRule } from "../../spec/types.ts";
import { returnOf } from "./actions.ts";
import { architecturesOf, type CallArchitecture } from "./architectures.ts";
import { BPF, decodeProgram, encodeProgram } from "./bpf.ts";
import { generateFilter } from "./generate.ts";
import { partOf } from "./multiplexed.ts";
import { randomArguments, randomProfile } from "./testing/profiles.ts";
import { simulate } from "./testing/simulate.ts";

const X86_64 = 0xc000003e, I386 = 0x40000003, AARCH64 = 0xc00000b7;
const KILL = 0, ALLOW = 0x7fff0000, ENOSYS = 0x00050026;

const rule = (names: string[], action: string, more: Partial<SeccompRule> = {}): SeccompRule => ({
  ...{ names, action, args: [] },
  ...more,
});
const profile = (defaultAction: string, syscalls: SeccompRule[], more: Partial<Seccomp> = {}): Seccomp => ({
  ...{ defaultAction, architectures: [], syscalls },
  ...more,
});
const arg = (index: number, op: string, value: bigint, valueTwo = 0n): SeccompArg => ({
  index,
  op,
  value,
  valueTwo,
});

/** What a filter of x86_64 says. */
function ask(filter: Seccomp, nr: number, args: readonly bigint[] = [], arch = X86_64): number {
  return simulate(generateFilter(filter, "x86_64"), { nr, arch, args }).ret;
}

Deno.test("config-linux.md#seccomp: every action is the value that Linux knows, with the errno of errnoRet or EPERM", () => {
  const cases: readonly (readonly [string, number | undefined, number])[] = [
    ["SCMP_ACT_KILL", undefined, 0],
    ["SCMP_ACT_KILL_THREAD", undefined, 0],
    ["SCMP_ACT_KILL_PROCESS", undefined, 0x80000000],
    ["SCMP_ACT_TRAP", undefined, 0x00030000],
    ["SCMP_ACT_ERRNO", undefined, 0x00050001],
    ["SCMP_ACT_ERRNO", 0, 0x00050000],
    ["SCMP_ACT_ERRNO", 38, ENOSYS],
    ["SCMP_ACT_TRACE", undefined, 0x7ff00001],
    ["SCMP_ACT_TRACE", 77, 0x7ff0004d],
    ["SCMP_ACT_NOTIFY", undefined, 0x7fc00000],
    ["SCMP_ACT_LOG", undefined, 0x7ffc0000],
    ["SCMP_ACT_ALLOW", undefined, ALLOW],
  ];
  for (const [action, errnoRet, value] of cases) {
    assert.equal(returnOf(action, errnoRet), value, action);
    const filter = profile("SCMP_ACT_ALLOW", [
      rule(["write"], action, errnoRet === undefined ? {} : { errnoRet }),
    ]);
    assert.equal(ask(filter, 1), value, action);
    assert.equal(ask(filter, 0), ALLOW, action);
  }
  assert.throws(() => returnOf("SCMP_ACT_ERRNO", 65536), /SCMP_ACT_ERRNO cannot return 65536/);
});

Deno.test("every comparison, at the borders of 32 and 64 bits", () => {
  const values = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 63n, 2n ** 64n - 1n];
  const holds: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
    SCMP_CMP_NE: (a, b) => a !== b,
    SCMP_CMP_LT: (a, b) => a < b,
    SCMP_CMP_LE: (a, b) => a <= b,
    SCMP_CMP_EQ: (a, b) => a === b,
    SCMP_CMP_GE: (a, b) => a >= b,
    SCMP_CMP_GT: (a, b) => a > b,
  };
  for (const value of values) {
    for (const [op, expected] of Object.entries(holds)) {
      const filter = profile("SCMP_ACT_ALLOW", [
        rule(["write"], "SCMP_ACT_ERRNO", { args: [arg(5, op, value)] }),
      ]);
      for (const actual of values) {
        const ret = ask(filter, 1, [0n, 0n, 0n, 0n, 0n, actual]);
        assert.equal(ret === 0x00050001, expected(actual, value), `${actual} ${op} ${value}`);
      }
    }
    for (const wanted of values) {
      const args = [arg(0, "SCMP_CMP_MASKED_EQ", value, wanted)];
      const filter = profile("SCMP_ACT_ALLOW", [rule(["write"], "SCMP_ACT_ERRNO", { args })]);
      for (const actual of values) {
        assert.equal(
          ask(filter, 1, [actual]) !== ALLOW,
          (actual & value) === wanted,
          `${actual} & ${value} == ${wanted}`,
        );
      }
    }
  }
});

Deno.test("architectures: the machine's own always, others when named; calls of all others end the process", () => {
  const rules = [rule(["write"], "SCMP_ACT_ALLOW")];
  const own = profile("SCMP_ACT_ERRNO", rules),
    all = { ...own, architectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] };
  assert.deepEqual([ask(own, 1), ask(own, 4, [], I386), ask(own, 0x40000001)], [ALLOW, KILL, KILL]);
  assert.deepEqual([ask(all, 1), ask(all, 4, [], I386), ask(all, 0x40000001)], [ALLOW, ALLOW, ALLOW]);
  assert.equal(ask(all, 64, [], AARCH64), KILL);
  const arm = generateFilter({ ...own, architectures: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"] }, "aarch64");
  assert.equal(simulate(arm, { nr: 64, arch: AARCH64, args: [] }).ret, ALLOW);
  assert.equal(simulate(arm, { nr: 4, arch: 0x40000028, args: [] }).ret, KILL);
});

Deno.test("a call that a tracer took back is no x32 call", () => {
  assert.equal(ask(profile("SCMP_ACT_ALLOW", []), 0xffffffff), ALLOW);
  assert.equal(ask(profile("SCMP_ACT_ALLOW", []), 0xfffffffe), KILL);
});

Deno.test("calls newer than the profile do not exist, as with runc; where the default is lenient or says so they are as all others", () => {
  const architectures = ["SCMP_ARCH_X86_64"], rules = [rule(["write", "openat2"], "SCMP_ACT_ALLOW")];
  const strict = profile("SCMP_ACT_ERRNO", rules, { architectures });
  assert.deepEqual([ask(strict, 436), ask(strict, 437), ask(strict, 438), ask(strict, 9999)], [
    ...[0x00050001, ALLOW, ENOSYS, ENOSYS],
  ]);
  assert.equal(ask({ ...strict, architectures: [] }, 438), 0x00050001);
  assert.equal(ask({ ...strict, defaultAction: "SCMP_ACT_KILL_PROCESS" }, 438), ENOSYS);
  assert.equal(ask({ ...strict, defaultAction: "SCMP_ACT_LOG" }, 438), 0x7ffc0000);
  assert.equal(ask({ ...strict, defaultAction: "SCMP_ACT_TRACE" }, 438), 0x7ff00001);
});

Deno.test("rules as runc reads them: unknown names and repeated defaults are passed over, whole calls stand over arguments", () => {
  const filter = profile("SCMP_ACT_ALLOW", [
    rule(["no_such_call"], "SCMP_ACT_KILL"),
    rule(["write"], "SCMP_ACT_ALLOW"),
    rule(["write"], "SCMP_ACT_ERRNO", { args: [arg(0, "SCMP_CMP_EQ", 9n)] }),
    rule(["read"], "SCMP_ACT_ERRNO", { args: [arg(0, "SCMP_CMP_EQ", 9n)] }),
    rule(["read"], "SCMP_ACT_ERRNO", { errnoRet: 5 }),
    // Conditions for one argument twice are alternatives.
    rule(["open"], "SCMP_ACT_ERRNO", { args: [arg(1, "SCMP_CMP_EQ", 1n), arg(1, "SCMP_CMP_EQ", 2n)] }),
  ]);
  assert.deepEqual([ask(filter, 1, [9n]), ask(filter, 1, [8n])], [0x00050001, ALLOW]);
  assert.deepEqual([ask(filter, 0, [9n]), ask(filter, 0, [8n])], [0x00050005, 0x00050005]);
  assert.deepEqual([1n, 2n, 3n].map((flags) => ask(filter, 2, [0n, flags])), [0x00050001, 0x00050001, ALLOW]);
});

Deno.test("i386: what is forbidden is so through socketcall and ipc, and what is allowed for some arguments is not", () => {
  const more = { architectures: ["SCMP_ARCH_X86"] };
  const netlink = { args: [arg(0, "SCMP_CMP_EQ", 16n)] };
  const forbids = profile("SCMP_ACT_ALLOW", [
    rule(["socket"], "SCMP_ACT_ERRNO", netlink),
    rule(["shmat"], "SCMP_ACT_ERRNO"),
  ], more);
  assert.deepEqual([1n, 2n].map((call) => ask(forbids, 102, [call], I386)), [0x00050001, ALLOW]);
  assert.deepEqual([21n, 0x10015n, 22n].map((call) => ask(forbids, 117, [call], I386)), [
    0x00050001,
    0x00050001,
    ALLOW,
  ]);
  const allows = profile("SCMP_ACT_KILL", [rule(["socket"], "SCMP_ACT_ALLOW", netlink)], more);
  assert.deepEqual([ask(allows, 359, [16n], I386), ask(allows, 102, [1n], I386)], [ALLOW, KILL]);
});

/** What the rules say, read one by one. */
function judge(filter: Seccomp, call: string, args: readonly bigint[], { size }: CallArchitecture): number {
  const cut = (value: bigint): bigint => BigInt.asUintN(8 * size, value);
  const holds = ({ index, op, value, valueTwo }: SeccompArg): boolean => {
    const actual = cut(args[index]!), against = cut(value);
    if (op === "SCMP_CMP_MASKED_EQ") return (actual & against) === cut(valueTwo);
    if (op === "SCMP_CMP_EQ" || op === "SCMP_CMP_NE") return (actual === against) === (op === "SCMP_CMP_EQ");
    if (actual === against) return op === "SCMP_CMP_LE" || op === "SCMP_CMP_GE";
    return actual < against === op.startsWith("SCMP_CMP_L");
  };
  const byDefault = returnOf(filter.defaultAction, filter.defaultErrnoRet);
  const rules = filter.syscalls.filter(({ names, action, errnoRet }) =>
    names.includes(call) && returnOf(action, errnoRet) !== byDefault
  );
  const one = rules.find((each) => each.args.length === 0) ?? rules.find((each) => each.args.every(holds));
  return one === undefined ? byDefault : returnOf(one.action, one.errnoRet);
}

Deno.test("random profiles: what the rules say read one by one, also where they overlap", () => {
  let points = 0;
  for (let seed = 1; seed <= 24; seed++) {
    const next = random(seed), machine = seed % 4 === 0 ? "aarch64" : "x86_64";
    const named = architecturesOf(["SCMP_ARCH_X86", "SCMP_ARCH_X32"], machine);
    const names = [...new Set(named.flatMap(({ table }) => [...syscallTable(table).keys()]))];
    const filter = randomProfile(next, {
      names,
      architectures: named.map(({ name }) => name),
      overlaps: true,
    });
    const program = generateFilter(filter, machine);
    for (const architecture of architecturesOf(filter.architectures, machine)) {
      for (const [call, number] of syscallTable(architecture.table)) {
        const about = filter.syscalls.filter((each) => each.names.includes(call)).flatMap(({ args }) => args);
        // Numbers above those of the profile are another test's.
        if (about.length === 0 || partOf(call) !== undefined) continue;
        for (let i = 0; i < 20; i++) {
          const args = randomArguments(next, about, architecture.table === "i386" ? 32 : 64);
          const { ret } = simulate(program, {
            nr: number + architecture.bits,
            arch: architecture.audit,
            args,
          });
          assert.equal(
            ret,
            judge(filter, call, args, architecture),
            `seed ${seed}: ${call}(${args}) of ${architecture.name}`,
          );
          points++;
        }
      }
    }
  }
  assert.ok(points > 10_000, String(points));
});

Deno.test("programs are written as struct sock_filter, end in a value on every path, and are not longer than Linux takes", () => {
  const filter = profile("SCMP_ACT_ERRNO", [rule(["write"], "SCMP_ACT_ALLOW")]);
  const program = generateFilter(filter, "x86_64"), bytes = encodeProgram(program);
  assert.deepEqual(decodeProgram(bytes), program);
  assert.deepEqual([...bytes.subarray(0, 8)], [BPF.LD_W_ABS, 0, 0, 0, 4, 0, 0, 0]);
  const many = Array.from(
    { length: 3000 },
    (_, i) => rule(["write"], "SCMP_ACT_ALLOW", { args: [arg(0, "SCMP_CMP_EQ", BigInt(i))] }),
  );
  assert.throws(() => generateFilter({ ...filter, syscalls: many }, "x86_64"), /more than 4096 instructions/);
});

Deno.test("the tables have the numbers that the runtime itself calls by", () => {
  for (const [name, [x86_64, aarch64]] of Object.entries(SYSCALL_NUMBERS)) {
    assert.equal(syscallTable("x86_64").get(name), x86_64, name);
    assert.equal(syscallTable("aarch64").get(name) ?? aarch64, aarch64, name);
  }
  assert.equal(syscallTable("x32").get("execve"), 520);
  assert.equal(syscallTable("i386").get("file_setattr"), 469);
});
