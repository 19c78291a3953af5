/** What proc_spawn2 does to the descriptors of a child before its program is loaded (posix_spawn_file_actions). @module */
import { ENOTDIR } from "../../../../fs/abi/errno.ts";
import { isDir } from "../../../../fs/abi/mode.ts";
import {
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from "../../../../fs/abi/open.ts";
import { lookupAt, openAt, parsePath } from "../../../../fs/vfs/mod.ts";
import type { Task } from "../../kernel/task.ts";
import { BADF, INVAL, NOTDIR, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import { basePath, type WasiProcess } from "../wasi_p1/process.ts";
import { LOOKUP_SYMLINK_FOLLOW, OFLAG, openFlagsOf, RIGHT } from "../wasi_p1/types.ts";
import { readText } from "./strings.ts";

/** Bytes of a $proc_spawn_fd_op. */
export const FD_OP_SIZE = 56;
const OP = { CLOSE: 0, DUP2: 1, OPEN: 2, CHDIR: 3, FCHDIR: 4 } as const;
const AT = {
  FD: 4,
  SOURCE: 8,
  PATH: 12,
  LENGTH: 16,
  DIRFLAGS: 20,
  OFLAGS: 24,
  RIGHTS: 32,
  FDFLAGS: 48,
  EXTENDED: 50,
} as const;

function chdir(child: Task, path: string): number {
  const name = parsePath(path);
  const to = typeof name === "number" ? name : lookupAt(child, null, name, true);
  if (typeof to === "number") return toWasi(to);
  if (!isDir(to.dentry.inode!.mode)) return toWasi(-ENOTDIR);
  child.cwd = { mount: to.mount, dentry: to.dentry };
  return SUCCESS;
}

function fchdir(child: Task, fd: number): number {
  const entry = child.files.get(fd);
  if (entry === undefined) return BADF;
  const place = basePath(entry.file);
  if (place === null || !isDir(entry.file.inode.mode)) return NOTDIR;
  child.cwd = { mount: place.mount, dentry: place.dentry };
  return SUCCESS;
}

/** O_* flags from the arguments of path_open. */
function openFlags(dirflags: number, oflags: number, rights: number, fdflags: number): number {
  const reads = (rights & (RIGHT.FD_READ | RIGHT.FD_READDIR)) !== 0;
  const writes = (rights & (RIGHT.FD_WRITE | RIGHT.FD_ALLOCATE | RIGHT.FD_FILESTAT_SET_SIZE)) !== 0;
  return (writes ? reads ? O_RDWR : O_WRONLY : O_RDONLY) | openFlagsOf(fdflags) |
    (oflags & OFLAG.CREAT ? O_CREAT : 0) | (oflags & OFLAG.DIRECTORY ? O_DIRECTORY : 0) |
    (oflags & OFLAG.EXCL ? O_EXCL : 0) | (oflags & OFLAG.TRUNC ? O_TRUNC : 0) |
    (dirflags & LOOKUP_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW);
}

/** Moves a new descriptor to the number it is to have. */
function moveTo(child: Task, from: number, to: number): number {
  if (from === to) return SUCCESS;
  const result = child.files.dup3(from, to, false);
  child.files.close(from);
  return toWasi(result);
}

function open(child: Task, p: WasiProcess, at: number): number {
  const { view } = p.memory;
  const path = readText(p.memory, view.getUint32(at + AT.PATH, true), view.getUint32(at + AT.LENGTH, true));
  if (typeof path === "number") return path;
  const name = parsePath(path);
  if (typeof name === "number") return toWasi(name);
  const flags = openFlags(
    view.getUint32(at + AT.DIRFLAGS, true),
    view.getUint16(at + AT.OFLAGS, true),
    view.getUint32(at + AT.RIGHTS, true),
    view.getUint16(at + AT.FDFLAGS, true),
  );
  const cloexec = view.getUint16(at + AT.EXTENDED, true) & 1;
  const file = openAt(child, null, name, flags | (cloexec ? O_CLOEXEC : 0), 0o666);
  if (typeof file === "number") return toWasi(file);
  const fd = child.files.install(file, cloexec !== 0);
  if (fd < 0) {
    file.close();
    return toWasi(fd);
  }
  return moveTo(child, fd, view.getUint32(at + AT.FD, true));
}

function apply(child: Task, p: WasiProcess, at: number): number {
  const { view } = p.memory;
  const fd = view.getUint32(at + AT.FD, true);
  switch (view.getUint8(at)) {
    case OP.CLOSE:
      child.files.close(fd); // one that is not open is no error (posix_spawn_file_actions_addclose)
      return SUCCESS;
    case OP.DUP2: {
      const source = view.getUint32(at + AT.SOURCE, true);
      const result = child.files.dup3(source, fd, false);
      if (result >= 0 && source === fd) child.files.get(fd)!.cloexec = false;
      return toWasi(result);
    }
    case OP.OPEN:
      return open(child, p, at);
    case OP.CHDIR: {
      const path = readText(
        p.memory,
        view.getUint32(at + AT.PATH, true),
        view.getUint32(at + AT.LENGTH, true),
      );
      return typeof path === "number" ? path : chdir(child, path);
    }
    case OP.FCHDIR:
      return fchdir(child, fd);
  }
  return INVAL;
}

/** Changes of a child; each answers with a preview1 errno. */
export const applyFileActions = {
  /** Its working directory. */
  chdir,
  /** `count` operations at `ops` in the parent's memory, in their order up to the first that fails. */
  all(child: Task, p: WasiProcess, ops: number, count: number): number {
    for (let i = 0; i < count; i++) {
      const result = apply(child, p, ops + i * FD_OP_SIZE);
      if (result !== SUCCESS) return result;
    }
    return SUCCESS;
  },
};
