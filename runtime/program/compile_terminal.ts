/** The process's terminal: a pty of the container's own devpts, as runc makes it (config.md#process, terminal and consoleSize). @module */
import { MOVE_MOUNT_F_EMPTY_PATH, OPEN_TREE_CLONE } from "../../fs/abi/mount.ts";
import { AT_EMPTY_PATH, AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_RDWR } from "../../fs/abi/open.ts";
import { TTY_IOCTL } from "../abi/linux/tty_ioctl.ts";
import type { Process } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";

/** Leaves an id as it is (man 2 chown). */
const SAME = -1;

/**
 * Makes the terminal and has it as standard streams and as the session's own. Its master is handed out at the stage `terminal`. `console`:
 * /dev/console shows it, too.
 */
export function compileTerminal(b: ProgramBuilder, process: Process, console: boolean): void {
  if (!process.terminal) return;
  const spec = "config.md#process", what = "making the terminal";
  const how = { flags: O_RDWR | O_NOCTTY | O_CLOEXEC, mode: 0, resolve: 0 };
  const master = b.call("openat2", [AT_FDCWD, "/dev/ptmx", how], `${what}: opening /dev/ptmx`, {
    keep: "fd",
    spec,
  });
  b.call("ioctl", [master, TTY_IOCTL.TIOCSPTLCK, 0], what);
  const slave = b.call("ioctl", [master, TTY_IOCTL.TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC], what, {
    keep: "fd",
  });
  b.call("fchownat", [slave, "", process.user.uid, SAME, AT_EMPTY_PATH], `${what}: giving it to its user`);
  if (process.consoleSize !== undefined) {
    const { height: rows, width: cols } = process.consoleSize;
    b.call("ioctl", [master, TTY_IOCTL.TIOCSWINSZ, { rows, cols, xpixel: 0, ypixel: 0 }], what, {
      spec: "config.md#process",
    });
  }
  if (console) {
    const on = "binding the terminal on /dev/console";
    const tree = b.call("open_tree", [slave, "", OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH], on, {
      keep: "tree",
      spec: "config-linux.md#default-devices",
    });
    b.call("move_mount", [tree, "", AT_FDCWD, "/dev/console", MOVE_MOUNT_F_EMPTY_PATH], on);
    b.call("close", [tree], on);
  }
  b.steps.push({ stage: "terminal", fd: master });
  for (const stream of [0, 1, 2]) b.call("dup3", [slave, stream, 0], what);
  b.call("ioctl", [0, TTY_IOCTL.TIOCSCTTY, 0], `${what}: controlling terminal`, {
    spec: "config.md#process",
  });
  b.call("close", [slave], what);
  b.call("close", [master], what);
}
