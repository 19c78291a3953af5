/** Control groups through their files (Linux: cgroup-v2; man 7 cgroups). @module */
import assert from "node:assert/strict";
import { O_RDONLY, O_WRONLY } from "../../../../fs/abi/open.ts";
import { Stat } from "../../../../fs/abi/stat.ts";
import { POLLPRI } from "../../../../fs/abi/poll.ts";
import { CgroupfsSuper } from "../../../../fs/cgroupfs/mod.ts";
import { named, path, testCaller, userCred } from "../../../../fs/testing/mod.ts";
import { TmpfsSuper } from "../../../../fs/tmpfs/mod.ts";
import type { FsCred } from "../../../../fs/vfs/cred.ts";
import {
  type Caller,
  chownAt,
  mkdirAt,
  openAt,
  type OpenFile,
  statAt,
  unlinkAt,
} from "../../../../fs/vfs/mod.ts";
import { AT_REMOVEDIR } from "../../../../fs/abi/open.ts";
import { type Cgroup, Hierarchy } from "./mod.ts";

/** A process of the tests. */
interface Process {
  pid: number;
  memory: number;
  cpu: number;
  alive: boolean;
  frozen: boolean;
}

class World {
  readonly processes: Process[] = [];
  readonly tree: Hierarchy;
  readonly c: ReturnType<typeof testCaller>;

  constructor() {
    const { processes } = this;
    this.tree = new Hierarchy({
      pidOf: (member) => (member as Process).pid,
      find: (pid, reader) =>
        processes.find((each) => each.pid === (pid === 0 ? (reader as { pid?: number }).pid : pid)),
      kill: (member) => {
        (member as Process).alive = false;
      },
      freeze: (member, frozen) => {
        (member as Process).frozen = frozen;
      },
      cpuTime: (member) => (member as Process).cpu,
      memory: (member) => (member as Process).memory,
    });
    this.c = testCaller(new TmpfsSuper({ mode: 0o755 }));
    mkdirAt(this.c, null, path("/cg"), 0o755);
    this.mount("/cg", this.tree.root);
  }

  mount(at: string, top: Cgroup): void {
    mkdirAt(this.c, null, path(at), 0o755);
    const file = openAt(this.c, null, path(at), O_RDONLY, 0) as OpenFile;
    const mount = this.c.vfs.newMount(new CgroupfsSuper(top, this.c.vfs));
    assert.equal(this.c.mountNs.attach(mount, { mount: file.mount!, dentry: file.dentry! }), 0);
    file.close();
  }
  spawn(parent: Process | null = null): Process | string {
    const made = { pid: this.processes.length + 1, memory: 0, cpu: 0, alive: true, frozen: false };
    const from = parent ?? {};
    const error = this.tree.reserve(from);
    if (error === 0) this.tree.enter(from, made);
    else return String(named(error));
    this.processes.push(made);
    return made;
  }
  as(cred: FsCred): Caller {
    return Object.assign(Object.create(this.c), { cred });
  }
  mkdir(name: string, c: Caller = this.c): string | number {
    const error = mkdirAt(c, null, path(name), 0o755);
    return error < 0 ? named(error) : 0;
  }
  rmdir(name: string): string | number {
    const error = unlinkAt(this.c, null, path(name), AT_REMOVEDIR);
    return error < 0 ? named(error) : 0;
  }
  open(name: string, flags: number, c: Caller = this.c): OpenFile | string {
    const file = openAt(c, null, path(name), flags, 0);
    return typeof file === "number" ? String(named(file)) : file;
  }
  read(name: string, c: Caller = this.c): string {
    const file = this.open(name, O_RDONLY, c);
    if (typeof file === "string") return file;
    const buffer = new Uint8Array(4096);
    const n = file.read(buffer, 0, 4096);
    file.close();
    return n < 0 ? String(named(n)) : new TextDecoder().decode(buffer.subarray(0, n));
  }
  write(name: string, text: string, c: Caller = this.c): string | number {
    const file = this.open(name, O_WRONLY, c);
    if (typeof file === "string") return file;
    const bytes = new TextEncoder().encode(text);
    const n = file.write(bytes, 0, bytes.length);
    file.close();
    return n < 0 ? named(n) : 0;
  }
  group(name: string): Cgroup {
    return name.split("/").filter((part) => part !== "").reduce(
      (at, part) => at.child(part)!,
      this.tree.root,
    );
  }
}

