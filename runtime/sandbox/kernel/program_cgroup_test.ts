/** Programs of containers: cgroups, devices, kernel parameters, mounts with tmpcopyup, masks. @module */
import assert from "node:assert/strict";
import { CgroupfsSuper, procType, tmpfsType } from "../../../fs/mod.ts";
import { makedev } from "../../../fs/abi/device.ts";
import { S_IFCHR } from "../../../fs/abi/mode.ts";
import { MNT_DETACH, MNT_EXPIRE, MOUNT_ATTR_RDONLY, MS_BIND, MS_REC } from "../../../fs/abi/mount.ts";
import { O_CREAT, O_RDWR, O_WRONLY } from "../../../fs/abi/open.ts";
import { Files, named, path } from "../../../fs/testing/mod.ts";
import { TmpfsSuper } from "../../../fs/tmpfs/mod.ts";
import { lookupAt, mknodAt, type VPath } from "../../../fs/vfs/mod.ts";
import { CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER } from "../../abi/linux/clone.ts";
import { compileSpec } from "../../program/compile.ts";
import { decodeSpec } from "../../spec/decode.ts";
import type { BinaryFormat } from "./binfmt.ts";
import { FdTable } from "./fd_table.ts";
import { privilegedOver } from "./filesystems.ts";
import { unshare } from "./namespace_join.ts";
import { Arguments } from "./syscalls/arguments.ts";
import { mountCalls } from "./syscalls/mount.ts";
import { CAPABILITIES } from "../../abi/linux/capability.ts";
import { hostDevices } from "./host_devices.ts";
import { Kernel } from "./kernel.ts";
import { procHost } from "./proc_host.ts";
import { runProgram } from "./program_runner.ts";
import type { Task } from "./task.ts";
import { clone } from "./task_clone.ts";

/** Programs that only are there. */
const format: BinaryFormat = {
  name: "test",
  probe: (header) => header[0] === 0x21,
  load: (_task, _file, _argv, _envp, commit) => {
    commit();
    return Promise.resolve({ run: () => Promise.resolve(0) });
  },
};

function place(task: Task, name: string): VPath {
  const found = lookupAt(task, null, path(name), true);
  assert.ok(typeof found !== "number", name);
  return found;
}

function machine(): Kernel {
  const kernel = new Kernel({ formats: [format] });
  const memory = (): { total: number; free: number } => ({ total: 1, free: 1 });
  const proc = procType((caller) => procHost(kernel, caller, memory));
  for (const type of [proc, tmpfsType]) kernel.vfs.filesystems.set(type.name, type);
  kernel.vfs.devices.register("c", makedev(1, 3), { open: (inode) => inode.sb.root.open(0) });
  kernel.mountHost("/dev", hostDevices());
  kernel.mountHost("/sys/fs/cgroup", new CgroupfsSuper(kernel.cgroups.root, kernel.vfs));
  kernel.mountHost("/rootfs", new TmpfsSuper({ mode: 0o755 }));
  const files = new Files(kernel.swapper);
  files.write("/rootfs/init", "!", 0o755);
  for (const dir of ["proc", "dev", "var", "var/log", "sys", "sys/fs", "sys/fs/cgroup"]) {
    files.mkdir(`/rootfs/${dir}`);
  }
  files.write("/rootfs/var/log/old", "kept", 0o640);
  files.write("/rootfs/dev/null", "not a device");
  return kernel;
}

async function start(
  kernel: Kernel,
  linux: object,
  mounts: readonly object[] = [],
  id?: string,
): Promise<Task> {
  const spec = decodeSpec({
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: {
      ...{ cwd: "/", args: ["/init"] },
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    },
    mounts: [{ destination: "/proc", type: "proc", source: "proc" }, ...mounts],
    linux: { namespaces: ["mount", "pid", "ipc", "uts", "cgroup"].map((type) => ({ type })), ...linux },
  });
  const options = { rootfs: "/rootfs", ...id === undefined ? {} : { id } };
  return (await runProgram(kernel, compileSpec(spec, options), new FdTable())).task;
}

