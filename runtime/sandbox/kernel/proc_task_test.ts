import assert from "node:assert/strict";
import { EACCES, EINVAL, ENOENT, EPERM } from "../../../fs/abi/errno.ts";
import { MS_BIND } from "../../../fs/abi/mount.ts";
import { O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } from "../../../fs/abi/open.ts";
import { Stat } from "../../../fs/abi/stat.ts";
import { ProcfsSuper, procType } from "../../../fs/procfs/mod.ts";
import {
  mountAt,
  mountinfo,
  openAt,
  parsePath,
  type PathName,
  readlinkAt,
  statAt,
} from "../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWUSER, CLONE_NEWUTS } from "../../abi/linux/clone.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import type { Credentials } from "./credentials.ts";
import { Kernel } from "./kernel.ts";
import { setns, unshare } from "./namespace_join.ts";
import { NamespaceFile } from "./nsfs.ts";
import { procHost } from "./proc_host.ts";
import { setsid } from "./session.ts";
import { setresgid, setresuid } from "./set_ids.ts";
import { DEFAULT_ACTION, SIG_IGN } from "./sigaction.ts";
import { SigSet } from "./sigset.ts";
import type { Task } from "./task.ts";
import { commitCredentials } from "./commit_cred.ts";
import { child } from "./testing.ts";

const memory = (): { total: number; free: number } => ({ total: 2 ** 30, free: 2 ** 29 });
const name = (path: string): PathName => parsePath(path) as PathName;

/** A kernel with /proc of the initial namespace, and /inner of the namespace of an init. */
function machine(): { readonly root: Task; readonly init: Task; readonly task: Task } {
  const kernel = new Kernel();
  kernel.mountHost("/proc", new ProcfsSuper({ host: procHost(kernel, kernel.swapper, memory) }), "proc");
  const root = kernel.spawn();
  const init = child(root, { flags: CLONE_NEWPID });
  kernel.mountHost("/inner", new ProcfsSuper({ host: procHost(kernel, init, memory) }), "proc");
  return { root, init, task: child(init) };
}

function open(task: Task, path: string, flags = O_RDONLY): OpenFile | number {
  return openAt(task, null, name(path), flags, 0);
}

function read(task: Task, path: string): string | number {
  const file = open(task, path);
  if (typeof file === "number") return file;
  const bytes = new Uint8Array(65536);
  const n = file.read(bytes, 0, bytes.length);
  file.close();
  return n < 0 ? n : new TextDecoder().decode(bytes.subarray(0, n));
}

function write(task: Task, path: string, text: string): number {
  const file = open(task, path, O_WRONLY);
  if (typeof file === "number") return file;
  const bytes = new TextEncoder().encode(text);
  const n = file.write(bytes, 0, bytes.length);
  file.close();
  return n < 0 ? n : 0;
}

/** Lines of status by their name. */
function status(reader: Task, path: string): Record<string, string> {
  return Object.fromEntries(
    (read(reader, path) as string).trimEnd().split("\n").map((line) => line.split(":\t") as [string, string]),
  );
}

function become(task: Task, uid: number): Task {
  commitCredentials(task, setresgid(task.cred, uid, uid, uid) as Credentials);
  commitCredentials(task, setresuid(task.cred, uid, uid, uid) as Credentials);
  task.dumpable = true; // as after an execve
  return task;
}

function entries(task: Task, path: string): string[] {
  const file = open(task, path) as OpenFile;
  const stream = file.inode.openDir();
  assert.ok(typeof stream !== "number");
  const names: string[] = [];
  for (let entry = stream.next(); entry !== null && typeof entry !== "number"; entry = stream.next()) {
    names.push(entry.name);
  }
  file.close();
  return names;
}