Deno.test("controllers come from above: a group has those that cgroup.subtree_control of its parent names, with their files", () => {
  const w = new World();
  assert.equal(w.read("/cg/cgroup.controllers"), "cpuset cpu io memory pids\n");
  w.mkdir("/cg/a");
  assert.equal(w.read("/cg/a/cgroup.controllers"), "\n");
  assert.equal(w.read("/cg/a/pids.max"), "ENOENT");
  assert.equal(w.write("/cg/cgroup.subtree_control", "+pids +memory"), 0);
  assert.equal(w.read("/cg/cgroup.subtree_control"), "memory pids\n");
  assert.equal(w.read("/cg/a/cgroup.controllers"), "memory pids\n");
  assert.equal(w.read("/cg/a/pids.max"), "max\n");
  assert.equal(w.write("/cg/a/cgroup.subtree_control", "+cpu"), "ENOENT");
  assert.equal(w.write("/cg/a/cgroup.subtree_control", "+nothing"), "EINVAL");
  assert.equal(w.write("/cg/a/cgroup.subtree_control", "+pids"), 0);
  w.mkdir("/cg/a/b");
  // What a group below has enabled cannot be taken from its parent first.
  assert.equal(w.write("/cg/a/b/cgroup.subtree_control", "+pids"), 0);
  assert.equal(w.write("/cg/a/cgroup.subtree_control", "-pids"), "EBUSY");
  assert.equal(w.write("/cg/a/b/cgroup.subtree_control", "-pids"), 0);
  w.write("/cg/a/b/pids.max", "7");
  assert.equal(w.write("/cg/a/cgroup.subtree_control", "-pids"), 0);
  assert.equal(w.read("/cg/a/b/pids.max"), "ENOENT");
  w.write("/cg/a/cgroup.subtree_control", "+pids");
  assert.equal(w.read("/cg/a/b/pids.max"), "max\n");
  // The root has no limits, no state and no type.
  for (const name of ["cgroup.type", "cgroup.events", "cgroup.kill", "pids.max", "memory.current"]) {
    assert.equal(w.read(`/cg/${name}`), "ENOENT", name);
  }
});

Deno.test("no internal processes: a group with processes gives no domain controllers on, one that does takes no processes", () => {
  const w = new World();
  w.write("/cg/cgroup.subtree_control", "+memory +pids");
  w.mkdir("/cg/a");
  w.mkdir("/cg/a/b");
  const one = w.spawn() as Process;
  assert.equal(w.write("/cg/a/cgroup.procs", String(one.pid)), 0);
  assert.equal(w.read("/cg/a/cgroup.procs"), "1\n");
  assert.equal(w.write("/cg/a/cgroup.subtree_control", "+memory"), "EBUSY");
  // Threaded controllers may be: the groups below can then hold threads only.
  assert.equal(w.write("/cg/a/cgroup.subtree_control", "+pids"), 0);
  assert.equal(w.read("/cg/a/cgroup.type"), "domain threaded\n");
  assert.equal(w.read("/cg/a/b/cgroup.type"), "domain invalid\n");
  assert.equal(w.write("/cg/a/b/cgroup.procs", "1"), "EOPNOTSUPP");
  assert.equal(w.write("/cg/a/cgroup.subtree_control", "-pids"), 0);
  assert.equal(w.write("/cg/a/b/cgroup.procs", "1"), 0);
  assert.equal(w.write("/cg/a/cgroup.subtree_control", "+memory"), 0);
  assert.equal(w.write("/cg/a/cgroup.procs", "1"), "EBUSY");
  assert.equal(w.write("/cg/cgroup.procs", "1"), 0);
  assert.equal(w.write("/cg/cgroup.procs", "99"), "ESRCH");
  assert.equal(w.write("/cg/cgroup.procs", "x"), "EINVAL");
});

