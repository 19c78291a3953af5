/** ioctl(2) on terminals with typed arguments (man 2 ioctl_tty). A personality brings them out of its guest's memory. @module */
import { EFAULT, EINVAL, EIO, ENOTTY, EPERM } from "../../../../fs/abi/errno.ts";
import { O_CLOEXEC } from "../../../../fs/abi/open.ts";
import { CAP_SYS_ADMIN } from "../../../../fs/vfs/cred.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { type Termios, VSTART, VSTOP, type Winsize } from "../../../abi/linux/termios.ts";
import {
  TCIFLUSH,
  TCIOFF,
  TCIOFLUSH,
  TCION,
  TCOFLUSH,
  TCOOFF,
  TCOON,
  TTY_IOCTL,
} from "../../../abi/linux/tty_ioctl.ts";
import { leaveTerminal, setControllingTerminal, setForeground } from "../session.ts";
import type { Task } from "../task.ts";
import { interrupted, mayChange } from "./calls.ts";
import { openPeer } from "./drivers.ts";
import { MasterFile, SlaveFile, TtyFile } from "./pty_files.ts";

/** What goes in: a number, a structure, or nothing. */
export type TtyArgument = number | Termios | Winsize | null;

const { SIGINT, SIGQUIT, SIGTSTP } = SIGNAL;
const T = TTY_IOCTL;

const isTermios = (arg: TtyArgument): arg is Termios =>
  typeof arg === "object" && arg !== null && "cc" in arg;
const isWinsize = (arg: TtyArgument): arg is Winsize =>
  typeof arg === "object" && arg !== null && "rows" in arg;

/**
 * The call: its result or what it gives, or a negative errno; -ENOTTY for a file that is no terminal, and for requests that its end of
 * the pty does not know. -EINTR after a background task has been stopped: the call is to be made again.
 */
export function ttyIoctl(
  task: Task,
  file: OpenFile,
  request: number,
  arg: TtyArgument = null,
): number | Termios | Winsize {
  if (!(file instanceof TtyFile)) return -ENOTTY;
  if (file instanceof SlaveFile && file.hungUp) return request === T.TIOCSPGRP ? -ENOTTY : -EIO;
  const answer = attributes(task, file, request, arg) ?? jobs(task, file, request, arg) ??
    queues(task, file, request, arg);
  if (answer !== undefined) return answer;
  return (file instanceof MasterFile ? pty(task, file, request, arg) : undefined) ?? -ENOTTY;
}

function attributes(
  task: Task,
  file: TtyFile,
  request: number,
  arg: TtyArgument,
): number | Termios | Winsize | undefined {
  const { tty } = file;
  switch (request) {
    case T.TCGETS:
      return tty.discipline.termios;
    case T.TCSETS:
    case T.TCSETSW: // output is never on its way: there is nothing to wait for
    case T.TCSETSF: {
      const denied = mayChange(task, file);
      if (denied < 0) return denied;
      if (!isTermios(arg)) return -EFAULT;
      if (request === T.TCSETSF) tty.flushInput();
      tty.setTermios(arg);
      return 0;
    }
    case T.TIOCGWINSZ:
      return tty.winsize;
    case T.TIOCSWINSZ:
      if (!isWinsize(arg)) return -EFAULT;
      tty.resize(arg);
      return 0;
    case T.TIOCEXCL:
    case T.TIOCNXCL:
      tty.exclusive = request === T.TIOCEXCL;
      return 0;
    case T.TIOCGEXCL:
      return tty.exclusive ? 1 : 0;
    case T.TIOCGETD:
      return 0; // N_TTY
  }
  return undefined;
}

