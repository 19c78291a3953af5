/** System calls on terminals, as a container's program makes them. @module */
import { EBADF, EINVAL } from "../../../../fs/abi/errno.ts";
import { O_CLOEXEC } from "../../../../fs/abi/open.ts";
import { ttyIoctl } from "../tty/ioctl.ts";
import type { Syscall } from "./file.ts";

/** By name. */
export const terminalCalls = {
  /** Requests of terminals, with a number or a struct winsize. */
  ioctl(task, a) {
    const file = task.files.get(a.number(0))?.file;
    if (file === undefined) return -EBADF;
    const answer = ttyIoctl(task, file, a.number(1), a.winsizeOrNumber(2));
    return typeof answer === "number" ? answer : 0;
  },
  dup3(task, a) {
    const [from, to, flags] = [a.number(0), a.number(1), a.number(2)];
    if (from === to || (flags & ~O_CLOEXEC) !== 0) return -EINVAL;
    return task.files.dup3(from, to, flags !== 0);
  },
} satisfies Record<string, Syscall>;
