/** Ptys and their requests: pty(7), pts(4), ioctl_tty(2), and Documentation/filesystems/devpts. @module */
import assert from "node:assert/strict";
import { makedev } from "../../../../fs/abi/device.ts";
import {
  EBUSY,
  EINVAL,
  EIO,
  ENODEV,
  ENOENT,
  ENOSPC,
  ENOTTY,
  ENXIO,
  EPERM,
} from "../../../../fs/abi/errno.ts";
import { S_IFCHR } from "../../../../fs/abi/mode.ts";
import { O_CLOEXEC, O_NOCTTY, O_RDWR } from "../../../../fs/abi/open.ts";
import { POLLHUP, POLLIN } from "../../../../fs/abi/poll.ts";
import { type DevptsSuper, devptsType } from "../../../../fs/devpts/mod.ts";
import { mknodAt, parsePath, type PathName, pathOf } from "../../../../fs/vfs/mod.ts";
import { STANDARD_TERMIOS, type Winsize } from "../../../abi/linux/termios.ts";
import { TTY_IOCTL as T } from "../../../abi/linux/tty_ioctl.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { CapSet } from "../cap_set.ts";
import { DEFAULT_ACTION } from "../sigaction.ts";
import { child } from "../testing.ts";
import { ttyIoctl } from "./ioctl.ts";
import type { MasterFile, SlaveFile } from "./pty_files.ts";
import { kernelWithTerminals, open, opened, terminalSession } from "./testing.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const write = (file: MasterFile | SlaveFile, text: string): number => {
  const all = bytes(text);
  return file.write(all, 0, all.length);
};
const read = (file: MasterFile | SlaveFile): string | number => {
  const into = new Uint8Array(8192);
  const n = file.read(into, 0, into.length);
  return n < 0 ? n : new TextDecoder().decode(into.subarray(0, n));
};

Deno.test("pts(4): opening ptmx makes a slave, which is locked, and TIOCGPTN tells its number", () => {
  const task = kernelWithTerminals().spawn();
  const master = opened<MasterFile>(task, "/dev/pts/ptmx");
  assert.equal(ttyIoctl(task, master, T.TIOCGPTN), 0);
  assert.equal(ttyIoctl(task, opened(task, "/dev/ptmx"), T.TIOCGPTN), 1);
  assert.equal(ttyIoctl(task, master, T.TIOCGPTLCK), 1);
  assert.equal(open(task, "/dev/pts/0"), -EIO, "locked");
  ttyIoctl(task, master, T.TIOCSPTLCK, 0);
  const slave = opened<SlaveFile>(task, "/dev/pts/0");
  assert.equal(pathOf(slave as never, task.root), "/dev/pts/0");
  assert.deepEqual([slave.inode.gid, slave.inode.mode & 0o777, slave.inode.rdev], [
    5,
    0o620,
    makedev(136, 0),
  ]);
  assert.deepEqual(ttyIoctl(task, slave, T.TCGETS), STANDARD_TERMIOS);
  assert.equal(ttyIoctl(task, slave, T.TIOCGPTN), -ENOTTY, "only the master knows");
});

Deno.test("TIOCGPTPEER: the slave as a descriptor, with its place", () => {
  const { kernel, master } = terminalSession();
  const task = kernel.spawn();
  const fd = ttyIoctl(task, master, T.TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC) as number;
  const entry = task.files.get(fd)!;
  assert.equal(pathOf(entry.file as never, task.root), "/dev/pts/0");
  assert.ok(entry.cloexec && entry.tty !== null);
});

Deno.test("devpts: the number of a terminal is free again when both its ends are closed", () => {
  const task = kernelWithTerminals().spawn();
  const master = opened<MasterFile>(task, "/dev/ptmx");
  ttyIoctl(task, master, T.TIOCSPTLCK, 0);
  const slave = opened<SlaveFile>(task, "/dev/pts/0");
  master.close();
  assert.equal(open(task, "/dev/pts/0"), -ENOENT, "the name goes with the master");
  const second = opened<MasterFile>(task, "/dev/ptmx");
  assert.equal(ttyIoctl(task, second, T.TIOCGPTN), 1);
  slave.close();
  assert.equal(ttyIoctl(task, opened(task, "/dev/ptmx"), T.TIOCGPTN), 0);
});

