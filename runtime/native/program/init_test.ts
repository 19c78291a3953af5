import assert from "node:assert/strict";
import { EACCES } from "../../../fs/abi/errno.ts";
import { SYSCALL_NUMBERS, syscallNumber, type SyscallNumberName } from "../../abi/linux/syscall_numbers.ts";
import { compileSpec } from "../../program/compile.ts";
import { parseSpec } from "../../spec/decode.ts";
import { type Memory, Memory as TableMemory, simulate } from "../table/testing/simulate.ts";
import { initTable } from "./init.ts";
import { parseMessage, SAYS } from "./message.ts";

const CGROUPS = [{ cgroup: "/cg/pids/c", fd: 30 }, { cgroup: "/cg/cpu/c", fd: 31 }];
const DESCRIPTORS = { report: 20, sync: 21, start: 22, result: 23, cgroups: CGROUPS };
const NAMES = new Map<number, string>(
  Object.entries(SYSCALL_NUMBERS).map(([name, [x86]]) => [x86, name]),
);

interface Call {
  readonly name: string;
  readonly args: readonly bigint[];
}

/** What an init does on a kernel where everything succeeds, but for what `answer` says. */
function run(more: object, answer: (call: Call, memory: Memory) => number | undefined = () => undefined) {
  const spec = parseSpec(JSON.stringify({
    ociVersion: "1.3.0",
    root: { path: "/r" },
    process: { args: ["prog"], env: ["PATH=/a:/b"], cwd: "/work" },
    linux: { namespaces: [{ type: "pid" }, { type: "mount" }, { type: "network" }] },
    ...more,
  }));
  const program = compileSpec(spec, { rootfs: "/r" });
  const table = initTable({
    ...{ program, spec, process: spec.process!, descriptors: DESCRIPTORS, preserveFds: 2 },
    ...{ shownToHooks: false, architecture: "x86_64" },
  });
  const memory = new TableMemory(table, 0x410000n, 0x800000n);
  const calls: Call[] = [], said: ReturnType<typeof parseMessage>[] = [];
  let fds = 100;
  simulate(memory, (nr, args) => {
    const call = { name: NAMES.get(nr)!, args };
    calls.push(call);
    if (call.name === "exit_group") return "end";
    if (call.name === "write" && (args[0] === 20n || args[0] === 23n)) {
      const bytes = Uint8Array.from({ length: 16 }, (_, i) => Number(memory.load(args[1]! + BigInt(i), 1)));
      said.push(parseMessage(bytes));
    }
    if (call.name === "getcwd") memory.store(args[0]!, 1, BigInt("/".charCodeAt(0)));
    const own = answer(call, memory);
    if (own !== undefined) return own;
    if (call.name === "execve") return "end";
    return /^(open|fsopen|fsmount|socket)/.test(call.name) ? ++fds : call.name === "read" ? 1 : 0;
  });
  return { calls, said, table, memory };
}

/** PATH has the program in /b only: nothing is a directory there. */
const found = (call: Call, memory: Memory): number | undefined => {
  if (call.name !== "openat2" && call.name !== "faccessat2") return undefined;
  const path = memory.string(call.args[1]!);
  if (!path.endsWith("/prog")) return undefined;
  return call.name === "openat2" ? -20 : path === "/b/prog" ? undefined : -2;
};

Deno.test("an init is hidden before it makes a session, closes everything before its last chdir, and only executes after start", () => {
  const { calls, said } = run({}, found);
  const names = calls.map(({ name }) => name);
  const dumpable = calls.findIndex(({ name, args }) => name === "prctl" && args[0] === 4n && args[1] === 0n);
  assert.ok(dumpable > names.indexOf("read") && dumpable < names.indexOf("setsid"));
  const chdir = names.lastIndexOf("chdir");
  const before = calls.slice(0, chdir).filter(({ name }) => name === "close_range").map(({ args }) =>
    args.slice(0, 2)
  );
  assert.deepEqual(before, [[5n, 19n], [24n, 0xffffffffn]]);
  assert.equal(names[chdir + 1], "getcwd");
  assert.deepEqual(said, [{ says: SAYS.environment, number: 0 }, { says: SAYS.created, number: 0 }]);
  const started = calls.findLastIndex(({ name, args }) => name === "read" && args[0] === 22n);
  assert.deepEqual([...new Set(names.slice(started + 1))].sort(), [
    "close_range",
    "execve",
    "faccessat2",
    "openat2",
  ]);
});

