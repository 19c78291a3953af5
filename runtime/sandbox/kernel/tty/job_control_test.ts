/** Jobs and their terminal (POSIX 11.1.4 to 11.1.9; man 7 credentials; man 3 termios, TOSTOP). @module */
import assert from "node:assert/strict";
import { EINTR, EIO } from "../../../../fs/abi/errno.ts";
import { TOSTOP, VMIN, VTIME } from "../../../abi/linux/termios.ts";
import { ICANON, ISIG, STANDARD_TERMIOS, type Termios } from "../../../abi/linux/termios.ts";
import { TTY_IOCTL as T } from "../../../abi/linux/tty_ioctl.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { setpgid, setsid } from "../session.ts";
import { DEFAULT_ACTION, SIG_IGN } from "../sigaction.ts";
import type { Task } from "../task.ts";
import { child } from "../testing.ts";
import { mayWrite, readTerminal, waitAndRead } from "./calls.ts";
import { ttyIoctl } from "./ioctl.ts";
import type { TtyFile } from "./pty_files.ts";
import { type TerminalSession, terminalSession } from "./testing.ts";

const { SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU, SIGHUP } = SIGNAL;

/** A job of the shell's: a process in a group of its own. */
function job(leader: Task): Task {
  const task = child(leader);
  setpgid(leader, task.pid, task.pid);
  return task;
}

/** A session whose shell has started a job. */
function shell(where: "foreground" | "background"): TerminalSession & { readonly task: Task } {
  const session = terminalSession();
  const task = job(session.leader);
  if (where === "foreground") ttyIoctl(session.leader, session.slave, T.TIOCSPGRP, task.pid);
  return { ...session, task };
}

const type = (master: TtyFile, keys: string): number =>
  master.write(new TextEncoder().encode(keys), 0, keys.length);
const into = (): Uint8Array => new Uint8Array(100);
const tostop: Termios = { ...STANDARD_TERMIOS, lflag: STANDARD_TERMIOS.lflag | TOSTOP };

for (const [key, signal] of [["\x03", SIGINT], ["\x1c", SIGQUIT]] as const) {
  Deno.test(`INTR and QUIT: signal ${signal} for every process of the foreground, and for nobody else`, () => {
    const { leader, master, task } = shell("foreground");
    const second = child(task), behind = job(leader);
    type(master, key);
    assert.deepEqual([task.dying, second.dying, behind.dying, leader.dying], [true, true, false, false]);
    assert.equal(task.exitStatus! & 0x7f, signal);
  });
}

Deno.test("SUSP stops the foreground, and SIGCONT lets it go on", () => {
  const { master, task } = shell("foreground");
  type(master, "\x1a");
  assert.ok(task.stopped);
  assert.equal(task.stopStatus >> 8, SIGTSTP);
  task.group.signal(SIGCONT);
  assert.equal(task.stopped, false);
});

Deno.test("SUSP does not stop a group that is orphaned", () => {
  const { master, leader } = terminalSession();
  type(master, "\x1a");
  assert.equal(leader.stopped, false);
});

Deno.test("ISIG off: keys send no signals", () => {
  const { master, slave, task } = shell("foreground");
  slave.tty.setTermios({ ...STANDARD_TERMIOS, lflag: STANDARD_TERMIOS.lflag & ~ISIG });
  type(master, "\x03\x1c\x1a");
  assert.deepEqual([task.dying, task.stopped], [false, false]);
});

Deno.test("a read from the background stops the job by SIGTTIN; continued in the foreground it reads", async () => {
  const { leader, master, slave, task } = shell("background");
  assert.equal(readTerminal(task, slave, into()), -EINTR);
  assert.equal(task.stopStatus >> 8, SIGTTIN);
  ttyIoctl(leader, slave, T.TIOCSPGRP, task.pid);
  const attended = task.attend();
  task.group.signal(SIGCONT);
  assert.equal(await attended, true, "the call is made again");
  const buffer = into(), reading = waitAndRead(task, slave, buffer);
  type(master, "hi\n");
  assert.equal(await reading, 3);
});

