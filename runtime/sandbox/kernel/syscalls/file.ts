/** System calls on files and directories, as a container's program makes them. @module */
import { EBADF, EEXIST, EINVAL, ENOTDIR, EPERM } from "../../../../fs/abi/errno.ts";
import { isBlk, isChr, isDir, S_IFMT } from "../../../../fs/abi/mode.ts";
import { O_CLOEXEC, O_NONBLOCK, X_OK } from "../../../../fs/abi/open.ts";
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import { Stat } from "../../../../fs/abi/stat.ts";
import type { VPath } from "../../../../fs/vfs/dentry.ts";
import {
  accessAt,
  chmodAt,
  chownAt,
  credOn,
  lookupAt,
  mkdirAt,
  mknodAt,
  openAt,
  type PathName,
  permission,
  PipeFile,
  statAt,
  symlinkAt,
  unlinkAt,
} from "../../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import type { Task } from "../task.ts";
import { type Arguments, baseOf, pathOfArgument } from "./arguments.ts";

/** A system call: its result, or a promise of it where it can wait. */
export type Syscall = (task: Task, args: Arguments) => number | Promise<number>;

/** Resolves descriptor and path arguments, then runs `f`. */
function at(
  task: Task,
  fd: number,
  path: string,
  flags: number,
  f: (base: VPath | null, path: PathName) => number,
): number {
  const base = baseOf(task, fd);
  if (typeof base === "number") return base;
  const name = pathOfArgument(path, flags);
  return typeof name === "number" ? name : f(base, name);
}

async function waitForPeer(task: Task, file: PipeFile): Promise<number> {
  while (!file.peerReady()) {
    const error = await task.block(file, POLLIN | POLLOUT);
    if (error < 0) return error;
  }
  return 0;
}

async function install(task: Task, file: OpenFile, flags: number): Promise<number> {
  if (file instanceof PipeFile && (flags & O_NONBLOCK) === 0) {
    const error = await waitForPeer(task, file);
    if (error < 0) {
      file.close();
      return error;
    }
  }
  const fd = task.files.install(file, (flags & O_CLOEXEC) !== 0);
  if (fd < 0) file.close();
  return fd;
}

function changeDirectory(task: Task, to: VPath): number {
  if (!isDir(to.dentry.inode!.mode)) return -ENOTDIR;
  const denied = permission(credOn(task.cred, to.mount), to.dentry.inode!, X_OK);
  if (denied < 0) return denied;
  task.cwd = { mount: to.mount, dentry: to.dentry };
  return 0;
}

const encoder = new TextEncoder();

/** By name. */
export const fileCalls = {
  openat2(task, a) {
    const how = a.openHow(2);
    const base = baseOf(task, a.number(0));
    if (typeof base === "number") return base;
    const path = pathOfArgument(a.string(1));
    if (typeof path === "number") return path;
    const file = openAt(task, base, path, how.flags, how.mode, how.resolve);
    return typeof file === "number" ? file : install(task, file, how.flags);
  },
  close: (task, a) => task.files.close(a.number(0)),
  close_range(task, a) {
    const [first, last, flags] = [a.number(0), a.number(1), a.number(2)];
    if (first > last) return -EINVAL;
    task.files.closeRange(first, last, (flags & CLOSE_RANGE_CLOEXEC) !== 0);
    return 0;
  },
  async write(task, a) {
    const file = task.files.get(a.number(0))?.file;
    if (file === undefined || !file.writable) return -EBADF;
    const bytes = encoder.encode(a.string(1));
    for (;;) {
      const n = file.write(bytes, 0, bytes.length);
      if (n !== -11 || file.nonblocking) return n;
      const error = await task.block(file, POLLOUT);
      if (error < 0) return error;
    }
  },
  faccessat2: (task, a) =>
    at(task, a.number(0), a.string(1), a.number(3), (b, p) => accessAt(task, b, p, a.number(2), a.number(3))),
  mkdirat: (task, a) => at(task, a.number(0), a.string(1), 0, (b, p) => mkdirAt(task, b, p, a.number(2))),
  mknodat: (task, a) =>
    at(task, a.number(0), a.string(1), 0, (b, p) => mknodAt(task, b, p, a.number(2), a.number(3))),
  newfstatat: (task, a) =>
    at(task, a.number(0), a.string(1), 0, (b, p) => {
      const { st_fmt, st_rdev } = a.nodeWanted(2), found = new Stat();
      const error = statAt(task, b, p, a.number(3), found);
      if (error < 0) return error;
      const device = isChr(found.mode) || isBlk(found.mode);
      return (found.mode & S_IFMT) === st_fmt && (!device || found.rdev === st_rdev) ? 0 : -EEXIST;
    }),
  unlinkat: (task, a) => at(task, a.number(0), a.string(1), 0, (b, p) => unlinkAt(task, b, p, a.number(2))),
  symlinkat: (task, a) => at(task, a.number(1), a.string(2), 0, (b, p) => symlinkAt(task, a.string(0), b, p)),
  fchmodat: (task, a) =>
    at(
      task,
      a.number(0),
      a.string(1),
      a.values.length > 3 ? a.number(3) : 0,
      (b, p) => chmodAt(task, b, p, a.number(2), a.values.length > 3 ? a.number(3) : 0),
    ),
  fchownat: (task, a) =>
    at(
      task,
      a.number(0),
      a.string(1),
      a.number(4),
      (b, p) => chownAt(task, b, p, a.number(2), a.number(3), a.number(4)),
    ),
  chdir(task, a) {
    const path = pathOfArgument(a.string(0));
    if (typeof path === "number") return path;
    const to = lookupAt(task, null, path, true);
    return typeof to === "number" ? to : changeDirectory(task, to);
  },
  fchdir(task, a) {
    const base = baseOf(task, a.number(0));
    if (base === null) return -EBADF;
    return typeof base === "number" ? base : changeDirectory(task, base);
  },
  umask(task, a) {
    const old = task.umask;
    task.umask = a.number(0) & 0o777;
    return old;
  },
  /** Without a buffer: only whether the working directory can be reached from the root. */
  getcwd: (task) => task.cwd.dentry.unhashed ? -EPERM : 0,
} satisfies Record<string, Syscall>;

const CLOSE_RANGE_CLOEXEC = 4;
