import assert from "node:assert/strict";
import { ECHILD, EINTR, EINVAL } from "../../../fs/abi/errno.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { exited, signaled } from "../../abi/linux/wait_status.ts";
import { Kernel } from "./kernel.ts";
import { CLD_EXITED, CLD_KILLED, DEFAULT_ACTION, SA_NOCLDWAIT, SIG_IGN } from "./sigaction.ts";
import { kill } from "./task_kill.ts";
import {
  P_ALL,
  P_PID,
  wait4,
  type Waited,
  waitid,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WUNTRACED,
} from "./task_wait.ts";
import { setpgid } from "./session.ts";
import { child } from "./testing.ts";

const pids = (found: Waited | number): number => typeof found === "number" ? found : found.pid;

Deno.test("wait4() of a process without children is ECHILD", () => {
  assert.equal(wait4(new Kernel().spawn(), -1, 0), -ECHILD);
});

Deno.test("wait(2): a child that terminates but has not been waited for is a zombie, and keeps its id", async () => {
  const parent = new Kernel().spawn();
  const task = child(parent);
  task.exit(exited(3));
  assert.ok(task.isZombie);
  assert.ok(parent.pidNs.task(task.pid) === task);
  assert.deepEqual(await wait4(parent, task.pid, 0) as Waited, {
    pid: task.pid,
    status: 3 << 8,
    info: { signal: SIGNAL.SIGCHLD, code: CLD_EXITED, pid: task.pid, uid: 0, status: 3 },
    cpuMs: (await wait4(parent, -1, WNOHANG), task.cpuTime()),
  });
  assert.ok(parent.pidNs.task(task.pid) === undefined);
  assert.equal(parent.children.size, 0);
});

Deno.test("wait4() waits for a child that ends later", async () => {
  const parent = new Kernel().spawn();
  const task = child(parent);
  const waiting = wait4(parent, -1, 0);
  task.exit(signaled(SIGNAL.SIGSEGV));
  const found = await waiting as Waited;
  assert.equal(found.pid, task.pid);
  assert.equal(found.status, SIGNAL.SIGSEGV);
  assert.equal(found.info!.code, CLD_KILLED);
});

Deno.test("wait4() with WNOHANG is 0 while no child has changed state", async () => {
  const parent = new Kernel().spawn();
  child(parent);
  assert.equal(pids(await wait4(parent, -1, WNOHANG)), 0);
});

Deno.test("wait4() by process group: 0 is the caller's, less than -1 another", async () => {
  const parent = new Kernel().spawn();
  const own = child(parent), other = child(parent);
  assert.equal(setpgid(parent, other.pid, 0), 0);
  own.exit(0);
  other.exit(0);
  assert.equal(pids(await wait4(parent, -other.pid, WNOHANG)), other.pid);
  assert.equal(await wait4(parent, -other.pid, WNOHANG), -ECHILD);
  assert.equal(pids(await wait4(parent, 0, WNOHANG)), own.pid);
});

Deno.test("WUNTRACED and WCONTINUED tell of a stop and of its end, once each", async () => {
  const parent = new Kernel().spawn();
  const task = child(parent);
  kill(parent, task.pid, SIGNAL.SIGSTOP);
  assert.equal(pids(await wait4(parent, -1, WNOHANG)), 0);
  const stop = await wait4(parent, -1, WNOHANG | WUNTRACED) as Waited;
  assert.equal(stop.status, SIGNAL.SIGSTOP << 8 | 0x7f);
  assert.equal(pids(await wait4(parent, -1, WNOHANG | WUNTRACED)), 0);
  kill(parent, task.pid, SIGNAL.SIGCONT);
  const go = await wait4(parent, -1, WNOHANG | WCONTINUED) as Waited;
  assert.equal(go.status, 0xffff);
  assert.equal(pids(await wait4(parent, -1, WNOHANG | WCONTINUED)), 0);
});

Deno.test("waitid() with WNOWAIT leaves the child in a waitable state", async () => {
  const parent = new Kernel().spawn();
  const task = child(parent);
  task.exit(exited(1));
  assert.equal(pids(await waitid(parent, P_PID, task.pid, WEXITED | WNOWAIT)), task.pid);
  assert.equal(pids(await waitid(parent, P_ALL, 0, WEXITED)), task.pid);
  assert.equal(await waitid(parent, P_ALL, 0, WEXITED), -ECHILD);
  assert.equal(waitid(parent, P_ALL, 0, WNOHANG), -EINVAL);
});

Deno.test("wait(2) NOTES: with SIGCHLD ignored, or SA_NOCLDWAIT, children do not become zombies and wait blocks until all have ended, then ECHILD", async () => {
  for (
    const action of [{ ...DEFAULT_ACTION, handler: SIG_IGN }, { ...DEFAULT_ACTION, flags: SA_NOCLDWAIT }]
  ) {
    const parent = new Kernel().spawn();
    parent.signals.setAction(SIGNAL.SIGCHLD, action);
    const task = child(parent);
    const waiting = wait4(parent, -1, 0);
    task.exit(0);
    assert.ok(parent.pidNs.task(task.pid) === undefined);
    assert.equal(await waiting, -ECHILD);
  }
});

Deno.test("wait4() is interrupted by a signal with a handler: EINTR", async () => {
  const parent = new Kernel().spawn();
  child(parent);
  parent.signals.setAction(SIGNAL.SIGUSR1, { ...DEFAULT_ACTION, handler: 100 });
  const waiting = wait4(parent, -1, 0);
  kill(parent, parent.pid, SIGNAL.SIGUSR1);
  assert.equal(await waiting, -EINTR);
});
