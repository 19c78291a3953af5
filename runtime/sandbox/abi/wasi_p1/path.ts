/** Functions that take a path: preview1.md#path_open and the rest of path_*. @module */
import {
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  RESOLVE_BENEATH,
} from "../../../../fs/abi/open.ts";
import { EXDEV } from "../../../../fs/abi/errno.ts";
import { nameToBytes } from "../../../../fs/abi/name.ts";
import { POLLIN } from "../../../../fs/abi/poll.ts";
import { Stat } from "../../../../fs/abi/stat.ts";
import {
  linkAt,
  lookupAt,
  mkdirAt,
  openAt,
  parsePath,
  type PathName,
  PipeFile,
  readlinkAt,
  renameAt,
  statAt,
  symlinkAt,
  unlinkAt,
  utimensAt,
  type VPath,
} from "../../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import { walkToParent } from "../../../../fs/vfs/walk.ts";
import type { FdEntry } from "../../kernel/fd_table.ts";
import { END_GUEST, WOULD_BLOCK } from "../shim.ts";
import { BADF, FAULT, INVAL, NOTCAPABLE, NOTDIR, PERM, SUCCESS, toWasi } from "./errno.ts";
import type { FunctionSet } from "./fd_io.ts";
import { basePath, rightsOfFile, type WasiProcess } from "./process.ts";
import { type FilestatLayout, requestedTimes } from "./stat.ts";
import { LOOKUP_SYMLINK_FOLLOW, OFLAG, openFlagsOf, RIGHT, RIGHTS_ALL } from "./types.ts";

const OFLAGS_ALL = OFLAG.CREAT | OFLAG.DIRECTORY | OFLAG.EXCL | OFLAG.TRUNC;
const WANTS_READ = RIGHT.FD_READ | RIGHT.FD_READDIR;
const WANTS_WRITE = RIGHT.FD_WRITE | RIGHT.FD_ALLOCATE | RIGHT.FD_FILESTAT_SET_SIZE;

