import assert from "node:assert/strict";
import { EACCES, EINVAL, EIO, ENOTTY, EPERM, ESRCH } from "../../../fs/abi/errno.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { Kernel } from "./kernel.ts";
import {
  checkTerminalJob,
  ERESTARTSYS,
  getForeground,
  getpgid,
  getsid,
  setControllingTerminal,
  setForeground,
  setpgid,
  setsid,
} from "./session.ts";
import { DEFAULT_ACTION, SIG_IGN } from "./sigaction.ts";
import type { Task } from "./task.ts";
import { child } from "./testing.ts";
import { Tty } from "./tty/tty.ts";

const { SIGHUP, SIGTTIN, SIGTTOU } = SIGNAL;

/** A shell that leads a session, and its terminal. */
function shell(): { readonly leader: Task; readonly tty: Tty } {
  const leader = child(new Kernel().spawn());
  assert.equal(setsid(leader), leader.pid);
  const tty = new Tty();
  assert.equal(setControllingTerminal(leader, tty, false), 0);
  return { leader, tty };
}

Deno.test("setsid(2): the caller leads a new session and a new group; EPERM for a group leader", () => {
  const task = child();
  assert.equal(setsid(task), task.pid);
  assert.deepEqual([getsid(task, 0), getpgid(task, 0)], [task.pid, task.pid]);
  assert.equal(setsid(task), -EPERM);
  const other = child(task);
  setpgid(task, other.pid, 0);
  assert.equal(setsid(other), -EPERM);
  const late = child(other);
  assert.deepEqual([getpgid(task, late.pid), getsid(task, late.pid)], [other.pid, task.pid]);
});

Deno.test("setpgid(2): EINVAL, ESRCH, EPERM and EACCES", () => {
  const { leader } = shell();
  const task = child(leader), sibling = child(leader);
  assert.equal(setpgid(leader, task.pid, -1), -EINVAL);
  assert.equal(setpgid(task, sibling.pid, 0), -ESRCH, "not a child");
  assert.equal(setpgid(leader, 0, 0), -EPERM, "a session leader");
  assert.equal(setpgid(task, 0, 9999), -EPERM, "no such group");
  assert.equal(setpgid(leader, task.pid, 0), 0);
  assert.equal(setpgid(leader, sibling.pid, task.pid), 0);
  task.hasExecuted = true;
  assert.equal(setpgid(leader, task.pid, leader.pid), -EACCES);
  const away = child(leader);
  setsid(away);
  assert.equal(setpgid(leader, away.pid, 0), -EPERM, "in another session");
  assert.equal(setpgid(sibling, 0, away.pid), -EPERM, "a group of another session");
  assert.equal(getpgid(leader, 424242), -ESRCH);
  assert.equal(getsid(leader, 424242), -ESRCH);
});

Deno.test("TIOCSCTTY: only for a session leader without a terminal; another session's only stolen by CAP_SYS_ADMIN", () => {
  const { leader, tty } = shell();
  assert.equal(getForeground(leader, tty), leader.pid);
  const other = child(leader);
  assert.equal(setControllingTerminal(other, tty, false), -EPERM);
  setsid(other);
  assert.equal(setControllingTerminal(other, tty, false), -EPERM);
  assert.equal(getForeground(other, tty), -ENOTTY);
  assert.equal(setControllingTerminal(other, tty, true), 0);
  assert.equal(leader.group.session.tty, null);
});

Deno.test("tcsetpgrp(3): a group of the session; from the background SIGTTOU, unless it is ignored", () => {
  const { leader, tty } = shell();
  const job = child(leader);
  setpgid(leader, job.pid, 0);
  assert.equal(setForeground(leader, tty, 9999), -ESRCH);
  assert.equal(setForeground(leader, tty, job.pid), 0);
  assert.equal(getForeground(leader, tty), job.pid);
  assert.equal(setForeground(leader, tty, leader.pid), -EIO, "the shell's group is orphaned");
  leader.signals.setAction(SIGTTOU, { ...DEFAULT_ACTION, handler: SIG_IGN });
  assert.equal(setForeground(leader, tty, leader.pid), 0);
});

Deno.test("reading from the background stops the job with SIGTTIN; EIO where it is ignored or blocked", () => {
  const { leader, tty } = shell();
  const job = child(leader);
  setpgid(leader, job.pid, 0);
  assert.equal(checkTerminalJob(leader, tty, SIGTTIN), 0);
  assert.equal(checkTerminalJob(job, tty, SIGTTIN), -ERESTARTSYS);
  assert.ok(job.stopped);
  job.resume();
  job.signals.setAction(SIGTTIN, { ...DEFAULT_ACTION, handler: SIG_IGN });
  assert.equal(checkTerminalJob(job, tty, SIGTTIN), -EIO);
});

Deno.test("setsid(2): when the leader of a session ends, the foreground group of its terminal gets SIGHUP", () => {
  const { leader, tty } = shell();
  const job = child(leader);
  setpgid(leader, job.pid, 0);
  setForeground(leader, tty, job.pid);
  leader.exit(0);
  assert.equal(job.exitStatus, SIGHUP);
  assert.equal(tty.session, null);
});