Deno.test("a group is removed when nothing is in it; files cannot be made, removed or renamed; limits of the tree are EAGAIN", () => {
  const w = new World();
  w.mkdir("/cg/a");
  w.mkdir("/cg/a/b");
  assert.equal(w.rmdir("/cg/a"), "EBUSY");
  const one = w.spawn() as Process;
  w.write("/cg/a/b/cgroup.procs", "1");
  assert.equal(w.rmdir("/cg/a/b"), "EBUSY");
  w.tree.exit(one);
  assert.equal(w.rmdir("/cg/a/b"), 0);
  assert.equal(w.mkdir("/cg/a/cgroup.procs"), "EEXIST");
  assert.equal(named(unlinkAt(w.c, null, path("/cg/a/cgroup.procs"), 0)), "EPERM");
  assert.equal(w.write("/cg/a/cgroup.max.depth", "1"), 0);
  assert.equal(w.write("/cg/a/cgroup.max.descendants", "2"), 0);
  assert.equal(w.write("/cg/a/cgroup.max.depth", "-1"), "ERANGE");
  assert.equal(w.mkdir("/cg/a/b"), 0);
  assert.equal(w.mkdir("/cg/a/b/c"), "EAGAIN");
  assert.equal(w.mkdir("/cg/a/c"), 0);
  assert.equal(w.mkdir("/cg/a/d"), "EAGAIN");
  assert.equal(w.read("/cg/a/cgroup.stat"), "nr_descendants 2\nnr_dying_descendants 0\n");
});

Deno.test("cgroup.events, cgroup.freeze, cgroup.kill act on the whole tree below, and pollers are told", () => {
  const w = new World();
  w.mkdir("/cg/a");
  w.mkdir("/cg/a/b");
  const events = w.open("/cg/a/cgroup.events", O_RDONLY) as OpenFile;
  assert.equal(w.read("/cg/a/cgroup.events"), "populated 0\nfrozen 0\n");
  let woken = 0;
  events.waitQueue()!.add({ wake: (now) => woken |= now });
  const one = w.spawn() as Process, other = w.spawn() as Process;
  w.write("/cg/a/b/cgroup.procs", "1");
  assert.equal(woken & POLLPRI, POLLPRI);
  assert.equal(events.poll() & POLLPRI, POLLPRI);
  events.pread(new Uint8Array(99), 0, 99, 0);
  assert.equal(events.poll() & POLLPRI, 0);
  events.close();
  assert.equal(w.write("/cg/a/cgroup.freeze", "1"), 0);
  assert.equal(w.write("/cg/a/cgroup.freeze", "2"), "ERANGE");
  assert.equal(w.read("/cg/a/b/cgroup.events"), "populated 1\nfrozen 1\n");
  assert.equal(w.read("/cg/a/b/cgroup.freeze"), "0\n");
  assert.deepEqual([one.frozen, other.frozen], [true, false]);
  w.write("/cg/a/b/cgroup.procs", "2"); // whoever comes in is frozen, whoever leaves is not
  assert.equal(other.frozen, true);
  w.write("/cg/cgroup.procs", "2");
  assert.equal(other.frozen, false);
  w.write("/cg/a/cgroup.freeze", "0");
  assert.equal(one.frozen, false);
  assert.equal(w.write("/cg/a/cgroup.kill", "0"), "ERANGE");
  assert.equal(w.write("/cg/a/cgroup.kill", "1"), 0);
  assert.deepEqual([one.alive, other.alive], [false, true]);
});