Deno.test("devpts: options; each mount is an instance of its own; max", () => {
  const kernel = kernelWithTerminals(), task = kernel.spawn();
  const make = (...options: string[]) => devptsType.create(options, "devpts", task);
  for (const wrong of ["mode=9", "max=2000000", "gid=x", "size=1", "ptmxmode="]) {
    assert.equal(make(wrong), -EINVAL, wrong);
  }
  const sb = make("newinstance", "gid=7", "mode=0600", "ptmxmode=0666", "max=1") as DevptsSuper;
  assert.equal(sb.showOptions(), "gid=7,mode=600,ptmxmode=666,max=1");
  kernel.mountHost("/mnt", sb);
  assert.equal(ttyIoctl(task, opened(task, "/mnt/ptmx"), T.TIOCGPTN), 0);
  assert.equal(open(task, "/mnt/ptmx"), -ENOSPC);
  assert.equal(ttyIoctl(task, opened(task, "/dev/ptmx"), T.TIOCGPTN), 0);
});

Deno.test("devpts: a ptmx beside no devpts is ENODEV, a node of a terminal elsewhere EIO", () => {
  const kernel = kernelWithTerminals(), task = kernel.spawn();
  const node = (path: string, rdev: number) =>
    mknodAt(task, null, parsePath(path) as PathName, S_IFCHR | 0o666, rdev);
  node("/ptmx", makedev(5, 2));
  node("/pts0", makedev(136, 0));
  opened(task, "/dev/ptmx");
  assert.equal(open(task, "/ptmx"), -ENODEV);
  assert.equal(open(task, "/pts0"), -EIO);
});

Deno.test("tty(4): /dev/tty is the session's terminal; ENXIO without one", () => {
  const { leader, slave } = terminalSession();
  const tty = opened<SlaveFile>(leader, "/dev/tty");
  assert.equal(tty.tty, slave.tty);
  assert.equal(open(leader.kernel.spawn(), "/dev/tty"), -ENXIO);
  assert.equal(ttyIoctl(leader, tty, T.TIOCNOTTY), 0);
  assert.equal(open(leader, "/dev/tty"), -ENXIO);
});

Deno.test("open(2): a session leader gets the terminal it opens; not with O_NOCTTY, not another session's", () => {
  const { kernel, leader, slave } = terminalSession();
  assert.equal(leader.group.session.tty, slave.tty);
  assert.equal(ttyIoctl(leader, slave, T.TIOCGSID), leader.pid);
  assert.equal(ttyIoctl(leader, slave, T.TIOCGPGRP), leader.pid);
  const other = kernel.spawn();
  assert.equal(ttyIoctl(other, slave, T.TIOCGPGRP), -ENOTTY);
  assert.equal(ttyIoctl(other, slave, T.TIOCNOTTY), -ENOTTY);
});

Deno.test("pty(7): when the slave is closed the master reads what is left, then EIO; it can be opened again", () => {
  const { leader, master, slave } = terminalSession();
  write(slave, "last");
  slave.close();
  assert.equal(read(master), "last");
  assert.equal(read(master), -EIO);
  assert.equal(master.poll(), POLLHUP);
  assert.equal(write(master, "x"), -EIO);
  const again = opened<SlaveFile>(leader, "/dev/pts/0");
  assert.equal(write(master, "x\n"), 2);
  assert.equal(read(again), "x\n");
});

Deno.test("pty(7): when the master is closed reads give 0, writes EIO, and the leader gets SIGHUP and SIGCONT", () => {
  const { leader, master, slave } = terminalSession();
  leader.signals.setAction(SIGNAL.SIGCONT, { ...DEFAULT_ACTION, handler: 5 });
  leader.signals.setAction(SIGNAL.SIGHUP, { ...DEFAULT_ACTION, handler: 5 });
  const job = child(leader);
  write(master, "typed\n");
  master.close();
  assert.deepEqual(leader.signals.take()!.info.signal, SIGNAL.SIGHUP);
  assert.deepEqual(leader.signals.take()!.info.signal, SIGNAL.SIGCONT);
  assert.equal(job.dying, false, "only the leader is told");
  assert.equal(read(slave), "");
  assert.equal(write(slave, "x"), -EIO);
  assert.ok((slave.poll() & (POLLIN | POLLHUP)) === (POLLIN | POLLHUP));
  assert.equal(ttyIoctl(leader, slave, T.TCGETS), -EIO);
  assert.equal(ttyIoctl(leader, slave, T.TIOCSPGRP, leader.pid), -ENOTTY);
  assert.equal(leader.group.session.tty, null);
});