Deno.test("a procfs shows the processes of its pid namespace only, with their ids there", () => {
  const { root, init, task } = machine();
  const pids = (path: string): string[] => entries(root, path).filter((each) => /^\d+$/.test(each));
  assert.deepEqual(pids("/inner"), ["1", "2"]);
  assert.deepEqual(pids("/proc").length, 4); // the kernel's own is the first
  assert.equal(read(init, "/inner/3/status"), -ENOENT);
  assert.equal(status(init, "/inner/2/status")["PPid"], "1");
  assert.equal(status(init, "/inner/1/status")["PPid"], "0");
  const outer = task.id.in(root.pidNs);
  assert.equal(status(root, `/proc/${outer}/status`)["NSpid"], `${outer}\t2`);
  assert.equal(status(root, "/inner/2/status")["NSpid"], "2");
  assert.equal(readlinkAt(task, null, name("/inner/self")), "2");
  assert.equal(readlinkAt(task, null, name("/inner/thread-self")), "2/task/2");
  assert.equal(readlinkAt(root, null, name("/inner/self")), -ENOENT);
});

Deno.test("status: ids, groups, capabilities, signals, no_new_privs (man 5 proc_pid_status)", () => {
  const { task } = machine();
  setsid(task);
  task.signals.setAction(SIGNAL.SIGUSR1, { ...DEFAULT_ACTION, handler: 7 });
  task.signals.setAction(SIGNAL.SIGPIPE, { ...DEFAULT_ACTION, handler: SIG_IGN });
  task.signals.setMask(SigSet.of(SIGNAL.SIGTERM));
  task.cred = task.cred.with({ groups: [4, 20], noNewPrivs: true, suid: 5 });
  task.comm = "back\\slash";
  const lines = status(task, "/inner/self/status");
  assert.deepEqual(
    [
      "Name",
      "State",
      "Tgid",
      "Pid",
      "Uid",
      "Groups",
      "NSpgid",
      "NSsid",
      "SigBlk",
      "SigIgn",
      "SigCgt",
      "NoNewPrivs",
    ]
      .map((key) => lines[key]),
    [
      ...["back\\\\slash", "R (running)", "2", "2", "0\t0\t5\t0", "4 20 ", "2", "2"],
      ...["0000000000004000", "0000000000001000", "0000000000000200", "1"],
    ],
  );
  assert.equal(lines["CapEff"], "000001ffffffffff");
  const stat = (read(task, "/inner/self/stat") as string).trimEnd().split(") ")[1]!.split(" ");
  assert.deepEqual([stat.length, ...stat.slice(0, 6)], [50, "R", "1", "2", "2", "0", "-1"]);
});

Deno.test("states: sleeping, stopped, zombie", async () => {
  const { init, task } = machine();
  const state = (): string | undefined => status(init, "/inner/2/status")["State"];
  task.driven = true;
  const waiting = task.waitFor([], 0, Infinity);
  assert.equal(state(), "S (sleeping)");
  task.stop(SIGNAL.SIGSTOP);
  assert.equal(state(), "T (stopped)");
  task.resume();
  task.die(SIGNAL.SIGKILL);
  await waiting;
  task.exit(9);
  assert.equal(state(), "Z (zombie)");
  assert.equal(read(init, "/inner/2/cmdline"), "");
});

Deno.test("ptrace(2): environ, cwd, root, exe, fd, ns of others need their ids and no more capabilities than one's own, or CAP_SYS_PTRACE", () => {
  const { init, task } = machine();
  task.envp = ["SECRET=1"];
  const same = become(child(init), 1000), other = become(child(init), 1001);
  const path = (what: string): string => `/inner/2/${what}`;
  assert.equal(read(init, path("environ")), "SECRET=1\0");
  assert.equal(read(same, path("environ")), -EACCES);
  become(task, 1000);
  assert.equal(read(same, path("environ")), "SECRET=1\0");
  assert.equal(read(other, path("environ")), -EACCES);
  for (const link of ["cwd", "root", "ns/uts"]) {
    assert.ok(typeof readlinkAt(same, null, name(path(link))) === "string", link);
    assert.equal(readlinkAt(other, null, name(path(link))), -EACCES, link);
    assert.equal(open(other, path(link)), -EACCES, link);
  }
  assert.equal(open(other, path("fd")), -EACCES);
  task.dumpable = false;
  assert.equal(read(same, path("environ")), -EACCES, "not dumpable");
  const stat = new Stat();
  statAt(init, null, name(path("environ")), 0, stat);
  assert.equal(stat.uid, 0, "files of a process that is not dumpable are root's");
  assert.ok(typeof readlinkAt(task, null, name("/inner/self/cwd")) === "string", "oneself always");
});