Deno.test("pids.max: a fork beyond it is EAGAIN and counted; moving in is not limited", () => {
  const w = new World();
  w.write("/cg/cgroup.subtree_control", "+pids");
  w.mkdir("/cg/a");
  const first = w.spawn() as Process;
  w.write("/cg/a/cgroup.procs", "1");
  w.write("/cg/a/pids.max", "2");
  assert.equal(typeof w.spawn(first), "object");
  assert.equal(w.spawn(first), "EAGAIN");
  w.spawn();
  assert.equal(w.write("/cg/a/cgroup.procs", "3"), 0);
  assert.equal(w.read("/cg/a/pids.current"), "3\n");
  assert.equal(w.read("/cg/a/pids.peak"), "3\n");
  assert.equal(w.read("/cg/a/pids.events"), "max 1\n");
  for (const each of w.processes) w.tree.exit(each);
  assert.equal(w.read("/cg/a/pids.current"), "0\n");
  assert.equal(w.write("/cg/a/pids.max", "-1"), "EINVAL");
});

Deno.test("memory: guests and files are counted up the tree; beyond memory.max the largest process of the group dies", () => {
  const w = new World();
  w.write("/cg/cgroup.subtree_control", "+memory");
  w.mkdir("/cg/a");
  w.write("/cg/a/cgroup.subtree_control", "+memory");
  w.mkdir("/cg/a/b");
  const [small, large] = [w.spawn() as Process, w.spawn() as Process];
  for (const { pid } of [small, large]) w.write("/cg/a/b/cgroup.procs", String(pid));
  small.memory = 4096;
  large.memory = 65536;
  assert.equal(w.group("a/b").memory.charge(8192), true);
  assert.equal(w.read("/cg/a/memory.current"), "77824\n");
  assert.match(w.read("/cg/a/memory.stat"), /^anon 69632\nfile 8192\n/);
  assert.equal(w.write("/cg/a/memory.max", "80k"), 0);
  assert.equal(w.read("/cg/a/memory.max"), "81920\n");
  assert.equal(w.group("a/b").memory.charge(8192), false);
  assert.deepEqual([small.alive, large.alive], [true, false]);
  assert.equal(w.read("/cg/a/memory.events"), "low 0\nhigh 0\nmax 1\noom 1\noom_kill 1\noom_group_kill 0\n");
  assert.equal(
    w.read("/cg/a/memory.events.local"),
    "low 0\nhigh 0\nmax 1\noom 1\noom_kill 0\noom_group_kill 0\n",
  );
  w.tree.exit(large);
  assert.equal(w.group("a/b").memory.charge(8192), true);
  assert.equal(w.read("/cg/a/b/memory.current"), "20480\n");
  assert.equal(w.read("/cg/a/memory.peak"), "77824\n");
  // memory.oom.group: all of it.
  const third = w.spawn(small) as Process;
  w.write("/cg/a/b/memory.oom.group", "1");
  third.memory = 70000;
  w.group("a/b").memory.grown();
  assert.deepEqual([small.alive, third.alive], [false, false]);
  assert.match(w.read("/cg/a/memory.events"), /oom_kill 3\noom_group_kill 1\n/);
  assert.equal(w.write("/cg/a/memory.max", "lots"), "EINVAL");
  assert.equal(w.write("/cg/a/memory.max", "max"), 0);
});

Deno.test("a removed group's pages are counted above until they are given back", () => {
  const w = new World();
  w.write("/cg/cgroup.subtree_control", "+memory");
  w.mkdir("/cg/a");
  w.write("/cg/a/cgroup.subtree_control", "+memory");
  w.mkdir("/cg/a/b");
  const gone = w.group("a/b");
  gone.memory.charge(4096);
  assert.equal(w.rmdir("/cg/a/b"), 0);
  assert.equal(w.read("/cg/a/memory.current"), "4096\n");
  gone.memory.charge(-4096);
  assert.equal(w.read("/cg/a/memory.current"), "0\n");
});

