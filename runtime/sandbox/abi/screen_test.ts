import assert from "node:assert/strict";
import type { Seccomp } from "../../spec/types.ts";
import { Kernel } from "../kernel/kernel.ts";
import { setFilter } from "../kernel/seccomp.ts";
import { linuxCallOf } from "./linux_calls.ts";
import { screenOf } from "./screen.ts";
import { END_GUEST } from "./shim.ts";
import { PREVIEW1 } from "./wasi_p1/interface.ts";
import { WASIX } from "./wasix/interface.ts";
import { WASMEDGE } from "./wasmedge/interface.ts";

/** No system call stands behind them: what a process was started with, its end, its own stack, what Linux has no call for. */
const NO_CALLS = [
  ...["args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "fd_fdstat_set_rights"],
  ...["fd_prestat_get", "fd_prestat_dir_name", "proc_exit", "proc_exit2", "proc_signals_get"],
  ...["proc_signals_sizes_get", "sock_status", "stack_checkpoint", "stack_restore", "thread_exit"],
];

Deno.test("every function of a personality stands for a system call, or is known to stand for none", () => {
  const names = [PREVIEW1, WASIX, WASMEDGE].flatMap((list) => list.map(({ name }) => name));
  const without = [...new Set(names)].filter((name) => linuxCallOf(name) === undefined);
  assert.deepEqual(without.sort(), [...NO_CALLS].sort());
});

const filter = (action: string, names: readonly string[]): Seccomp => ({
  ...{ defaultAction: "SCMP_ACT_ALLOW", architectures: [] },
  syscalls: [{ names, action, args: [], errnoRet: 1 }],
});

Deno.test("screenOf(): no filter, no screen; a function that no filter touches stays the same", () => {
  const task = new Kernel().spawn();
  assert.equal(screenOf(task, () => {}), null);
  setFilter(task, 1, 0, filter("SCMP_ACT_ERRNO", ["unlinkat"]));
  const functions = { path_unlink_file: () => 0, fd_read: () => 0 };
  const screened = screenOf(task, () => {})!(functions);
  assert.equal(screened["fd_read"], functions.fd_read);
  assert.equal(screened["path_unlink_file"]!(3, 0, 1), 63); // EPERM
});

Deno.test("screenOf(): an exec that does not return ends the program when it is refused", () => {
  const task = new Kernel().spawn();
  setFilter(task, 1, 0, filter("SCMP_ACT_ERRNO", ["execve"]));
  let status = 0;
  const { proc_exec, proc_spawn } = screenOf(task, (wait) => status = wait)!({
    proc_exec: () => 0,
    proc_spawn: () => 0,
  });
  assert.deepEqual([proc_exec!(), status], [END_GUEST, 126 << 8]);
  assert.equal(proc_spawn!(), 63); // it would execute, too
});

Deno.test("screenOf(): SCMP_ACT_KILL ends the program by SIGSYS", () => {
  const task = new Kernel().spawn();
  task.driven = true;
  setFilter(task, 1, 0, filter("SCMP_ACT_KILL", ["unlinkat"]));
  const { path_unlink_file } = screenOf(task, () => {})!({ path_unlink_file: () => 0 });
  assert.deepEqual([path_unlink_file!(3, 0, 1), task.dying], [END_GUEST, true]);
});

Deno.test("screenOf(): rules that tell sockets by family, type and protocol know those of both extensions", () => {
  const rule = (index: number, value: bigint, op: "SCMP_CMP_EQ" | "SCMP_CMP_NE") => ({
    index,
    value,
    valueTwo: 0n,
    op,
  });
  const task = new Kernel().spawn();
  setFilter(task, 1, 0, {
    ...{ defaultAction: "SCMP_ACT_ERRNO", architectures: [] },
    syscalls: [
      // Streams only, and not of the audit protocol.
      {
        names: ["socket"],
        action: "SCMP_ACT_ALLOW",
        args: [rule(1, 1n, "SCMP_CMP_EQ"), rule(2, 9n, "SCMP_CMP_NE")],
      },
      { names: ["socketpair"], action: "SCMP_ACT_ALLOW", args: [rule(0, 1n, "SCMP_CMP_EQ")] },
    ],
  });
  const screened = screenOf(task, () => {})!({
    sock_open: () => 0,
    sock_open_v2: () => 0,
    sock_pair: () => 0,
  });
  const { sock_open, sock_open_v2, sock_pair } = screened;
  const STREAM = { wasix: 1, wasmedge: 2 }, DGRAM = { wasix: 2, wasmedge: 1 };
  assert.deepEqual([sock_open!(1, STREAM.wasix, 0, 0), sock_open!(1, DGRAM.wasix, 0, 0)], [0, 63]);
  assert.deepEqual([sock_open!(1, STREAM.wasmedge, 0), sock_open!(1, DGRAM.wasmedge, 0)], [0, 63]);
  assert.deepEqual([sock_open_v2!(1, STREAM.wasmedge, 0), sock_open_v2!(1, DGRAM.wasmedge, 0)], [0, 63]);
  assert.deepEqual([sock_pair!(3, STREAM.wasix, 0, 0, 4), sock_pair!(1, STREAM.wasix, 0, 0, 4)], [0, 63]);
});