/** The path functions of a process. */
export function paths(p: WasiProcess, layout: FilestatLayout): FunctionSet {
  const { task, memory } = p;
  const files = task.files;
  const stat = new Stat();
  /** What `locate` found; reused, because every function needs it and none keeps it. */
  let base: VPath;
  let name: PathName;
  let resolve = 0;
  /** A FIFO that path_open opened and whose other end it has to wait for. */
  let opening: { file: PipeFile; rights: number; inheriting: number } | null = null;

  /**
   * Descriptor, rights and path argument to base and name; a preview1 errno, or 0. Paths stay below their descriptor
   * (a capability, as preview1 means it); below "/" that is no restriction, so Linux's rules hold there as they are.
   */
  function locate(fd: number, right: number, ptr: number, len: number): number {
    const entry = files.get(fd);
    if (entry === undefined) return BADF;
    return locateFrom(entry, right, ptr, len);
  }

  function locateFrom(entry: FdEntry, right: number, ptr: number, len: number): number {
    const file = entry.file;
    const at = basePath(file);
    if (at === null || at.dentry.inode === null || (rightsOfFile(file) & RIGHT.PATH_OPEN) === 0) {
      return NOTDIR;
    }
    if ((entry.rights & right) !== right) return NOTCAPABLE;
    const decoded = p.paths.decode(memory, ptr >>> 0, len >>> 0);
    if (typeof decoded === "number") return decoded;
    name = decoded;
    base = at;
    const root = task.root;
    if (at.dentry === root.dentry && at.mount === root.mount) {
      resolve = 0;
      if (file === p.anchor && !decoded.absolute) anchor(decoded);
    } else {
      resolve = RESOLVE_BENEATH;
    }
    return 0;
  }

  /**
   * wasi-libc has no working directory: it turns `notes.txt` and `/notes.txt` into the same name below its "/" preopen.
   * A name that "/" does not have is therefore looked for in the working directory (docs/RATIONALE.md).
   */
  function anchor(path: PathName): void {
    const first = path.parts[0];
    if (first === undefined || first === "..") return;
    const single = parsePath(first);
    if (typeof single !== "number" && typeof lookupAt(task, base, single, false) === "number") {
      base = task.cwd;
    }
  }

  /** EXDEV of RESOLVE_BENEATH is "not permitted" in preview1's words; other EXDEV (rename, link) stay. */
  function finish(result: number): number {
    if (result === -EXDEV && resolve !== 0) return PERM;
    return result >= 0 ? SUCCESS : p.result(result);
  }

  function install(file: OpenFile, rights: number, inheriting: number, out: number): number {
    const fd = files.install(file);
    if (fd < 0) {
      file.close();
      return toWasi(fd);
    }
    const entry = files.get(fd)!;
    entry.rights = rights & rightsOfFile(file);
    entry.inheriting = inheriting;
    memory.view.setUint32(out, fd, true);
    return SUCCESS;
  }

  const plain: FunctionSet["plain"] = {
    path_open(fd, dirflags, ptr, len, oflags, rights, inheriting, fdflags, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 4)) return FAULT;
      const entry = files.get(fd!);
      if (entry === undefined) return BADF;
      if ((oflags! & ~OFLAGS_ALL) !== 0 || (fdflags! & ~31) !== 0) return INVAL;
      if ((dirflags! & ~LOOKUP_SYMLINK_FOLLOW) !== 0) return INVAL;
      rights! &= RIGHTS_ALL, inheriting! &= RIGHTS_ALL;
      let needed: number = RIGHT.PATH_OPEN;
      let flags = O_CLOEXEC | openFlagsOf(fdflags!);
      if (oflags! & OFLAG.CREAT) flags |= O_CREAT, needed |= RIGHT.PATH_CREATE_FILE;
      if (oflags! & OFLAG.TRUNC) flags |= O_TRUNC, needed |= RIGHT.PATH_FILESTAT_SET_SIZE;
      if (oflags! & OFLAG.EXCL) flags |= O_EXCL;
      if (oflags! & OFLAG.DIRECTORY) flags |= O_DIRECTORY;
      if ((dirflags! & LOOKUP_SYMLINK_FOLLOW) === 0) flags |= O_NOFOLLOW;
      // A directory is opened for reading, whatever rights are asked for: programs ask for all of them.
      if ((rights! & WANTS_WRITE) === 0 || (flags & O_DIRECTORY) !== 0) flags |= O_RDONLY;
      else flags |= (rights! & WANTS_READ) !== 0 ? O_RDWR : O_WRONLY;
      const error = locateFrom(entry, needed, ptr!, len!);
      if (error !== 0) return error;
      if ((rights! & ~entry.inheriting) !== 0) return NOTCAPABLE;
      const file = openAt(task, base, name, flags, 0o666, resolve);
      if (typeof file === "number") return finish(file);
      if (file instanceof PipeFile && !file.nonblocking && !file.peerReady()) {
        opening = { file, rights: rights!, inheriting: inheriting! };
        return WOULD_BLOCK;
      }
      return install(file, rights!, inheriting!, out!);
    },
    path_create_directory(fd, ptr, len) {
      return locate(fd!, RIGHT.PATH_CREATE_DIRECTORY, ptr!, len!) ||
        finish(mkdirAt(task, base, name, 0o777, resolve));
    },
    path_remove_directory(fd, ptr, len) {
      return locate(fd!, RIGHT.PATH_REMOVE_DIRECTORY, ptr!, len!) ||
        finish(unlinkAt(task, base, name, AT_REMOVEDIR, resolve));
    },
    path_unlink_file(fd, ptr, len) {
      return locate(fd!, RIGHT.PATH_UNLINK_FILE, ptr!, len!) ||
        finish(unlinkAt(task, base, name, 0, resolve));
    },
    path_filestat_get(fd, flags, ptr, len, out) {
      out! >>>= 0;
      if (!memory.holds(out!, layout.size)) return FAULT;
      if ((flags! & ~LOOKUP_SYMLINK_FOLLOW) !== 0) return INVAL;
      const error = locate(fd!, RIGHT.PATH_FILESTAT_GET, ptr!, len!);
      if (error !== 0) return error;
      const follow = (flags! & LOOKUP_SYMLINK_FOLLOW) !== 0 ? 0 : AT_SYMLINK_NOFOLLOW;
      const result = statAt(task, base, name, follow, stat, resolve);
      if (result < 0) return finish(result);
      layout.write(memory, out!, stat);
      return SUCCESS;
    },
    path_filestat_set_times(fd, flags, ptr, len, aLow, aHigh, mLow, mHigh, fstflags) {
      const times = requestedTimes(aLow!, aHigh!, mLow!, mHigh!, fstflags!);
      if (times === undefined || (flags! & ~LOOKUP_SYMLINK_FOLLOW) !== 0) return INVAL;
      const follow = (flags! & LOOKUP_SYMLINK_FOLLOW) !== 0 ? 0 : AT_SYMLINK_NOFOLLOW;
      return locate(fd!, RIGHT.PATH_FILESTAT_SET_TIMES, ptr!, len!) ||
        finish(utimensAt(task, base, name, times[0], times[1], follow, resolve));
    },
    path_link(fd, flags, ptr, len, newFd, newPtr, newLen) {
      if ((flags! & ~LOOKUP_SYMLINK_FOLLOW) !== 0) return INVAL;
      const error = locate(fd!, RIGHT.PATH_LINK_SOURCE, ptr!, len!);
      if (error !== 0) return error;
      const oldBase = base, oldName = name, oldResolve = resolve;
      const newError = locate(newFd!, RIGHT.PATH_LINK_TARGET, newPtr!, newLen!);
      if (newError !== 0) return newError;
      const follow = (flags! & LOOKUP_SYMLINK_FOLLOW) !== 0 ? AT_SYMLINK_FOLLOW : 0;
      const result = linkAt(task, oldBase, oldName, base, name, follow, oldResolve, resolve);
      if (result !== -EXDEV) return result >= 0 ? SUCCESS : p.result(result);
      const source = lookupAt(task, oldBase, oldName, follow !== 0, oldResolve);
      return source === -EXDEV || leaves(base, name, resolve) ? PERM : toWasi(-EXDEV);
    },
    path_rename(fd, ptr, len, newFd, newPtr, newLen) {
      const error = locate(fd!, RIGHT.PATH_RENAME_SOURCE, ptr!, len!);
      if (error !== 0) return error;
      const oldBase = base, oldName = name, oldResolve = resolve;
      const newError = locate(newFd!, RIGHT.PATH_RENAME_TARGET, newPtr!, newLen!);
      if (newError !== 0) return newError;
      const result = renameAt(task, oldBase, oldName, base, name, 0, oldResolve, resolve);
      if (result !== -EXDEV) return result >= 0 ? SUCCESS : p.result(result);
      return leaves(oldBase, oldName, oldResolve) || leaves(base, name, resolve) ? PERM : toWasi(-EXDEV);
    },
    path_symlink(targetPtr, targetLen, fd, ptr, len) {
      const target = p.paths.text(memory, targetPtr! >>> 0, targetLen! >>> 0);
      if (typeof target === "number") return target;
      return locate(fd!, RIGHT.PATH_SYMLINK, ptr!, len!) ||
        finish(symlinkAt(task, target, base, name, resolve));
    },
    path_readlink(fd, ptr, len, buffer, size, out) {
      buffer! >>>= 0, size! >>>= 0, out! >>>= 0;
      if (!memory.holds(buffer!, size!) || !memory.holds(out!, 4)) return FAULT;
      const error = locate(fd!, RIGHT.PATH_READLINK, ptr!, len!);
      if (error !== 0) return error;
      const target = readlinkAt(task, base, name, resolve);
      if (typeof target === "number") return finish(target);
      const bytes = nameToBytes(target);
      // man 2 readlink: a buffer too small gets the beginning.
      const used = Math.min(bytes.length, size!);
      memory.bytes.set(bytes.subarray(0, used), buffer!);
      memory.view.setUint32(out!, used, true);
      return SUCCESS;
    },
  };

  /** With two bases EXDEV may mean either that a path left its descriptor (this asks) or that they are on two mounts. */
  function leaves(base: VPath, name: PathName, resolve: number): boolean {
    return walkToParent(task, base, name, resolve) === -EXDEV;
  }

  const blocking: FunctionSet["blocking"] = {
    async path_open(_fd, _dirflags, _ptr, _len, _oflags, _rights, _inheriting, _fdflags, out) {
      const { file, rights, inheriting } = opening!;
      opening = null;
      while (!file.peerReady()) {
        const error = await task.block(file, POLLIN);
        if (error < 0 || task.dying) {
          file.close();
          return task.dying ? END_GUEST : toWasi(error);
        }
      }
      return install(file, rights, inheriting, out! >>> 0);
    },
  };
  return { plain, blocking };
}
