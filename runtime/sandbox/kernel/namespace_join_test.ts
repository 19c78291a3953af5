import assert from "node:assert/strict";
import { EAGAIN, EEXIST, EINVAL, ENOMEM, ENOSPC, EPERM } from "../../../fs/abi/errno.ts";
import { TmpfsSuper } from "../../../fs/tmpfs/mod.ts";
import { lookupAt, parsePath, type PathName } from "../../../fs/vfs/mod.ts";
import {
  CLONE_FILES,
  CLONE_FS,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PARENT,
  CLONE_THREAD,
} from "../../abi/linux/clone.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import type { Credentials } from "./credentials.ts";
import { Kernel } from "./kernel.ts";
import type { Namespace } from "./namespace.ts";
import { setns, unshare } from "./namespace_join.ts";
import { owningNamespace, parentNamespace } from "./nsfs.ts";
import { setresuid } from "./set_ids.ts";
import type { Task } from "./task.ts";
import { clone } from "./task_clone.ts";
import { child } from "./testing.ts";

const OTHERS = [
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUTS,
];

function user(task: Task, uid = 1000): Task {
  task.cred = setresuid(task.cred, uid, uid, uid) as Credentials;
  return task;
}
const namespaces = (task: Task): Namespace[] => {
  const { mnt, uts, ipc, net, cgroup } = task.nsproxy;
  return [mnt, uts, ipc, net, cgroup, task.pidNs, task.nsproxy.time, task.cred.userNs];
};

Deno.test("clone(2): EINVAL for what makes no sense", () => {
  const init = child(new Kernel().spawn(), { flags: CLONE_NEWPID });
  for (
    const flags of [
      ...[CLONE_FS | CLONE_NEWNS, CLONE_FS | CLONE_NEWUSER, CLONE_THREAD, CLONE_PARENT],
    ]
  ) assert.equal(clone(flags === CLONE_PARENT ? init : child(init), { flags }), -EINVAL);
  assert.equal(clone(init, { flags: 0, exitSignal: 65 }), -EINVAL);
  assert.equal(clone(init, { flags: 0, setTid: [5, 6, 7] }), -EINVAL);
});

Deno.test("clone(2): each namespace is a new one of its type, the others are the parent's", () => {
  const parent = new Kernel().spawn();
  for (const flags of [...OTHERS, CLONE_NEWUSER]) {
    const task = child(parent, { flags });
    const before = namespaces(parent), changed = namespaces(task).filter((each, i) => each !== before[i]);
    assert.equal(changed.length, 1, flags.toString(16));
    assert.ok(changed[0]!.owner === parent.cred.userNs);
  }
});

Deno.test("clone(2), unshare(2): EPERM without CAP_SYS_ADMIN, but with CLONE_NEWUSER the new namespace gives it", () => {
  const kernel = new Kernel();
  for (const flag of OTHERS) {
    const task = user(child(kernel.spawn()));
    assert.equal(clone(task, { flags: flag }), -EPERM);
    assert.equal(unshare(task, flag), -EPERM);
    const made = child(task, { flags: flag | CLONE_NEWUSER });
    const now = flag === CLONE_NEWTIME
      ? made.nsproxy.time
      : namespaces(made).find((each, i) => each !== namespaces(task)[i] && i < 7);
    assert.ok(now!.owner === made.cred.userNs, "owned by the new user namespace");
    assert.equal(unshare(task, flag | CLONE_NEWUSER), 0);
  }
});

Deno.test("pid_namespaces(7): a process has an id in its namespace and in every one above, and is seen in no other", () => {
  const root = new Kernel().spawn();
  const one = child(root, { flags: CLONE_NEWPID }), two = child(one, { flags: CLONE_NEWPID });
  const three = child(two);
  assert.deepEqual([one.pid, two.pid, three.pid], [1, 1, 2]);
  assert.equal(three.id.in(one.pidNs), 3);
  assert.ok(three.id.in(root.pidNs) > 3);
  assert.equal(one.id.in(two.pidNs), 0);
  assert.equal(two.parent!.id.in(two.pidNs), 0, "getppid() of the init is 0");
});

Deno.test("pid_namespaces(7): at most 32 levels: ENOSPC", () => {
  let task = new Kernel().spawn();
  for (let level = 1; level <= 32; level++) task = child(task, { flags: CLONE_NEWPID });
  assert.equal(clone(task, { flags: CLONE_NEWPID }), -ENOSPC);
});

Deno.test("unshare(2) with CLONE_NEWPID: the first child is the init, a second namespace is EINVAL, after its death ENOMEM", () => {
  const task = new Kernel().spawn();
  const own = task.pidNs;
  assert.equal(unshare(task, CLONE_NEWPID), 0);
  assert.ok(task.pidNs === own);
  assert.equal(unshare(task, CLONE_NEWPID), -EINVAL);
  assert.equal(clone(task, { flags: CLONE_NEWPID }), -EINVAL);
  const init = child(task);
  assert.equal(init.pid, 1);
  init.exit(0);
  assert.equal(clone(task, { flags: 0 }), -ENOMEM);
});

Deno.test("clone3(2), set_tid: the numbers are taken, innermost first; EEXIST where one is in use", () => {
  const root = new Kernel().spawn();
  const init = child(root, { flags: CLONE_NEWPID });
  const task = child(init, { flags: 0, setTid: [77, 555] });
  assert.deepEqual([task.pid, task.id.in(root.pidNs)], [77, 555]);
  assert.equal(clone(init, { flags: 0, setTid: [77] }), -EEXIST);
});

