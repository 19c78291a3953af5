import assert from "node:assert/strict";
import { ENOMEM } from "../../../fs/abi/errno.ts";
import { CLONE_NEWPID } from "../../abi/linux/clone.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { exited, signaled } from "../../abi/linux/wait_status.ts";
import { Kernel } from "./kernel.ts";
import { setpgid, setsid } from "./session.ts";
import { DEFAULT_ACTION } from "./sigaction.ts";
import { clone } from "./task_clone.ts";
import { kill } from "./task_kill.ts";
import { wait4, type Waited, WNOHANG } from "./task_wait.ts";
import { child } from "./testing.ts";

const { SIGCHLD, SIGCONT, SIGHUP, SIGKILL, SIGSTOP, SIGTERM, SIGUSR1 } = SIGNAL;
const caught = { ...DEFAULT_ACTION, handler: 100 };

Deno.test("exit(3): the parent gets SIGCHLD, or the signal clone was given, or none", () => {
  for (const exitSignal of [SIGCHLD, SIGUSR1, 0]) {
    const parent = new Kernel().spawn();
    parent.signals.setAction(SIGCHLD, caught);
    parent.signals.setAction(SIGUSR1, caught);
    child(parent, { flags: 0, exitSignal }).exit(0);
    assert.equal(parent.signals.take()?.info.signal ?? 0, exitSignal);
  }
});

Deno.test("pid_namespaces(7): a child that becomes orphaned within the namespace is reparented to its init, which reaps it", async () => {
  const kernel = new Kernel();
  const init = child(kernel.spawn(), { flags: CLONE_NEWPID });
  const middle = child(init), orphan = child(middle);
  middle.exit(0);
  assert.ok(orphan.parent === init);
  orphan.exit(exited(5));
  assert.equal((await wait4(init, middle.pid, 0) as Waited).pid, middle.pid);
  assert.deepEqual((await wait4(init, -1, 0) as Waited).status, 5 << 8);
});

Deno.test("PR_SET_CHILD_SUBREAPER: orphans go to the nearest subreaper above", () => {
  const root = new Kernel().spawn();
  const reaper = child(root), middle = child(reaper), last = child(middle), orphan = child(last);
  reaper.isSubreaper = true;
  last.exit(0);
  assert.ok(orphan.parent === reaper);
});

Deno.test("PR_SET_PDEATHSIG: the signal comes when the parent ends", () => {
  const parent = child();
  const task = child(parent);
  task.parentDeathSignal = SIGTERM;
  parent.exit(0);
  assert.equal(task.exitStatus, signaled(SIGTERM));
});

Deno.test("pid_namespaces(7): when the init terminates, the kernel terminates all of the processes in the namespace via SIGKILL, and fork fails with ENOMEM", async () => {
  const kernel = new Kernel();
  const outside = kernel.spawn();
  const init = child(outside, { flags: CLONE_NEWPID });
  const task = child(child(init));
  const deeper = child(task, { flags: CLONE_NEWPID });
  deeper.driven = true; // somebody runs it, and will notice
  init.exit(exited(0));
  assert.equal(task.exitStatus, signaled(SIGKILL));
  assert.ok(!init.isZombie, "the end of the init waits for the last process");
  assert.equal((await wait4(outside, -1, WNOHANG) as Waited).pid, 0);
  assert.equal(clone(deeper, { flags: 0 }), -ENOMEM);
  deeper.exit(deeper.exitStatus!);
  assert.ok(init.isZombie);
  assert.equal((await wait4(outside, -1, 0) as Waited).pid, init.id.numbers[0]);
  assert.deepEqual([...kernel.tasks()].map((each) => each.pid), [outside.pid]);
});

Deno.test("man 3 exit: a process group that becomes orphaned with a stopped member gets SIGHUP and SIGCONT", () => {
  const shell = new Kernel().spawn();
  setsid(shell);
  const leader = child(shell);
  setpgid(shell, leader.pid, 0);
  const job = child(leader);
  setpgid(leader, job.pid, 0);
  job.signals.setAction(SIGHUP, caught);
  kill(leader, job.pid, SIGSTOP);
  assert.ok(job.stopped);
  leader.exit(0);
  assert.ok(!job.stopped, "continued");
  assert.equal(job.signals.take()!.info.signal, SIGHUP);
  assert.equal(job.signals.action(SIGCONT).handler, 0);
});

Deno.test("an id is not given again while it names a process group", () => {
  const root = new Kernel().spawn();
  const leader = child(root);
  setpgid(root, leader.pid, 0);
  const member = child(leader);
  leader.exit(0);
  wait4(root, leader.pid, 0);
  assert.ok(root.pidNs.pids.has(leader.pid));
  member.exit(0);
  assert.ok(!root.pidNs.pids.has(leader.pid));
});

Deno.test("what a task holds is given back once, however often it ends", () => {
  const task = child();
  let ends = 0;
  task.atExit(() => ends++);
  task.exit(0);
  task.exit(1);
  assert.equal(ends, 1);
  assert.equal(task.exitStatus, 0);
});