function jobs(task: Task, file: TtyFile, request: number, arg: TtyArgument): number | undefined {
  const { tty } = file;
  // A master may ask about its slave's jobs whatever its own terminal is.
  const mine = file instanceof MasterFile || task.group.session.tty === tty;
  switch (request) {
    case T.TIOCGPGRP:
      return mine ? tty.foreground?.pid.in(task.pidNs) ?? 0 : -ENOTTY;
    case T.TIOCSPGRP: {
      if (typeof arg !== "number") return -EFAULT;
      const set = setForeground(task, tty, arg);
      return set === -EIO ? -ENOTTY : interrupted(set);
    }
    case T.TIOCGSID:
      return mine && tty.session !== null ? tty.session.pid.in(task.pidNs) : -ENOTTY;
    case T.TIOCSCTTY: {
      if (file instanceof MasterFile) return -ENOTTY;
      const already = task.group.session.tty === tty;
      if (!already && !file.readable && !task.cred.globallyCapable(CAP_SYS_ADMIN)) return -EPERM;
      return setControllingTerminal(task, tty, arg === 1);
    }
    case T.TIOCNOTTY:
      return task.group.session.tty === tty ? leaveTerminal(task) : -ENOTTY;
    case T.TIOCVHANGUP:
      if (!task.cred.globallyCapable(CAP_SYS_ADMIN)) return -EPERM;
      tty.hangUp();
      return 0;
    case T.TIOCSTI: {
      const own = task.group.session.tty === tty;
      if (!own && !task.cred.globallyCapable(CAP_SYS_ADMIN)) return -EPERM;
      if (typeof arg !== "number") return -EFAULT;
      tty.type(Uint8Array.of(arg));
      return 0;
    }
  }
  return undefined;
}

function queues(task: Task, file: TtyFile, request: number, arg: TtyArgument): number | undefined {
  switch (request) {
    case T.FIONREAD:
      return file.available();
    case T.TIOCOUTQ:
      return 0; // what is written is with the other end at once
    case T.TCSBRK:
    case T.TCSBRKP:
      return mayChange(task, file);
    case T.TCFLSH: {
      const denied = mayChange(task, file);
      if (denied < 0) return denied;
      if (arg !== TCIFLUSH && arg !== TCOFLUSH && arg !== TCIOFLUSH) return -EINVAL;
      file.flush(arg !== TCOFLUSH, arg !== TCIFLUSH);
      return 0;
    }
    case T.TCXONC:
      return file instanceof MasterFile ? -ENOTTY : flow(task, file, arg);
  }
  return undefined;
}

/** tcflow(3). */
function flow(task: Task, file: TtyFile, arg: TtyArgument): number {
  const denied = mayChange(task, file);
  if (denied < 0) return denied;
  const { tty } = file;
  const { cc } = tty.discipline.termios;
  if (arg === TCOOFF || arg === TCOON) tty.stopByCall(arg === TCOOFF);
  else if (arg === TCIOFF || arg === TCION) tty.sendFlow(cc[arg === TCIOFF ? VSTOP : VSTART]!);
  else return -EINVAL;
  return 0;
}

/** What only a master knows (man 4 pts, man 2 ioctl_tty "Pseudoterminal ioctls"). */
function pty(task: Task, file: MasterFile, request: number, arg: TtyArgument): number | undefined {
  const { tty } = file;
  switch (request) {
    case T.TIOCGPTN:
      return tty.node?.index ?? -ENOTTY;
    case T.TIOCSPTLCK:
      if (typeof arg !== "number") return -EFAULT;
      tty.locked = arg !== 0;
      return 0;
    case T.TIOCGPTLCK:
      return tty.locked ? 1 : 0;
    case T.TIOCPKT:
      if (typeof arg !== "number") return -EFAULT;
      if (arg !== 0 && !tty.packets) tty.packetStatus = 0;
      tty.packets = arg !== 0;
      return 0;
    case T.TIOCGPKT:
      return tty.packets ? 1 : 0;
    case T.TIOCSIG:
      if (arg !== SIGINT && arg !== SIGQUIT && arg !== SIGTSTP) return -EINVAL;
      tty.foreground?.signal(arg);
      return 0;
    case T.TIOCGPTPEER: {
      const flags = typeof arg === "number" ? arg : 0;
      const slave = openPeer(task, file, flags);
      if (typeof slave === "number") return slave;
      const fd = task.files.install(slave, (flags & O_CLOEXEC) !== 0);
      if (fd < 0) slave.close();
      return fd;
    }
  }
  return undefined;
}
