/** Devices of terminals: /dev/ptmx, /dev/pts/N and /dev/tty (man 7 pty, man 4 tty). @module */
import { makedev } from "../../../../fs/abi/device.ts";
import { EBUSY, EIO, ENODEV, ENXIO } from "../../../../fs/abi/errno.ts";
import { O_CLOEXEC, O_NOCTTY } from "../../../../fs/abi/open.ts";
import { DevptsSuper, PTMX, PTS_MAJOR, ptsDriver, type PtsNode } from "../../../../fs/devpts/devpts.ts";
import type { VPath } from "../../../../fs/vfs/dentry.ts";
import type { DeviceRegistry } from "../../../../fs/vfs/device.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import { lookupAt, openAt, parsePath, type PathName } from "../../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import { CAP_SYS_ADMIN } from "../../../../fs/vfs/cred.ts";
import type { Caller } from "../../../../fs/vfs/vfs.ts";
import { setControllingTerminal } from "../session.ts";
import { Task } from "../task.ts";
import { MasterFile, SlaveFile } from "./pty_files.ts";
import { Tty } from "./tty.ts";

const DEV_TTY = makedev(5, 0);

/** The devpts a ptmx belongs to: the one it is in, or the one that is mounted on `pts` beside it. */
function instanceOf(inode: Inode, caller: Caller, at: VPath): VPath | number {
  const parent = { mount: at.mount, dentry: at.dentry.parent };
  if (inode.sb instanceof DevptsSuper) return parent;
  const pts = lookupAt(caller, parent, parsePath("pts") as PathName, true);
  if (typeof pts === "number") return -ENODEV;
  return pts.dentry.isRoot && pts.dentry.sb instanceof DevptsSuper ? pts : -ENODEV;
}

/** A session leader without a terminal gets the first that it opens for reading (man 4 tty; open(2) O_NOCTTY). */
function becomeControlling(caller: Caller, file: SlaveFile): void {
  if (!(caller instanceof Task) || (file.flags & O_NOCTTY) !== 0 || !file.readable) return;
  const { session } = caller.group;
  if (session.pid === caller.id && session.tty === null && file.tty.session === null) {
    setControllingTerminal(caller, file.tty, false);
  }
}

function openSlave(tty: Tty, inode: Inode, flags: number, caller: Caller): SlaveFile | number {
  if (tty.masterClosed || tty.locked) return -EIO;
  if (tty.exclusive && !caller.cred.capable(CAP_SYS_ADMIN)) return -EBUSY;
  const file = new SlaveFile(inode, flags, tty);
  becomeControlling(caller, file);
  return file;
}

/** Opens ptmx: a new pty. */
function openMaster(inode: Inode, flags: number, caller: Caller, at: VPath): OpenFile | number {
  const pts = instanceOf(inode, caller, at);
  if (typeof pts === "number") return pts;
  const instance = pts.dentry.sb as DevptsSuper;
  const index = instance.allocate();
  if (index < 0) return index;
  const tty = new Tty();
  const node: PtsNode = instance.show(index, caller, (inode, flags, by) => openSlave(tty, inode, flags, by));
  tty.node = node;
  tty.onGone = () => instance.free(index);
  const master = new MasterFile(inode, flags, tty);
  master.pts = pts;
  master.onClose = () => instance.hide(index);
  return master;
}

/** TIOCGPTPEER: the slave of a master, by the place that its devpts has for whoever opened the master. */
export function openPeer(task: Task, master: MasterFile, flags: number): OpenFile | number {
  const { pts, tty } = master;
  if (pts === null || tty.node === null) return -EIO;
  return openAt(task, pts, parsePath(String(tty.node.index)) as PathName, flags & ~O_CLOEXEC, 0);
}

function openControlling(flags: number, caller: Caller): OpenFile | number {
  const tty = caller instanceof Task ? caller.group.session.tty : null;
  if (!(tty instanceof Tty) || tty.node === null) return -ENXIO;
  return openSlave(tty, tty.node, flags | O_NOCTTY, caller);
}

/** Registers the devices. */
export function registerTerminals(devices: DeviceRegistry): void {
  devices.register("c", PTMX, { open: openMaster });
  devices.register("c", DEV_TTY, { open: (_inode, flags, caller) => openControlling(flags, caller) });
  devices.registerMajor(PTS_MAJOR, ptsDriver);
}