Deno.test("ns/*: links name the namespace, and what they lead to can be opened, kept, and joined (namespaces(7))", () => {
  const { root, init } = machine();
  const other = child(root, { flags: CLONE_NEWUTS });
  other.nsproxy.uts.hostname = "other";
  const path = `/proc/${other.pid}/ns/uts`;
  const { ino } = other.nsproxy.uts;
  assert.equal(readlinkAt(root, null, name(path)), `uts:[${ino}]`);
  const file = open(root, path);
  assert.ok(file instanceof NamespaceFile);
  const stat = new Stat();
  statAt(root, null, name(path), 0, stat);
  assert.equal(stat.ino, ino);
  other.exit(0);
  assert.equal(setns(root, file.namespace, CLONE_NEWUTS), 0);
  assert.equal(root.nsproxy.uts.hostname, "other");
  assert.deepEqual(entries(init, "/inner/self/ns"), [
    ...["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"],
  ]);
});

Deno.test("uid_map, gid_map and setgroups are written and read as user_namespaces(7) says", () => {
  const { root } = machine();
  const task = child(become(child(root), 1000), { flags: CLONE_NEWUSER });
  const path = (file: string): string => `/proc/${task.pid}/${file}`;
  assert.equal(read(root, path("uid_map")), "");
  assert.equal(write(task, path("uid_map"), "0 1000 2"), -EPERM);
  assert.equal(write(root, path("uid_map"), "wrong"), -EINVAL);
  assert.equal(write(root, path("uid_map"), "0 1000 2\n"), 0);
  assert.equal(write(root, path("uid_map"), "0 1000 2\n"), -EPERM);
  assert.equal(write(task, path("setgroups"), "deny"), 0);
  assert.equal(read(root, path("setgroups")), "deny\n");
  assert.equal(write(task, path("gid_map"), "0 1000 1\n"), 0);
  assert.equal(read(root, path("uid_map")), "         0       1000          2\n");
  assert.deepEqual(status(task, path("status"))["Uid"], "0\t0\t0\t0");
  assert.deepEqual(status(root, path("status"))["Uid"], "1000\t1000\t1000\t1000");
  assert.equal(read(root, "/proc/self/uid_map"), "         0          0 4294967295\n");
  const file = open(root, path("gid_map"), O_RDWR) as OpenFile;
  assert.equal(file.pwrite(new Uint8Array([48]), 0, 1, 5), -EINVAL, "not at the start");
});

Deno.test("timens_offsets: of the children's namespace; /proc/uptime shows the reader's boottime", () => {
  const { root } = machine();
  unshare(root, CLONE_NEWTIME);
  assert.equal(write(root, "/proc/self/timens_offsets", "boottime 1000000 0\n"), 0);
  assert.match(read(root, "/proc/self/timens_offsets") as string, /boottime {6}1000000 {9}0\n$/);
  const uptime = (task: Task): number => Number((read(task, "/proc/uptime") as string).split(" ")[0]);
  assert.ok(uptime(root) < 1000 && uptime(child(root)) > 999_999);
});

