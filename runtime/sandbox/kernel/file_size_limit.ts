/** RLIMIT_FSIZE (man 2 getrlimit): a file that would become larger gives SIGXFSZ, and EFBIG where that does not end the task. @module */
import { EFBIG } from "../../../fs/abi/errno.ts";
import { isReg } from "../../../fs/abi/mode.ts";
import { O_APPEND } from "../../../fs/abi/open.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { SI_KERNEL } from "./sigaction.ts";
import type { Task } from "./task.ts";

function exceeded(task: Task): number {
  task.signals.send({ signal: SIGNAL.SIGXFSZ, code: SI_KERNEL, pid: task.pid, uid: 0 }, false);
  return -EFBIG;
}

/** How many bytes may be written at `pos` (below 0: the file's position); -EFBIG, after the signal, if there is no room for one. */
export function fileSizeRoom(task: Task, file: OpenFile, pos: number): number {
  if (!isReg(file.inode.mode)) return Infinity;
  const at = (file.flags & O_APPEND) !== 0 ? file.inode.size : pos < 0 ? file.pos : pos;
  const room = task.rlimits.fileSize - at;
  return room > 0 ? room : exceeded(task);
}

/** May the file be extended to `size` (ftruncate(2), fallocate(2)): 0, or -EFBIG after the signal. */
export function mayExtend(task: Task, file: OpenFile, size: number): number {
  return size > file.inode.size && size > task.rlimits.fileSize ? exceeded(task) : 0;
}
