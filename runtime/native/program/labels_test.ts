import assert from "node:assert/strict";
import { EINVAL, ENOENT, ENOTSUP } from "../../../fs/abi/errno.ts";
import { SYSCALL_NUMBERS } from "../../abi/linux/syscall_numbers.ts";
import { compileSpec } from "../../program/compile.ts";
import { compileProcess } from "../../program/compile_exec.ts";
import { parseSpec } from "../../spec/decode.ts";
import type { Process } from "../../spec/types.ts";
import { compileTable, type Table } from "../table/compile_table.ts";
import { Memory, simulate } from "../table/testing/simulate.ts";
import { execTable } from "./enter.ts";
import { initTable } from "./init.ts";
import { labelSteps } from "./labels.ts";
import { FATAL_STEPS } from "./protocol.ts";

const PROC = 0x9fa0, TMPFS = 0x01021994;
const NAMES = new Map<number, string>(Object.entries(SYSCALL_NUMBERS).map(([name, [x86]]) => [x86, name]));

const PROCESS: Process = {
  ...{ terminal: false, cwd: "/", env: [], args: ["/x"], rlimits: [], noNewPrivileges: false },
  user: { uid: 0, gid: 0, additionalGids: [] },
};

/** A kernel with these attributes in /proc/self/attr: what has been written to them, and what failed. */
function run(table: Table, attributes: readonly string[], filesystem = PROC, refused = "") {
  const memory = new Memory(table, 0x410000n, 0x800000n);
  const open = new Map<bigint, string>(), written: string[] = [];
  let failure: [number, string] | undefined;
  simulate(memory, (nr, args) => {
    const name = NAMES.get(nr)!;
    if (name === "exit_group") return "end";
    if (name === "openat2") {
      const path = memory.string(args[1]!).replace(/^\/proc\/self\/attr\//, "");
      if (!attributes.includes(path)) return -ENOENT;
      open.set(BigInt(10 + open.size), path);
      return 9 + open.size;
    }
    if (name === "fstatfs") memory.store(args[1]!, 8, BigInt(filesystem));
    if (name === "write" && open.has(args[0]!)) {
      const bytes = Uint8Array.from(
        { length: Number(args[2]) },
        (_, i) => Number(memory.load(args[1]! + BigInt(i), 1)),
      );
      const path = open.get(args[0]!)!;
      if (path === refused) return -EINVAL;
      written.push(`${path}: ${new TextDecoder().decode(bytes)}`);
    } else if (name === "write") {
      const [errno, record] = [0n, 8n].map((at) => Number(memory.load(args[1]! + at, 8)));
      failure = [errno!, table.notes.get(record!)!.what];
    }
    return 0;
  });
  return { written, failure };
}

const tableOf = (process: Partial<Process>, keys = false): Table =>
  compileTable(
    [...labelSteps({ ...PROCESS, ...process }, keys), { native: "exit_group", args: [0], what: "ending" }],
    FATAL_STEPS,
    "x86_64",
  );

Deno.test("config.md#linux-process: apparmorProfile is for the next execve, by the file that the kernel has for it", () => {
  const process = { apparmorProfile: "acme_secure_profile" };
  for (
    const [attributes, file] of [[["apparmor/exec", "exec"], "apparmor/exec"], [["exec"], "exec"]] as const
  ) {
    assert.deepEqual(run(tableOf(process), attributes), {
      written: [`${file}: exec acme_secure_profile`],
      failure: undefined,
    });
  }
  assert.deepEqual(run(tableOf({}), []), { written: [], failure: undefined });
});

Deno.test("config.md#linux-process: selinuxLabel is for the next execve, and for keys that are made before it", () => {
  const process = { selinuxLabel: "u:r:t:s0" };
  const all = ["exec", "keycreate"];
  assert.deepEqual(run(tableOf(process), all).written, ["exec: u:r:t:s0"]);
  assert.deepEqual(run(tableOf(process, true), all).written, ["exec: u:r:t:s0", "keycreate: u:r:t:s0"]);
});

Deno.test("labels that cannot be set, or go nowhere, are failures (CVE-2019-16884)", () => {
  const aa = { apparmorProfile: "p" }, se = { selinuxLabel: "u:r:t:s0" };
  const attributes = ["apparmor/exec", "exec"];
  assert.deepEqual(run(tableOf(aa), attributes, PROC, "apparmor/exec").failure, [
    EINVAL,
    "unable to apply apparmor profile p",
  ]);
  assert.deepEqual(run(tableOf(se), []).failure, [ENOENT, "setting the selinux label u:r:t:s0"]);
  for (const process of [aa, se]) {
    const { written, failure } = run(tableOf(process), attributes, TMPFS);
    assert.deepEqual([written, failure![0]], [[], ENOTSUP]);
    assert.match(failure![1], /\/proc\/self\/attr is not in a proc filesystem$/);
  }
});

Deno.test("labels are set in the runtime's own namespaces: before one is joined, or anything is mounted", () => {
  const text = JSON.stringify({
    ociVersion: "1.3.0",
    root: { path: "/r" },
    process: { args: ["/x"], cwd: "/", apparmorProfile: "p", selinuxLabel: "l" },
    linux: { namespaces: [{ type: "mount", path: "/proc/7/ns/mnt" }, { type: "user" }] },
  });
  const spec = parseSpec(text), process = spec.process!;
  const request = { spec, process, preserveFds: 0, architecture: "x86_64" } as const;
  const init = initTable({
    ...{ ...request, program: compileSpec(spec, { rootfs: "/r" }), shownToHooks: false },
    descriptors: { report: 20, sync: 21, start: 22, result: 23, cgroups: [] },
  });
  const exec = execTable({
    ...{ ...request, program: compileProcess(process), namespaces: 0x20000, pidfd: 9, report: 20, sync: 21 },
    cgroups: [],
  });
  for (const table of [init, exec]) {
    const notes = [...table.notes.values()];
    const last = notes.findLastIndex(({ what }) => what.startsWith("setting the selinux label"));
    const joins = notes.findIndex(({ call }) =>
      ["setns", "clone3", "unshare", "move_mount"].includes(call ?? "")
    );
    assert.ok(last > 0 && last < joins, `${last} ${joins}`);
  }
});