Deno.test("oom_score_adj: from -1000 to 1000, not below what the privileged set (man 5 proc_pid_oom_score_adj); children have it", () => {
  const { root } = machine();
  assert.equal(write(root, "/proc/self/oom_score_adj", "1001"), -EINVAL);
  assert.equal(write(root, "/proc/self/oom_score_adj", "-500"), 0);
  const task = become(child(root), 1000);
  assert.equal(read(task, "/proc/self/oom_score_adj"), "-500\n");
  assert.equal(write(task, "/proc/self/oom_score_adj", "300"), 0);
  assert.equal(write(task, "/proc/self/oom_score_adj", "-501"), -EACCES);
  assert.equal(write(task, "/proc/self/oom_score_adj", "-500"), 0);
});

Deno.test("comm is the process's own to write, 15 bytes of it; limits, fdinfo, children", () => {
  const { root, init, task } = machine();
  assert.equal(write(task, "/inner/self/comm", "a name that is too long\n"), 0);
  assert.equal(read(init, "/inner/2/comm"), "a name that is \n");
  assert.equal(write(init, "/inner/2/comm", "x"), -EINVAL);
  assert.match(
    read(root, "/proc/self/limits") as string,
    /^Max open files {12}1024 {17}1048576 {14}files {5}$/m,
  );
  const fd = root.files.install(open(root, "/proc/version") as OpenFile, true);
  assert.match(
    read(root, `/proc/self/fdinfo/${fd}`) as string,
    /^pos:\t0\nflags:\t02000000\nmnt_id:\t\d+\nino:\t\d+\n$/,
  );
  assert.equal(readlinkAt(root, null, name(`/proc/self/fd/${fd}`)), "/proc/version");
  assert.equal(read(init, "/inner/1/task/1/children"), "2 ");
});

Deno.test("mount options of proc: hidepid, gid, subset (man 5 proc)", () => {
  const { root, init } = machine();
  const { kernel } = root;
  const type = procType((caller) => procHost(kernel, caller, memory));
  for (const wrong of ["hidepid=3", "hidepid=", "gid=x", "subset=all", "foo"]) {
    assert.equal(type.create([wrong], "proc", init), -EINVAL, wrong);
  }
  const mount = (path: string, ...options: string[]): ProcfsSuper => {
    const sb = type.create(options, "proc", init) as ProcfsSuper;
    kernel.mountHost(path, sb);
    return sb;
  };
  assert.equal(mount("/a", "hidepid=1", "gid=50").showOptions(), "gid=50,hidepid=noaccess");
  assert.equal(mount("/b", "hidepid=invisible").showOptions(), "hidepid=invisible");
  mount("/c", "hidepid=4", "gid=50");
  mount("/d", "subset=pid");
  const other = become(child(init), 1000), member = become(child(init), 1001);
  member.cred = member.cred.with({ groups: [50] });
  assert.equal(read(other, "/a/1/status"), -EPERM);
  assert.ok(typeof read(other, "/a/self/status") === "string");
  assert.ok(typeof read(member, "/a/1/status") === "string");
  assert.equal(read(other, "/b/1/status"), -ENOENT);
  assert.ok(!entries(other, "/b").includes("1"));
  assert.equal(read(member, "/c/1/status"), -ENOENT);
  assert.equal(read(init, "/d/version"), -ENOENT);
  assert.ok(typeof read(init, "/d/self/stat") === "string");
});

Deno.test("namespaces(7): bind mounting a file of /proc/PID/ns keeps the namespace alive, and mountinfo names it", () => {
  const { root } = machine();
  const other = child(root, { flags: CLONE_NEWUTS });
  const { uts } = other.nsproxy;
  (openAt(root, null, name("/uts"), O_WRONLY | O_CREAT, 0o644) as OpenFile).close();
  assert.equal(mountAt(root, name(`/proc/${other.pid}/ns/uts`), name("/uts"), "", MS_BIND, ""), 0);
  other.exit(0);
  const file = open(root, "/uts");
  assert.ok(file instanceof NamespaceFile && file.namespace === uts);
  assert.match(
    mountinfo(root.mountNs, root.root),
    new RegExp(` uts:\\[${uts.ino}\\] /uts rw,.* - nsfs nsfs rw$`, "m"),
  );
});