Deno.test("TIOCSWINSZ, from either end: SIGWINCH for the foreground when the size changes", () => {
  const { kernel, leader, master, slave } = terminalSession();
  const size: Winsize = { rows: 24, cols: 80, xpixel: 0, ypixel: 0 };
  leader.signals.setAction(SIGNAL.SIGWINCH, { ...DEFAULT_ACTION, handler: 5 });
  ttyIoctl(kernel.spawn(), master, T.TIOCSWINSZ, size);
  assert.deepEqual(ttyIoctl(leader, slave, T.TIOCGWINSZ), size);
  assert.equal(leader.signals.take()!.info.signal, SIGNAL.SIGWINCH);
  ttyIoctl(leader, slave, T.TIOCSWINSZ, { ...size });
  assert.equal(leader.signals.take(), null, "the same size");
});

Deno.test("TIOCPKT: reads of the master say whether they are data or a change (ioctl_tty(2))", () => {
  const { leader, master, slave } = terminalSession();
  ttyIoctl(leader, master, T.TIOCPKT, 1);
  assert.equal(ttyIoctl(leader, master, T.TIOCGPKT), 1);
  write(slave, "hi");
  assert.equal(read(master), "\0hi");
  ttyIoctl(leader, slave, T.TCXONC, 0);
  assert.equal(read(master), "\x04", "TIOCPKT_STOP");
  ttyIoctl(leader, slave, T.TCXONC, 1);
  assert.equal(read(master), "\x08", "TIOCPKT_START");
  ttyIoctl(leader, slave, T.TCFLSH, 2);
  assert.equal(read(master), "\x03", "TIOCPKT_FLUSHREAD and TIOCPKT_FLUSHWRITE");
  const { iflag } = STANDARD_TERMIOS;
  ttyIoctl(leader, slave, T.TCSETS, { ...STANDARD_TERMIOS, iflag: iflag & ~0o2000 });
  assert.equal(read(master), "\x10", "TIOCPKT_NOSTOP");
});

Deno.test("TIOCSIG, TIOCSTI, TIOCEXCL, TIOCVHANGUP and FIONREAD (ioctl_tty(2))", () => {
  const { kernel, leader, master, slave } = terminalSession();
  leader.signals.setAction(SIGNAL.SIGINT, { ...DEFAULT_ACTION, handler: 5 });
  assert.equal(ttyIoctl(leader, master, T.TIOCSIG, SIGNAL.SIGTERM), -EINVAL);
  assert.equal(ttyIoctl(leader, master, T.TIOCSIG, SIGNAL.SIGINT), 0);
  assert.equal(leader.signals.take()!.info.signal, SIGNAL.SIGINT);
  for (const key of "ok\n") ttyIoctl(leader, slave, T.TIOCSTI, key.charCodeAt(0));
  assert.equal(ttyIoctl(leader, slave, T.FIONREAD), 3);
  assert.equal(read(slave), "ok\n");
  ttyIoctl(leader, slave, T.TIOCEXCL);
  assert.equal(ttyIoctl(leader, slave, T.TIOCGEXCL), 1);
  const user = kernel.spawn();
  user.cred = user.cred.with({ effective: CapSet.EMPTY });
  assert.equal(open(user, "/dev/pts/0"), -EBUSY);
  assert.equal(ttyIoctl(user, slave, T.TIOCSTI, 1), -EPERM);
  assert.equal(ttyIoctl(leader, slave, T.TIOCVHANGUP), 0);
  assert.equal(read(slave), "");
  assert.equal(ttyIoctl(leader, slave, T.TIOCOUTQ), -EIO);
});

Deno.test("ioctl_tty(2): what is no terminal, and what no terminal knows, is ENOTTY", () => {
  const { leader, slave } = terminalSession();
  assert.equal(ttyIoctl(leader, opened(leader, "/dev", 0), T.TCGETS), -ENOTTY);
  assert.equal(ttyIoctl(leader, slave, 0x1234), -ENOTTY);
});