Deno.test("cpu, io, cpuset: formats and ranges; the time of processes that have left stays", () => {
  const w = new World();
  w.write("/cg/cgroup.subtree_control", "+cpu +io +cpuset");
  w.mkdir("/cg/a");
  assert.equal(w.read("/cg/a/cpu.max"), "max 100000\n");
  assert.equal(w.write("/cg/a/cpu.max", "50000"), 0);
  assert.equal(w.write("/cg/a/cpu.max", "20000 50000"), 0);
  assert.equal(w.read("/cg/a/cpu.max"), "20000 50000\n");
  for (const wrong of ["10", "max 10", "x", "1000 2000000"]) {
    assert.equal(w.write("/cg/a/cpu.max", wrong), "EINVAL", wrong);
  }
  assert.equal(w.write("/cg/a/cpu.weight", "10001"), "ERANGE");
  assert.equal(w.write("/cg/a/cpu.weight.nice", "-20"), 0);
  assert.equal(w.read("/cg/a/cpu.weight"), "8674\n");
  // There are no block devices (blkg_conf_prep).
  for (const limit of ["8:16 rbps=2097152 wiops=120", "8:0"]) {
    assert.equal(w.write("/cg/a/io.max", limit), "ENODEV");
  }
  for (const wrong of ["8 rbps=1", "x", "8:x rbps=1"]) assert.equal(w.write("/cg/a/io.max", wrong), "EINVAL");
  assert.deepEqual([w.read("/cg/a/io.max"), w.read("/cg/a/io.stat")], ["", ""]);
  assert.equal(w.write("/cg/a/io.weight", "8:0 200"), "ENODEV");
  assert.deepEqual(["200", "default 300"].map((weight) => w.write("/cg/a/io.weight", weight)), [0, 0]);
  assert.equal(w.write("/cg/a/io.weight", "10001"), "ERANGE");
  assert.equal(w.read("/cg/a/io.weight"), "default 300\n");
  assert.equal(w.write("/cg/a/cpuset.cpus", "0,0-0"), 0);
  assert.equal(w.read("/cg/a/cpuset.cpus"), "0\n");
  w.mkdir("/cg/a/b");
  assert.equal(w.group("a/b").cpuset.effective("cpus"), "0");
  assert.equal(w.write("/cg/a/cpuset.cpus", String(navigator.hardwareConcurrency)), "ERANGE");
  assert.equal(w.write("/cg/a/cpuset.mems", "1"), "ERANGE");
  assert.equal(w.write("/cg/a/cpuset.cpus", "3-1"), "EINVAL");
  const one = w.spawn() as Process;
  one.cpu = 500;
  w.write("/cg/a/b/cgroup.procs", "1");
  one.cpu = 1500;
  assert.match(w.read("/cg/a/cpu.stat"), /^usage_usec 1000\n/);
  w.tree.exit(one);
  assert.equal(w.rmdir("/cg/a/b"), 0);
  assert.match(w.read("/cg/a/cpu.stat"), /^usage_usec 1000\n[^]*nr_periods 0/);
});

