import assert from "node:assert/strict";
import { EAGAIN, EINTR, EINVAL, EPERM, ESRCH } from "../../../fs/abi/errno.ts";
import { WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import { CLONE_CLEAR_SIGHAND, CLONE_NEWPID } from "../../abi/linux/clone.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { signaled } from "../../abi/linux/wait_status.ts";
import { Kernel } from "./kernel.ts";
import { setpgid } from "./session.ts";
import { setresuid } from "./set_ids.ts";
import type { Credentials } from "./credentials.ts";
import {
  DEFAULT_ACTION,
  SA_NODEFER,
  SA_RESETHAND,
  SI_QUEUE,
  SI_USER,
  SIG_IGN,
  type SigAction,
} from "./sigaction.ts";
import { SigSet } from "./sigset.ts";
import type { Task } from "./task.ts";
import { kill, sigqueue } from "./task_kill.ts";
import { waitForVfork } from "./task_clone.ts";
import { child } from "./testing.ts";

const {
  SIGCHLD,
  SIGCONT,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGPIPE,
  SIGSEGV,
  SIGSTOP,
  SIGTERM,
  SIGTSTP,
  SIGUSR1,
  SIGUSR2,
} = SIGNAL;
const SIGRT = 40;
const caught: SigAction = { ...DEFAULT_ACTION, handler: 100 };

function catches(task: Task, signal: number, action: Partial<SigAction> = {}): void {
  assert.equal(task.signals.setAction(signal, { ...caught, ...action }), 0);
}
const self = (task: Task, signal: number): number => kill(task, task.pid, signal);
const taken = (task: Task): number | undefined => task.signals.take()?.info.signal;

Deno.test("signal(7): default actions end, stop, continue, or do nothing", () => {
  const parent = new Kernel().spawn();
  for (const [signal, status] of [[SIGTERM, 15], [SIGSEGV, 11], [SIGCHLD, null], [SIGRT, SIGRT]] as const) {
    const task = child(parent);
    self(task, signal);
    assert.equal(task.exitStatus, status);
  }
  const task = child(parent);
  self(task, SIGTSTP);
  assert.ok(!task.stopped, "an orphaned group is not stopped by the terminal");
  self(task, SIGSTOP);
  assert.ok(task.stopped);
  kill(parent, task.pid, SIGCONT);
  assert.ok(!task.stopped);
});

Deno.test("sigaction(2): a handler is told through the task's program; the mask is the action's while it runs", () => {
  const task = child();
  let told = 0;
  task.program = { attention: () => told++, deliver: () => true };
  catches(task, SIGUSR1, { mask: SigSet.of(SIGUSR2) });
  self(task, SIGUSR1);
  assert.equal(told, 1);
  assert.ok(task.attention);
  const { info, action, oldMask } = task.signals.take()!;
  assert.deepEqual([info.signal, info.code, info.pid, action.handler], [SIGUSR1, SI_USER, task.pid, 100]);
  assert.ok(task.signals.blocked.has(SIGUSR1) && task.signals.blocked.has(SIGUSR2));
  catches(task, SIGUSR2);
  self(task, SIGUSR2);
  assert.equal(taken(task), undefined, "blocked while the handler runs");
  task.signals.sigreturn(oldMask);
  assert.equal(taken(task), SIGUSR2);
});

Deno.test("SA_NODEFER does not block the signal, SA_RESETHAND restores the default", () => {
  const task = child();
  catches(task, SIGUSR1, { flags: SA_NODEFER | SA_RESETHAND });
  self(task, SIGUSR1);
  assert.equal(taken(task), SIGUSR1);
  assert.ok(!task.signals.blocked.has(SIGUSR1));
  self(task, SIGUSR1);
  assert.equal(task.exitStatus, signaled(SIGUSR1));
});

Deno.test("signal(7): SIGKILL and SIGSTOP cannot be caught, blocked, or ignored", () => {
  const task = child();
  for (const signal of [SIGKILL, SIGSTOP]) assert.equal(task.signals.setAction(signal, caught), -EINVAL);
  task.signals.setMask(SigSet.FULL);
  self(task, SIGKILL);
  assert.equal(task.exitStatus, signaled(SIGKILL));
});

Deno.test("sigprocmask(2): a blocked signal stays pending, once for a standard signal, and comes when it is unblocked", () => {
  const task = child();
  task.signals.setMask(SigSet.of(SIGTERM, SIGUSR1));
  catches(task, SIGUSR1);
  self(task, SIGUSR1);
  self(task, SIGUSR1);
  assert.equal(task.signals.pending().toString(), SigSet.of(SIGUSR1).toString());
  assert.ok(!task.signalPending);
  task.signals.setMask(SigSet.of(SIGTERM));
  assert.deepEqual([taken(task), taken(task)], [SIGUSR1, undefined]);
  self(task, SIGTERM);
  assert.equal(task.exitStatus, null);
  task.signals.setMask(SigSet.EMPTY);
  assert.equal(task.exitStatus, signaled(SIGTERM));
});

Deno.test("sigaction(2): setting SIG_IGN, or SIG_DFL for a signal that is ignored by default, discards what is pending", () => {
  const task = child();
  task.signals.setMask(SigSet.of(SIGTERM, SIGCHLD));
  self(task, SIGTERM);
  self(task, SIGCHLD);
  task.signals.setAction(SIGTERM, { ...DEFAULT_ACTION, handler: SIG_IGN });
  task.signals.setAction(SIGCHLD, DEFAULT_ACTION);
  assert.ok(task.signals.pending().isEmpty);
});

Deno.test("signal(7): real-time signals are queued with their values, lowest number first, up to RLIMIT_SIGPENDING", () => {
  const task = child();
  const all = SigSet.of(SIGRT, SIGRT + 1);
  task.signals.setMask(all);
  catches(task, SIGRT);
  catches(task, SIGRT + 1);
  task.rlimits.set(RLIMIT.RLIMIT_SIGPENDING, { soft: 3, hard: 3 }, false);
  sigqueue(task, task.pid, SIGRT + 1, 1);
  sigqueue(task, task.pid, SIGRT, 2);
  sigqueue(task, task.pid, SIGRT, 3);
  assert.equal(sigqueue(task, task.pid, SIGRT, 4), -EAGAIN);
  task.signals.setMask(SigSet.EMPTY);
  const got = [];
  for (let next = task.signals.take(); next !== null; next = task.signals.take()) {
    got.push([next.info.signal, next.info.value, next.info.code]);
    task.signals.sigreturn(next.oldMask);
  }
  assert.deepEqual(got, [[SIGRT, 2, SI_QUEUE], [SIGRT, 3, SI_QUEUE], [SIGRT + 1, 1, SI_QUEUE]]);
});

Deno.test("signal(7): SIGCONT resumes even where it is blocked or ignored, and discards pending stops; a stop discards SIGCONT", () => {
  const task = child();
  self(task, SIGSTOP);
  task.signals.setMask(SigSet.of(SIGCONT, SIGTSTP));
  task.signals.setAction(SIGCONT, { ...DEFAULT_ACTION, handler: SIG_IGN });
  task.signals.send({ signal: SIGTSTP, code: 0, pid: 0, uid: 0 }, false);
  self(task, SIGCONT);
  assert.ok(!task.stopped);
  assert.ok(!task.signals.pending().has(SIGTSTP));
  task.signals.setAction(SIGCONT, caught);
  self(task, SIGCONT);
  assert.ok(task.signals.pending().has(SIGCONT));
  task.signals.send({ signal: SIGTSTP, code: 0, pid: 0, uid: 0 }, false);
  assert.ok(!task.signals.pending().has(SIGCONT));
});

Deno.test("signal(7): a stopped task is ended by SIGKILL", async () => {
  const task = child();
  task.driven = true;
  const waiting = task.waitFor([], 0, Infinity);
  self(task, SIGSTOP);
  kill(task, task.pid, SIGKILL);
  assert.equal(await waiting, -EINTR);
  assert.ok(task.dying);
});

Deno.test("a wait goes on through a stop, and is interrupted by a handler only", async () => {
  const task = child();
  const queue = new WaitQueue();
  const waiting = task.block(queue, 1);
  self(task, SIGSTOP);
  queue.wake(1);
  kill(task, task.pid, SIGCONT);
  assert.equal(await waiting, 0);
  const again = task.block(queue, 1);
  self(task, SIGCHLD); // ignored by default
  catches(task, SIGUSR1);
  self(task, SIGUSR1);
  assert.equal(await again, -EINTR);
  assert.equal(await task.block(queue, 1), -EINTR, "until the handler has run");
});

Deno.test("pid_namespaces(7): the init gets only signals it has a handler for, but SIGKILL and SIGSTOP from an ancestor", () => {
  const outside = new Kernel().spawn();
  const init = child(outside, { flags: CLONE_NEWPID });
  const inside = child(init);
  for (const signal of [SIGTERM, SIGKILL, SIGSTOP, SIGSEGV]) {
    kill(inside, 1, signal);
    kill(init, 1, signal);
    if (signal === SIGTERM || signal === SIGSEGV) kill(outside, init.id.in(outside.pidNs), signal);
  }
  init.sigpipe();
  assert.deepEqual([init.exitStatus, init.stopped], [null, false]);
  catches(init, SIGTERM);
  kill(inside, 1, SIGTERM);
  assert.equal(taken(init), SIGTERM);
  kill(outside, init.id.in(outside.pidNs), SIGSTOP);
  assert.ok(init.stopped);
  kill(outside, init.id.in(outside.pidNs), SIGKILL);
  assert.equal(init.exitStatus, signaled(SIGKILL));
});

Deno.test("pid_namespaces(7): si_pid is 0 for a signal from an ancestor namespace", () => {
  const outside = new Kernel().spawn();
  const init = child(outside, { flags: CLONE_NEWPID });
  catches(init, SIGUSR1);
  kill(outside, init.id.in(outside.pidNs), SIGUSR1);
  assert.equal(init.signals.take()!.info.pid, 0);
});

Deno.test("a trap ends even an init, blocked or ignored as its signal may be", () => {
  const init = child(new Kernel().spawn(), { flags: CLONE_NEWPID });
  init.signals.setMask(SigSet.FULL);
  init.raise(SIGSEGV);
  assert.equal(init.exitStatus, signaled(SIGSEGV));
});

Deno.test("kill(2): permission by real and effective against real and saved ids, or CAP_KILL, or SIGCONT in the session", () => {
  const root = new Kernel().spawn();
  const as = (r: number, e: number, s: number): Task => {
    const task = child(root);
    task.cred = setresuid(task.cred, r, e, s) as Credentials;
    return task;
  };
  const target = as(1, 2, 3);
  assert.equal(kill(as(4, 4, 4), target.pid, 0), -EPERM);
  assert.equal(kill(as(2, 2, 2), target.pid, 0), -EPERM, "the effective id of the target does not count");
  for (const sender of [as(1, 4, 4), as(4, 1, 4), as(3, 4, 4), as(4, 3, 4), root]) {
    assert.equal(kill(sender, target.pid, 0), 0);
  }
  assert.equal(kill(as(4, 4, 4), target.pid, SIGCONT), 0);
  assert.equal(kill(root, 99999, 0), -ESRCH);
  assert.equal(kill(root, target.pid, 65), -EINVAL);
});

Deno.test("kill(2): 0 is the own group, -1 everything but the caller and init, less than -1 a group", () => {
  const outside = new Kernel().spawn();
  const init = child(outside, { flags: CLONE_NEWPID });
  const a = child(init), b = child(init), c = child(init);
  setpgid(init, b.pid, 0);
  setpgid(init, c.pid, b.pid);
  for (const task of [init, a, b, c]) catches(task, SIGINT);
  const got = (): boolean[] => [init, a, b, c].map((task) => taken(task) !== undefined);
  kill(a, -b.pid, SIGINT);
  assert.deepEqual(got(), [false, false, true, true]);
  for (const task of [init, a, b, c]) task.signals.setMask(SigSet.EMPTY);
  kill(a, 0, SIGINT);
  assert.deepEqual(got(), [true, true, false, false]);
  for (const task of [init, a, b, c]) task.signals.setMask(SigSet.EMPTY);
  kill(a, -1, SIGINT);
  assert.deepEqual(got(), [false, false, true, true]);
  assert.equal(kill(a, -12345, SIGINT), -ESRCH);
});

Deno.test("fork(2) and execve(2): dispositions and mask are inherited, pending signals not; execve resets what is caught, not what is ignored", () => {
  const task = child();
  catches(task, SIGUSR1);
  task.signals.setAction(SIGPIPE, { ...DEFAULT_ACTION, handler: SIG_IGN });
  task.signals.setMask(SigSet.of(SIGHUP));
  self(task, SIGHUP);
  const copy = child(task);
  assert.ok(copy.signals.blocked.has(SIGHUP) && copy.signals.pending().isEmpty);
  assert.equal(copy.signals.action(SIGUSR1).handler, 100);
  copy.signals.afterExec();
  assert.equal(copy.signals.action(SIGUSR1).handler, 0);
  assert.equal(copy.signals.action(SIGPIPE).handler, SIG_IGN);
  assert.equal(child(task, { flags: CLONE_CLEAR_SIGHAND }).signals.action(SIGUSR1).handler, 0);
});

Deno.test("sigsuspend(2): the handler runs with the temporary mask, and afterwards the old one is back", () => {
  const task = child();
  catches(task, SIGUSR1);
  catches(task, SIGUSR2);
  task.signals.setMask(SigSet.of(SIGUSR1));
  task.signals.suspendMask(SigSet.of(SIGUSR2));
  self(task, SIGUSR1);
  const { oldMask } = task.signals.take()!;
  assert.ok(task.signals.blocked.has(SIGUSR2));
  task.signals.sigreturn(oldMask);
  assert.equal(task.signals.blocked.toString(), SigSet.of(SIGUSR1).toString());
});

Deno.test("a frozen task waits until it is thawed; only SIGKILL gets through", async () => {
  const task = child();
  task.driven = true;
  task.freeze();
  let done = false;
  const waiting = task.yield().then(() => done = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(!done);
  task.thaw();
  await waiting;
  task.freeze();
  const point = task.attend();
  kill(task, task.pid, SIGKILL);
  await point;
  assert.ok(task.dying);
});

Deno.test("vfork(2): the parent waits until the child has executed a program or ended; signals wait too, but not its death", async () => {
  const parent = new Kernel().spawn();
  parent.driven = true;
  catches(parent, SIGUSR1);
  for (const end of ["exec", "exit", "death"] as const) {
    const task = child(parent);
    let over = false;
    const waiting = waitForVfork(parent, task).then(() => over = true);
    self(parent, SIGUSR1);
    await new Promise((resolve) => setTimeout(resolve, 2));
    assert.ok(!over);
    if (end === "exec") {
      task.hasExecuted = true;
      task.execQueue.wake(-1);
    } else if (end === "exit") task.exit(0);
    else kill(parent, parent.pid, SIGKILL);
    await waiting;
  }
});