Deno.test("an init puts itself into cgroups of version 1 before it does anything else, and has their files no longer", () => {
  const { calls, memory } = run({}, found);
  const read = calls.findIndex(({ name }) => name === "read");
  const joining = calls.slice(read + 1, read + 5);
  assert.deepEqual(joining.map(({ name, args }) => [name, args[0]]), [
    ...[["write", 30n], ["close", 30n], ["write", 31n], ["close", 31n]],
  ]);
  for (const { args } of joining.filter(({ name }) => name === "write")) {
    assert.deepEqual([memory.load(args[1]!, 1), args[2]], [BigInt("0".charCodeAt(0)), 1n]);
  }
  const { said, table } = run(
    {},
    ({ name, args }) => name === "write" && args[0] === 31n ? -EACCES : undefined,
  );
  const last = said.at(-1)!;
  assert.ok("failed" in last);
  assert.equal(table.notes.get(last.record)!.what, "putting the process into the cgroup /cg/cpu/c");
});

Deno.test("a failure is told where the runtime listens: to create before the init waits, to start afterwards", () => {
  const failing = (name: SyscallNumberName, nth: number) => {
    let n = 0;
    const { said, calls, table } = run({}, (call, memory) => {
      if (call.name === name && ++n === nth) return -EACCES;
      return found(call, memory);
    });
    const last = said.at(-1)!;
    assert.ok("failed" in last);
    const to = calls.findLast((call) => call.name === "write")!.args[0];
    return [last.failed, table.notes.get(last.record)!.what, Number(to)];
  };
  assert.deepEqual(failing("pivot_root", 1), [EACCES, "changing the root filesystem", DESCRIPTORS.report]);
  assert.deepEqual(failing("execve", 1), [EACCES, 'executing "prog"', DESCRIPTORS.result]);
});

Deno.test("a program that is not there is a failure of create, not of start", () => {
  const { said, table } = run({}, (call) => call.name === "faccessat2" ? -2 : undefined);
  const last = said.at(-1)!;
  assert.ok("failed" in last);
  assert.match(table.notes.get(last.record)!.what, /executable file not found in \$PATH \(\/a:\/b\)/);
  assert.equal(said.length, 2); // environment, and this
});

Deno.test("an init ends with its runtime, wherever it waits for it", () => {
  for (let nth = 1; nth <= 4; nth++) {
    let n = 0;
    const { calls } = run({}, (call, memory) => {
      if (call.name === "read") return ++n === nth ? 0 : 1;
      return found(call, memory);
    });
    assert.equal(n, nth);
    assert.equal(calls.at(-1)!.name, "exit_group");
    assert.ok(!calls.some(({ name }) => name === "execve"));
  }
});

Deno.test("in a new user namespace the other namespaces are made by its root", () => {
  const mappings = [{ containerID: 0, hostID: 1000, size: 1 }];
  const { calls } = run({
    linux: {
      namespaces: ["user", "mount", "ipc", "pid"].map((type) => ({ type })),
      ...{ uidMappings: mappings, gidMappings: mappings },
    },
  }, found);
  const names = calls.map(({ name }) => name);
  assert.ok(names.indexOf("clone3") < names.indexOf("setresuid"));
  assert.ok(names.indexOf("setresuid") < names.indexOf("unshare"));
  assert.equal(calls[names.indexOf("unshare")]!.args[0], 0x20000n | 0x8000000n);
  assert.equal(syscallNumber("unshare", "aarch64"), 97);
});