Deno.test("a read from the background is EIO where SIGTTIN is ignored or blocked, or the group orphaned", () => {
  const { leader, slave, task } = shell("background");
  task.signals.setAction(SIGTTIN, { ...DEFAULT_ACTION, handler: SIG_IGN });
  assert.equal(readTerminal(task, slave, into()), -EIO);
  const orphan = child(task);
  setpgid(task, orphan.pid, orphan.pid);
  task.exit(0);
  assert.equal(readTerminal(orphan, slave, into()), -EIO);
  assert.equal(leader.dying, false);
});

Deno.test("a write from the background: allowed, but with TOSTOP SIGTTOU, EIO for orphans", () => {
  const { slave, task } = shell("background");
  assert.equal(mayWrite(task, slave), 0);
  slave.tty.setTermios(tostop);
  assert.equal(mayWrite(task, slave), -EINTR);
  assert.equal(task.stopStatus >> 8, SIGTTOU);
  task.group.signal(SIGCONT);
  task.signals.setAction(SIGTTOU, { ...DEFAULT_ACTION, handler: SIG_IGN });
  assert.equal(mayWrite(task, slave), 0, "ignored: it may write");
  const orphan = child(task);
  setpgid(task, orphan.pid, orphan.pid);
  orphan.signals.setAction(SIGTTOU, DEFAULT_ACTION);
  task.exit(0);
  assert.equal(mayWrite(orphan, slave), -EIO);
});

Deno.test("attributes set from the background: SIGTTOU whatever TOSTOP says; queries are free", () => {
  const { slave, task } = shell("background");
  assert.deepEqual(ttyIoctl(task, slave, T.TCGETS), STANDARD_TERMIOS);
  assert.equal(ttyIoctl(task, slave, T.TCSETS, tostop), -EINTR);
  assert.equal(task.stopStatus >> 8, SIGTTOU);
  task.group.signal(SIGCONT);
  for (const request of [T.TCFLSH, T.TCXONC, T.TCSBRK]) {
    assert.equal(ttyIoctl(task, slave, request, 0), -EINTR);
    task.group.signal(SIGCONT);
  }
});

Deno.test("a session of its own is no background: it may read and write a terminal that is not its", () => {
  const { master, slave, task } = shell("background");
  const away = child(task);
  setsid(away);
  type(master, "x\n");
  assert.equal(readTerminal(away, slave, into()), 2);
});

Deno.test("the leader's end hangs the terminal up: SIGHUP for the foreground, open files at their end", async () => {
  const { leader, slave, task } = shell("foreground");
  task.signals.setAction(SIGHUP, { ...DEFAULT_ACTION, handler: 5 });
  const reading = waitAndRead(task, slave, into());
  leader.exit(0);
  assert.equal(await reading, -EINTR);
  assert.equal(task.signals.take()!.info.signal, SIGHUP);
  assert.equal(readTerminal(task, slave, into()), 0);
  assert.equal(slave.write(into(), 0, 1), -EIO);
});

Deno.test("a read that waits is ended by a signal with a handler", async () => {
  const { master, slave, task } = shell("foreground");
  task.signals.setAction(SIGINT, { ...DEFAULT_ACTION, handler: 5 });
  const reading = waitAndRead(task, slave, into());
  type(master, "ab\x03");
  assert.equal(await reading, -EINTR);
  assert.equal(slave.available(), 0, "the line is forgotten");
});

Deno.test("VMIN and VTIME: a read ends with enough bytes, or when none has come for a while (termios(3))", async () => {
  const { master, slave, task } = shell("foreground");
  const set = (min: number, time: number): void =>
    slave.tty.setTermios({
      ...STANDARD_TERMIOS,
      lflag: STANDARD_TERMIOS.lflag & ~ICANON,
      cc: STANDARD_TERMIOS.cc.map((c, i) => i === VMIN ? min : i === VTIME ? time : c),
    });
  set(0, 1);
  assert.equal(await waitAndRead(task, slave, into()), 0, "MIN 0: nothing came in time");
  set(5, 1);
  const between = waitAndRead(task, slave, into());
  type(master, "ab");
  assert.equal(await between, 2, "MIN > 0: what had come when the time between bytes was over");
  set(2, 0);
  let done = false;
  const counted = waitAndRead(task, slave, into()).then((n) => {
    done = true;
    return n;
  });
  type(master, "a");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(done, false);
  type(master, "b");
  assert.equal(await counted, 2);
});