Deno.test("delegation: who owns a group may make groups and move processes inside of it, not across its border", () => {
  const w = new World();
  const user = w.as(userCred(1000));
  w.mkdir("/cg/theirs");
  w.mkdir("/cg/other");
  for (const name of ["", "/cgroup.procs", "/cgroup.subtree_control"]) {
    chownAt(w.c, null, path(`/cg/theirs${name}`), 1000, 1000, 0);
  }
  assert.equal(w.mkdir("/cg/theirs/a", user), 0);
  assert.equal(w.mkdir("/cg/theirs/b", user), 0);
  assert.equal(w.mkdir("/cg/other/a", user), "EACCES");
  w.spawn();
  w.spawn();
  w.write("/cg/theirs/a/cgroup.procs", "1");
  assert.equal(w.write("/cg/theirs/b/cgroup.procs", "1", user), 0);
  assert.equal(w.write("/cg/theirs/b/cgroup.procs", "2", user), "EACCES"); // it is in the root
  assert.equal(w.write("/cg/other/cgroup.procs", "1", user), "EACCES");
  // The owner counts through every mount.
  w.mount("/view", w.group("theirs"));
  const stat = new Stat();
  assert.equal(statAt(w.c, null, path("/view/cgroup.procs"), 0, stat), 0);
  assert.equal(stat.uid, 1000);
});

Deno.test("man 7 cgroup_namespaces: paths are relative to the reader's root, /.. leads out of it", () => {
  const w = new World();
  for (const name of ["/cg/a", "/cg/a/b", "/cg/c"]) w.mkdir(name);
  const one = w.spawn() as Process;
  w.write("/cg/a/b/cgroup.procs", "1");
  const shown = (top: string): string => w.tree.describe(one, w.group(top)).trim();
  assert.equal(shown(""), "0::/a/b");
  assert.equal(shown("a"), "0::/b");
  assert.equal(shown("a/b"), "0::/");
  assert.equal(shown("c"), "0::/../a/b");
  w.write("/cg/a/cgroup.procs", "1");
  assert.equal(shown("a/b"), "0::/..");
});

Deno.test("config-linux.md#allowed-device-list: the last rule that fits decides, every group above must allow", () => {
  const w = new World();
  w.mkdir("/cg/a");
  w.mkdir("/cg/a/b");
  w.group("a").deviceRules = [
    { allow: false, type: "a", access: "rwm" },
    { allow: true, type: "c", major: 1, minor: 3, access: "rw" },
    { allow: true, type: "c", access: "m" },
    { allow: false, type: "c", major: 1, minor: 3, access: "w" },
  ];
  const b = w.group("a/b");
  assert.equal(b.mayUse("c", 1, 3, "r"), true);
  assert.equal(b.mayUse("c", 1, 3, "rw"), false);
  assert.equal(b.mayUse("c", 7, 7, "m"), true);
  assert.equal(b.mayUse("b", 8, 0, "r"), false);
  b.deviceRules = [];
  assert.equal(b.mayUse("c", 1, 3, "r"), false);
  assert.equal(w.group("a").mayUse("c", 1, 3, "r"), true);
});

Deno.test("cpu.max: who has used the quota waits for the next period, here or above; more than one period is paid back over several", () => {
  const w = new World();
  w.write("/cg/cgroup.subtree_control", "+cpu");
  w.mkdir("/cg/a");
  w.write("/cg/a/cgroup.subtree_control", "+cpu");
  w.mkdir("/cg/a/b");
  const one = w.spawn() as Process;
  w.write("/cg/a/b/cgroup.procs", "1");
  const { cpu } = w.group("a/b");
  assert.equal(cpu.throttledUntil(1000), 0);
  w.write("/cg/a/cpu.max", "20000 100000");
  assert.equal(cpu.throttledUntil(1000), 0); // the first period begins
  one.cpu += 10000;
  assert.equal(cpu.throttledUntil(1010), 0);
  one.cpu += 14000;
  assert.equal(cpu.throttledUntil(1024), 1100);
  assert.equal(cpu.throttledUntil(1100), 0);
  one.cpu += 16000; // and 4000 from before
  assert.equal(cpu.throttledUntil(1116), 1200);
  assert.equal(cpu.throttledUntil(1900), 0);
  assert.match(w.read("/cg/a/cpu.stat"), /nr_periods 10\nnr_throttled 2\nthrottled_usec 160000\n/);
  assert.match(w.read("/cg/a/b/cpu.stat"), /nr_throttled 0\n/);
});