Deno.test("RLIMIT_NPROC: EAGAIN for more processes of the real user id, not for root or the capable", () => {
  const root = new Kernel().spawn();
  const task = user(child(root));
  const limit = { soft: 2, hard: 2 };
  task.rlimits.set(RLIMIT.RLIMIT_NPROC, limit, false);
  child(task);
  assert.equal(clone(task, { flags: 0 }), -EAGAIN);
  root.rlimits.set(RLIMIT.RLIMIT_NPROC, limit, false);
  for (let i = 0; i < 5; i++) child(root);
});

Deno.test("CLONE_FS and CLONE_FILES share, and unshare(2) takes apart", () => {
  const parent = new Kernel().spawn();
  const task = child(parent, { flags: CLONE_FS | CLONE_FILES });
  task.umask = 0o77;
  assert.equal(parent.umask, 0o77);
  assert.ok(task.files === parent.files);
  assert.equal(unshare(task, CLONE_FS | CLONE_FILES), 0);
  task.umask = 0;
  assert.equal(parent.umask, 0o77);
  assert.ok(task.files !== parent.files);
  assert.equal(unshare(task, 0x1), -EINVAL);
});

Deno.test("setns(2): joins, with CAP_SYS_ADMIN in both user namespaces; the type must be right", () => {
  const root = new Kernel().spawn();
  const other = child(root, { flags: CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP });
  const { uts, ipc, net, cgroup } = other.nsproxy;
  const task = child(root);
  assert.equal(setns(task, uts, CLONE_NEWIPC), -EINVAL);
  for (const each of [uts, ipc, net, cgroup]) assert.equal(setns(task, each, 0), 0);
  assert.deepEqual(namespaces(task).map((each) => each.ino), namespaces(other).map((each) => each.ino));
  assert.equal(setns(user(child(root)), uts, 0), -EPERM);
});

Deno.test("setns(2), pid: children are in it; only the own one or one below", () => {
  const root = new Kernel().spawn();
  const init = child(root, { flags: CLONE_NEWPID });
  assert.equal(setns(root, init.pidNs, CLONE_NEWPID), 0);
  assert.equal(child(root).pidNs.ino, init.pidNs.ino);
  assert.equal(setns(init, root.pidNs, CLONE_NEWPID), -EINVAL);
  assert.equal(setns(root, root.pidNs, 0), 0);
});

Deno.test("setns(2), mnt: root and working directory are the namespace's; EINVAL while they are shared", () => {
  const root = new Kernel().spawn();
  const other = child(root, { flags: CLONE_NEWNS });
  const task = child(root);
  assert.equal(setns(task, other.nsproxy.mnt, 0), 0);
  assert.ok(task.root.mount === other.mountNs.rootPath.mount && task.cwd.mount === task.root.mount);
  assert.equal(setns(child(root, { flags: CLONE_FS }), other.nsproxy.mnt, 0), -EINVAL);
});

Deno.test("setns(2), user: all capabilities there; EINVAL for the own one, EPERM without CAP_SYS_ADMIN in it", () => {
  const root = new Kernel().spawn();
  const creator = user(child(root));
  const inside = child(creator, { flags: CLONE_NEWUSER });
  const target = inside.cred.userNs;
  assert.equal(setns(inside, target, 0), -EINVAL);
  assert.equal(setns(user(child(root), 1001), target, 0), -EPERM);
  assert.equal(setns(creator, target, CLONE_NEWUSER), 0);
  assert.ok(creator.cred.userNs === target && creator.cred.capable(21));
  assert.equal(setns(creator, root.cred.userNs, 0), -EPERM, "not back up");
});

Deno.test("time_namespaces(7): unshare is for children, and a namespace that somebody has entered keeps its offsets", () => {
  const task = new Kernel().spawn();
  const before = task.nsproxy.time;
  assert.equal(unshare(task, CLONE_NEWTIME), 0);
  assert.ok(task.nsproxy.time === before);
  const made = task.nsproxy.timeForChildren;
  assert.ok(!made.frozen);
  assert.ok(child(task).nsproxy.time === made && made.frozen);
});

Deno.test("ioctl_ns(2): the owner and the parent, as far as the caller's namespaces reach", () => {
  const root = new Kernel().spawn();
  const inside = child(root, { flags: CLONE_NEWUSER | CLONE_NEWPID });
  assert.ok(owningNamespace(root, inside.nsproxy.pid) === inside.cred.userNs);
  assert.ok(parentNamespace(root, inside.cred.userNs) === root.cred.userNs);
  assert.equal(parentNamespace(inside, inside.cred.userNs), -EPERM);
  assert.equal(parentNamespace(root, inside.nsproxy.uts), -EINVAL);
});

Deno.test("user_namespaces(7): a process whose root is not its mount namespace's may not make one", () => {
  const kernel = new Kernel();
  const task = kernel.spawn();
  kernel.mountHost("/jail", new TmpfsSuper({}));
  const jail = lookupAt(kernel.swapper, null, parsePath("/jail") as PathName, true);
  assert.ok(typeof jail !== "number");
  task.root = jail;
  assert.equal(clone(task, { flags: CLONE_NEWUSER }), -EPERM);
  assert.equal(unshare(task, CLONE_NEWUSER), -EPERM);
});

Deno.test("namespaces(7): initial namespaces have the numbers that they have on every machine, others numbers of their own", () => {
  const [root, other] = [new Kernel().spawn(), new Kernel().spawn()];
  const numbers = (task: Task): number[] => namespaces(task).map((each) => each.ino);
  assert.deepEqual(numbers(root), numbers(other));
  assert.equal(root.nsproxy.uts.ino, 4026531838);
  const inside = child(root, { flags: CLONE_NEWUTS | CLONE_NEWIPC });
  assert.notEqual(inside.nsproxy.uts.ino, root.nsproxy.uts.ino);
  assert.notEqual(inside.nsproxy.uts.ino, inside.nsproxy.ipc.ino);
});
