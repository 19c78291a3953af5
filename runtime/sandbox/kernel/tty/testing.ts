/** A kernel with terminals, for tests. @module */
import { makedev } from "../../../../fs/abi/device.ts";
import { S_IFCHR } from "../../../../fs/abi/mode.ts";
import { DevptsSuper } from "../../../../fs/devpts/mod.ts";
import { mknodAt, openAt, parsePath, type PathName } from "../../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import { O_NOCTTY, O_RDWR } from "../../../../fs/abi/open.ts";
import { TTY_IOCTL } from "../../../abi/linux/tty_ioctl.ts";
import { Kernel } from "../kernel.ts";
import { setsid } from "../session.ts";
import type { Task } from "../task.ts";
import { child } from "../testing.ts";
import { ttyIoctl } from "./ioctl.ts";
import type { MasterFile, SlaveFile } from "./pty_files.ts";

/** A path that is one. */
const pathOf = (path: string): PathName => parsePath(path) as PathName;

/** open(2) by path. */
export function open(task: Task, path: string, flags = O_RDWR | O_NOCTTY): OpenFile | number {
  return openAt(task, null, pathOf(path), flags, 0);
}

/** Opens what is there. */
export function opened<T extends OpenFile>(task: Task, path: string, flags?: number): T {
  const file = open(task, path, flags);
  if (typeof file === "number") throw new Error(`opening ${path}: errno ${-file}`);
  return file as T;
}

/** A kernel with /dev/pts, /dev/ptmx and /dev/tty. */
export function kernelWithTerminals(): Kernel {
  const kernel = new Kernel();
  kernel.mountHost("/dev/pts", new DevptsSuper({ gid: 5, mode: 0o620, ptmxmode: 0o666 }));
  for (const [name, minor] of [["tty", 0], ["ptmx", 2]] as const) {
    mknodAt(kernel.swapper, null, pathOf(`/dev/${name}`), S_IFCHR | 0o666, makedev(5, minor));
  }
  return kernel;
}

/** A session with a terminal: its leader, both ends. */
export interface TerminalSession {
  readonly kernel: Kernel;
  readonly leader: Task;
  readonly master: MasterFile;
  readonly slave: SlaveFile;
}

/** A leader of a session that has a terminal; somebody else has the master. */
export function terminalSession(): TerminalSession {
  const kernel = kernelWithTerminals();
  const emulator = kernel.spawn();
  const master = opened<MasterFile>(emulator, "/dev/ptmx");
  ttyIoctl(emulator, master, TTY_IOCTL.TIOCSPTLCK, 0);
  const leader = child(emulator);
  setsid(leader);
  const slave = opened<SlaveFile>(leader, "/dev/pts/0", O_RDWR);
  return { kernel, leader, master, slave };
}