Deno.test("config-linux.md#control-groups: the container is in its cgroup, with its limits, and sees it as the root of the tree", async () => {
  const kernel = machine();
  const task = await start(kernel, {
    cgroupsPath: "/pods/one",
    resources: { memory: { limit: 67108864 }, pids: { limit: 2 }, cpu: { quota: 50000, period: 100000 } },
  }, [{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid"] }]);
  const f = new Files(task), host = new Files(kernel.swapper);
  assert.equal(f.text("/proc/self/cgroup"), "0::/\n");
  assert.equal(kernel.cgroups.of(task).path, "/pods/one");
  assert.equal(f.text("/sys/fs/cgroup/memory.max"), "67108864\n");
  assert.equal(f.text("/sys/fs/cgroup/cgroup.procs"), "1\n");
  assert.equal(host.text("/sys/fs/cgroup/pods/one/cpu.max"), "50000 100000\n");
  assert.equal(f.opens("/sys/fs/cgroup/memory.max", O_WRONLY), "EROFS");
  assert.match(f.text("/proc/self/mountinfo"), / \/sys\/fs\/cgroup ro,nosuid,relatime - cgroup2 cgroup ro$/m);
  const child = clone(task, { flags: 0 });
  assert.ok(typeof child !== "number");
  assert.equal(f.text("/sys/fs/cgroup/pids.current"), "2\n");
  assert.equal(named(clone(task, { flags: 0 }) as number), "EAGAIN");
  host.write("/sys/fs/cgroup/pods/one/cgroup.freeze", "1");
  assert.deepEqual([task.frozen, child.frozen], [true, true]);
  host.write("/sys/fs/cgroup/pods/one/cgroup.freeze", "0");
  host.write("/sys/fs/cgroup/pods/one/cgroup.kill", "1");
  assert.deepEqual([task.dying, child.dying], [true, true]);
  task.exit(0);
  assert.equal(host.text("/sys/fs/cgroup/pods/one/cgroup.events"), "populated 0\nfrozen 0\n");
  assert.equal(host.rmdir("/sys/fs/cgroup/pods/one"), 0);
});

Deno.test("without a cgroups path the id is the cgroup's name; without either there is none", async () => {
  const kernel = machine();
  assert.equal(kernel.cgroups.of(await start(kernel, {}, [], "box")).path, "/box");
  assert.equal(kernel.cgroups.of(await start(kernel, {})).path, "/");
});

Deno.test("a limit that cannot be set is an error with the file's name, and leaves no process", async () => {
  const kernel = machine();
  await assert.rejects(
    start(kernel, { resources: { unified: { "memory.nothing": "1" } } }),
    /^ProgramError: setting memory\.nothing of cgroup \/umiak: /,
  );
  await assert.rejects(
    start(kernel, { resources: { cpu: { quota: 5 } } }),
    /setting cpu\.max of cgroup \/umiak: /,
  );
  assert.deepEqual([...kernel.tasks()], []);
});

Deno.test("config-linux.md#allowed-device-list: open and mknod ask the list; the image's own /dev/null gives way", async () => {
  const kernel = machine();
  const task = await start(kernel, {
    resources: {
      devices: [{ allow: false, access: "rwm" }, {
        allow: true,
        type: "c",
        major: 10,
        minor: 1,
        access: "r",
      }],
    },
  });
  const f = new Files(task);
  assert.notEqual(f.opens("/dev/null", O_RDWR), "EPERM");
  for (const [name, minor] of [["listed", 1], ["other", 2]] as const) {
    assert.equal(mknodAt(task, null, path(`/${name}`), S_IFCHR | 0o666, makedev(10, minor)), 0);
  }
  assert.equal(f.opens("/listed"), "ENXIO"); // allowed, but nobody drives it
  assert.equal(f.opens("/listed", O_RDWR), "EPERM");
  assert.equal(f.opens("/other"), "EPERM");
  kernel.cgroups.of(task).deviceRules = [];
  assert.equal(named(mknodAt(task, null, path("/more"), S_IFCHR | 0o666, makedev(10, 3))), "EPERM");
  assert.equal(mknodAt(task, null, path("/whiteout"), S_IFCHR, 0), 0);
});

Deno.test("config-linux.md#sysctl: parameters are those of the container's namespaces, set through a proc it cannot touch", async () => {
  const kernel = machine();
  const sysctl = {
    "kernel.msgmax": "1234",
    "fs.mqueue.msg_max": "20",
    "kernel.domainname": "example.org",
    "kernel.sem": "1 2 3 4",
  };
  const task = await start(kernel, { sysctl, readonlyPaths: ["/proc/sys"] });
  const f = new Files(task), other = new Files(await start(kernel, {}));
  assert.equal(f.text("/proc/sys/kernel/msgmax"), "1234\n");
  assert.equal(f.text("/proc/sys/fs/mqueue/msg_max"), "20\n");
  assert.equal(f.text("/proc/sys/kernel/domainname"), "example.org\n");
  assert.equal(f.text("/proc/sys/kernel/sem"), "1\t2\t3\t4\n");
  assert.equal(f.opens("/proc/sys/kernel/msgmax", O_WRONLY), "EROFS");
  assert.equal(other.text("/proc/sys/kernel/msgmax"), "8192\n");
  other.write("/proc/sys/kernel/hostname", "own\n");
  assert.equal(other.caller.mountNs === f.caller.mountNs, false);
  assert.deepEqual([f.text("/proc/sys/kernel/hostname"), other.text("/proc/sys/kernel/hostname")], [
    "localhost\n",
    "own\n",
  ]);
  assert.equal(f.text("/proc/sysvipc/msg").split("\n").length, 2);
  await assert.rejects(start(kernel, { sysctl: { "kernel.msgmax": "x" } }), /setting sysctl kernel.msgmax: /);
});

Deno.test("mounts: tmpcopyup, read-only when it is filled, remounted; masks hide; an mqueue is the namespace's", async () => {
  const kernel = machine();
  const task = await start(kernel, { maskedPaths: ["/var/log/old", "/sys/fs", "/nothing"] }, [
    { destination: "/var", type: "tmpfs", source: "up", options: ["tmpcopyup", "ro", "mode=711", "sync"] },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  ]);
  const f = new Files(task);
  const info = f.text("/proc/self/mountinfo");
  assert.match(info, / \/ \/var ro,relatime - tmpfs up ro,sync(,|$)/m);
  assert.match(info, / \/ \/dev\/mqueue rw,nosuid,nodev,noexec,relatime - mqueue mqueue rw$/m);
  assert.equal(f.opens("/var/log/new", O_WRONLY | 0o100), "EROFS");
  assert.match(info, / \/null \/var\/log\/old rw,relatime - tmpfs /m);
  assert.deepEqual(f.list("/sys/fs"), []);
  assert.match(info, / \/sys\/fs ro,relatime - tmpfs tmpfs rw,/m);
  const again = await start(kernel, {}, [
    { destination: "/var", type: "tmpfs", source: "up", options: ["tmpcopyup", "ro"] },
    { destination: "/var", options: ["remount", "rw", "nodev"] },
  ]);
  const g = new Files(again);
  assert.equal(g.text("/var/log/old"), "kept");
  assert.equal(g.stat("/var/log/old").mode & 0o777, 0o640);
  g.write("/var/log/new", "x");
  assert.equal(new Files(kernel.swapper).opens("/rootfs/var/log/new"), "ENOENT");
  assert.match(g.text("/proc/self/mountinfo"), / \/var rw,nodev,relatime - tmpfs up rw/m);
});

Deno.test("rootfsPropagation: the root is what it says (config-linux.md#rootfs-mount-propagation)", async () => {
  for (
    const [type, shown] of [
      ["shared", /^\d+ \d+ 0:\d+ \/ \/ rw,relatime shared:\d+ - /m],
      ["private", /^\d+ \d+ 0:\d+ \/ \/ rw,relatime - /m],
      ["unbindable", /^\d+ \d+ 0:\d+ \/ \/ rw,relatime unbindable - /m],
      ["rslave", /^\d+ \d+ 0:\d+ \/ \/ rw,relatime - /m],
    ] as const
  ) {
    const task = await start(machine(), { rootfsPropagation: type });
    assert.match(new Files(task).text("/proc/self/mountinfo"), shown, type);
  }
});

Deno.test("memory.max counts pages of tmpfs: ENOMEM and the OOM killer beyond it, given back by truncating and unmounting", async () => {
  const kernel = machine();
  const mounts = [{ destination: "/tmp", type: "tmpfs", source: "tmpfs" }];
  const task = await start(kernel, { resources: { memory: { limit: 1048576 } } }, mounts);
  const f = new Files(task), host = new Files(kernel.swapper);
  const current = (): number => Number(host.text("/sys/fs/cgroup/umiak/memory.current"));
  const before = current();
  f.write("/tmp/file", new Uint8Array(300000));
  assert.equal(current() - before, 5 * 65536); // what is really held: whole chunks
  f.write("/tmp/file", "");
  assert.equal(current(), before);
  f.write("/tmp/file", new Uint8Array(300000));
  assert.equal(task.mountNs.umount(place(task, "/tmp").mount, MNT_DETACH), 0);
  assert.equal(current(), before);
  const file = f.open("/large", O_WRONLY | O_CREAT);
  const bytes = new Uint8Array(65536);
  let written = 0, n = 0;
  do written += Math.max(0, n = file.write(bytes, 0, bytes.length)); while (n > 0);
  assert.equal(named(n), "ENOMEM");
  assert.ok(written >= 1048576 - before - 65536 && written <= 1048576, String(written));
  assert.deepEqual([task.dying, task.exitStatus], [true, 9]); // SIGKILL: 137 for a shell
  assert.match(host.text("/sys/fs/cgroup/umiak/memory.events"), /max 1\noom 1\noom_kill 1\n/);
  file.close();
});

Deno.test("what is in use is not unmounted; a root that is unmounted becomes read-only (man 2 umount2)", async () => {
  const task = await start(machine(), {}, [{ destination: "/tmp", type: "tmpfs", source: "tmpfs" }]);
  const f = new Files(task);
  const fd = task.files.install(f.open("/tmp/x", O_WRONLY | O_CREAT));
  const { mount } = place(task, "/tmp");
  assert.equal(named(task.mountNs.umount(mount, 0)), "EBUSY");
  assert.equal(named(task.mountNs.setAttr(mount, MOUNT_ATTR_RDONLY, 0, 0, false)), "EBUSY");
  task.files.close(fd);
  assert.equal(task.mountNs.setAttr(mount, MOUNT_ATTR_RDONLY, 0, 0, false), 0);
  assert.equal(task.mountNs.umount(mount, 0), 0);
  const umount = (target: string, flags: number): number =>
    mountCalls.umount2!(task, new Arguments("umount2", [target, flags])) as number;
  assert.equal(umount("/", 0), 0);
  assert.equal(f.opens("/new", O_WRONLY | O_CREAT), "EROFS");
  assert.equal(named(umount("/", MNT_EXPIRE)), "EINVAL");
  assert.equal(named(umount("/dev", 64)), "EINVAL");
});

Deno.test("man 7 user_namespaces: what a less privileged mount namespace may mount, and what it may not take off", async () => {
  const kernel = machine();
  kernel.vfs.filesystems.set("hostfs", { ...tmpfsType, name: "hostfs" });
  kernel.vfs.filesystems.set("tmpfs", { ...tmpfsType, mayMount: (caller) => caller.cred.capable(21) });
  const proc = kernel.vfs.filesystems.get("proc")!;
  kernel.vfs.filesystems.set("proc", {
    ...proc,
    mayMount: privilegedOver((task) => task.pidNs),
    revealing: true,
  });
  const task = await start(kernel, { maskedPaths: ["/proc/version"] });
  const call = (name: string, ...args: (string | number | null)[]): string | number =>
    named(mountCalls[name]!(task, new Arguments(name, args)) as number);
  assert.equal(unshare(task, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID), 0);
  assert.equal(call("mount", "t", "/var", "tmpfs", 0, null), 0);
  assert.equal(call("umount2", "/var", 0), 0);
  assert.equal(call("mount", "h", "/var", "hostfs", 0, null), "EPERM");
  // /proc is another namespace's: its mask cannot be taken off, and a new one would have none.
  assert.equal(call("umount2", "/proc/version", MNT_DETACH), "EINVAL");
  assert.equal(call("umount2", "/proc", MNT_DETACH), "EINVAL");
  assert.equal(call("mount", "/proc", "/var", null, MS_BIND, null), "EINVAL");
  assert.equal(call("mount", "/proc", "/var", null, MS_BIND | MS_REC, null), 0);
  assert.equal(call("mount", "proc", "/var", "proc", 0, null), "EPERM");
  assert.equal(call("mount", "q", "/var", "mqueue", 0, null), "EPERM"); // the IPC namespace is still the other's
  assert.equal(unshare(task, CLONE_NEWIPC), 0);
  assert.equal(call("mount", "q", "/var", "mqueue", 0, null), 0);
  // The host's mounts are not this namespace's any more.
  const { fields } = task.cred;
  assert.equal(fields.effective.has(21), true);
});
