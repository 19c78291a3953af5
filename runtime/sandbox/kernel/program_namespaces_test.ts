import assert from "node:assert/strict";
import { procType, tmpfsType } from "../../../fs/mod.ts";
import { Files } from "../../../fs/testing/files.ts";
import { TmpfsSuper } from "../../../fs/tmpfs/mod.ts";
import { ProcfsSuper } from "../../../fs/procfs/mod.ts";
import { compileSpec } from "../../program/compile.ts";
import { decodeSpec } from "../../spec/decode.ts";
import type { Inode } from "../../../fs/vfs/inode.ts";
import type { BinaryFormat } from "./binfmt.ts";
import { privilegedOver } from "./filesystems.ts";
import { FdTable } from "./fd_table.ts";
import { hostDevices } from "./host_devices.ts";
import { Kernel } from "./kernel.ts";
import { procHost } from "./proc_host.ts";
import { runProgram } from "./program_runner.ts";
import type { Task } from "./task.ts";

/** Programs that only are there. */
const format: BinaryFormat = {
  name: "test",
  probe: (header) => header[0] === 0x21,
  load: (_task, _file, _argv, _envp, commit) => {
    commit();
    return Promise.resolve({ run: () => Promise.resolve(0) });
  },
};

/** A kernel with a root filesystem that belongs to `owner`. */
function machine(owner: number): Kernel {
  const kernel = new Kernel({ formats: [format] });
  const memory = (): { total: number; free: number } => ({ total: 1, free: 1 });
  const proc = procType((caller) => procHost(kernel, caller, memory));
  kernel.vfs.filesystems.set("proc", {
    ...proc,
    mayMount: privilegedOver((task) => task.pidNs),
    revealing: true,
  });
  kernel.vfs.filesystems.set("tmpfs", { ...tmpfsType, mayMount: () => true });
  kernel.mountHost("/proc", new ProcfsSuper({ host: procHost(kernel, kernel.swapper, memory) }), "proc");
  kernel.mountHost("/dev", hostDevices());
  const root = new TmpfsSuper({ mode: 0o755 });
  root.root.setattr({ uid: owner, gid: owner });
  kernel.mountHost("/rootfs", root);
  const files = new Files(kernel.swapper);
  files.write("/rootfs/init", "!", 0o755);
  for (const dir of ["proc", "dev"]) files.mkdir(`/rootfs/${dir}`);
  for (const each of ["init", "proc", "dev"]) {
    (root.root.lookup(each) as Inode).setattr({ uid: owner, gid: owner });
  }
  return kernel;
}

async function start(kernel: Kernel, linux: unknown, process: object = {}): Promise<Task> {
  const spec = decodeSpec({
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["/init"], ...process },
    mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
    linux,
  });
  const { task } = await runProgram(kernel, compileSpec(spec, { rootfs: "/rootfs" }), new FdTable());
  return task;
}

const text = (task: Task, path: string): string => new Files(task).text(path);

Deno.test("a container in a user namespace is user 0 there, and what the mappings say outside (config-linux.md#user-namespace-mappings)", async () => {
  const kernel = machine(100000);
  const task = await start(kernel, {
    namespaces: [{ type: "user" }, { type: "pid" }, { type: "mount" }, { type: "uts" }],
    uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
    gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
  }, { user: { uid: 5, gid: 6 }, oomScoreAdj: 300 });
  const { uid, gid } = task.cred.fields;
  assert.deepEqual([uid, gid], [100005, 100006]);
  assert.match(text(task, "/proc/self/status"), /^Uid:\t5\t5\t5\t5$/m);
  assert.equal(text(task, "/proc/self/uid_map"), "         0     100000      65536\n");
  assert.ok(task.nsproxy.uts.owner === task.cred.userNs && task.cred.userNs.parent !== null);
  assert.equal(task.pid, 1);
  assert.equal(text(task, "/proc/self/oom_score_adj"), "300\n");
});

Deno.test("offsets of a time namespace are in force for the container's program (config-linux.md#offset-for-time-namespace)", async () => {
  const kernel = machine(0);
  const task = await start(kernel, {
    namespaces: [{ type: "mount" }, { type: "time" }],
    timeOffsets: { monotonic: { secs: 86400, nanosecs: 5 }, boottime: { secs: 3600, nanosecs: 0 } },
  });
  const { time } = task.nsproxy;
  assert.deepEqual([time.monotonic, time.boottime], [{ sec: 86400, nsec: 5 }, { sec: 3600, nsec: 0 }]);
  assert.ok(time.frozen && time !== kernel.initial.time);
});

Deno.test("namespaces of another container are joined by path: shared host name, its processes beside one's own, and new ones beside (config-linux.md#namespaces)", async () => {
  const kernel = machine(0);
  const first = await start(kernel, {
    namespaces: [{ type: "mount" }, { type: "pid" }, { type: "uts" }, { type: "ipc" }],
  });
  const pid = first.id.in(kernel.initial.pid);
  const second = await start(kernel, {
    namespaces: [
      { type: "mount" },
      { type: "network" },
      ...["pid", "uts", "ipc"].map((type) => ({ type, path: `/proc/${pid}/ns/${type}` })),
    ],
  });
  assert.ok(second.nsproxy.uts === first.nsproxy.uts && second.nsproxy.ipc === first.nsproxy.ipc);
  assert.ok(second.pidNs === first.pidNs && second.nsproxy.net !== first.nsproxy.net);
  assert.deepEqual([first.pid, second.pid], [1, 2]);
  assert.match(text(second, "/proc/1/status"), /^Pid:\t1$/m);
  assert.deepEqual([...kernel.tasks()].length, 2, "whoever made the joins is gone");
});

Deno.test("a namespace that cannot be joined ends the start, with the reason, and leaves no process", async () => {
  const kernel = machine(0);
  await assert.rejects(
    start(kernel, { namespaces: [{ type: "mount" }, { type: "pid", path: "/proc/99/ns/pid" }] }),
    /joining the pid namespace \/proc\/99\/ns\/pid: /,
  );
  await assert.rejects(
    start(kernel, { namespaces: [{ type: "mount" }, { type: "pid", path: "/proc/1/ns/uts" }] }),
    /joining the pid namespace .*: /,
  );
  assert.deepEqual([...kernel.tasks()], []);
});
