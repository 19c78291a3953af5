/** Descriptors themselves: fd_close, fd_renumber, fdstat, filestat, times, prestat, fd_readdir. @module */
import { isFifo, isSock } from "../../../../fs/abi/mode.ts";
import { Stat } from "../../../../fs/abi/stat.ts";
import { nameToBytes } from "../../../../fs/abi/name.ts";
import { O_APPEND, O_NONBLOCK, O_SYNC } from "../../../../fs/abi/open.ts";
import { fstat, futimens } from "../../../../fs/vfs/mod.ts";
import type { DirEntry, DirStream, OpenFile } from "../../../../fs/vfs/open_file.ts";
import { BADF, FAULT, INVAL, NOTCAPABLE, NOTDIR, NOTSUP, OVERFLOW, SUCCESS, toWasi } from "./errno.ts";
import { denied, type FunctionSet } from "./fd_io.ts";
import { rightsOfFile, type WasiProcess } from "./process.ts";
import { type FilestatLayout, requestedTimes } from "./stat.ts";
import {
  FDFLAG,
  fdflagsOf,
  FILETYPE,
  filetypeOf,
  filetypeOfDt,
  openFlagsOf,
  RIGHT,
  RIGHTS_ALL,
} from "./types.ts";

const DIRENT_SIZE = 24;
/** Cookies 1 and 2 stand after "." and ".."; the directory's own start behind them. */
const OWN_COOKIES = 2;
const ENAMETOOLONG = 37; // preview1's number

/** Where fd_readdir stopped in a directory, with an entry read but not delivered (the guest's buffer was full). */
interface Reading {
  stream: DirStream;
  /** Cookie after the last delivered entry. */
  cookie: number;
  pending: DirEntry | null;
}

/** $preopentype; libc passes over what is no directory, where badf would end its search. */
const PREOPEN_DIR = 0, PREOPEN_OTHER = 1;

/** The descriptor functions of a process. */
export function fdMeta(p: WasiProcess, layout: FilestatLayout): FunctionSet {
  const { task, memory } = p;
  const files = task.files;
  const stat = new Stat();
  const readings = new WeakMap<OpenFile, Reading>();
  /** For an entry that is cut off in its header. */
  const scratch = new DataView(new ArrayBuffer(DIRENT_SIZE));

  function readingAt(file: OpenFile, cookie: number): Reading | number {
    let reading = readings.get(file);
    if (reading === undefined) {
      const stream = file.dirStream();
      if (typeof stream === "number") return stream;
      readings.set(file, reading = { stream, cookie: -1, pending: null });
    }
    // Back at the start (rewinddir) a directory is read anew, also if nothing had been delivered.
    if (reading.cookie !== cookie || cookie === OWN_COOKIES) {
      reading.stream.seek(cookie - OWN_COOKIES);
      reading.cookie = cookie;
      reading.pending = null;
    }
    // It may have been removed since it was read.
    const { pending } = reading;
    if (pending !== null && typeof file.inode.lookup(pending.name) === "number") reading.pending = null;
    return reading;
  }

  /** One dirent without its name (preview1.md#dirent). Numbers are below 2^53. */
  function writeHeader(
    view: DataView,
    at: number,
    next: number,
    ino: number,
    length: number,
    type: number,
  ): void {
    view.setUint32(at, next >>> 0, true);
    view.setUint32(at + 4, next / 0x100000000, true);
    view.setUint32(at + 8, ino >>> 0, true);
    view.setUint32(at + 12, ino / 0x100000000, true);
    view.setUint32(at + 16, length, true);
    view.setUint32(at + 20, type, true);
  }

  /** Copies one entry to the guest, cut off at the end of its buffer as preview1.md#fd_readdir wants. Bytes written. */
  function deliver(
    at: number,
    room: number,
    next: number,
    ino: number,
    name: Uint8Array,
    type: number,
  ): number {
    if (room >= DIRENT_SIZE) writeHeader(memory.view, at, next, ino, name.length, type);
    else {
      writeHeader(scratch, 0, next, ino, name.length, type);
      memory.bytes.set(new Uint8Array(scratch.buffer, 0, room), at);
      return room;
    }
    const tail = Math.min(room - DIRENT_SIZE, name.length);
    if (tail > 0) memory.bytes.set(tail === name.length ? name : name.subarray(0, tail), at + DIRENT_SIZE);
    return DIRENT_SIZE + tail;
  }

  function dotInode(file: OpenFile, dotdot: boolean): number {
    const dentry = file.dentry;
    if (!dotdot || dentry === null) return file.inode.ino;
    if (!dentry.isRoot) return dentry.parent.inode?.ino ?? file.inode.ino;
    const mount = file.mount;
    return mount?.mountpoint?.parent.inode?.ino ?? file.inode.ino;
  }

  const plain: FunctionSet["plain"] = {
    fd_close(fd) {
      return toWasi(files.close(fd!));
    },
    fd_renumber(from, to) {
      const source = files.get(from!);
      if (source === undefined || files.get(to!) === undefined) return BADF;
      if (from === to) return SUCCESS;
      const { rights, inheriting } = source;
      const result = files.dup3(from!, to!, false);
      if (result < 0) return toWasi(result);
      const moved = files.get(to!)!;
      moved.rights = rights;
      moved.inheriting = inheriting;
      files.close(from!);
      return SUCCESS;
    },
    fd_fdstat_get(fd, out) {
      const entry = files.get(fd!);
      if (entry === undefined) return BADF;
      out! >>>= 0;
      if (!memory.holds(out!, 24)) return FAULT;
      const file = entry.file;
      const known = rightsOfFile(file);
      const view = memory.view;
      memory.setU64(out!, 0);
      view.setUint8(out!, filetypeOf(file.inode.mode));
      view.setUint16(out! + 2, fdflagsOf(file.flags), true);
      let rights = entry.rights & known;
      if (!file.readable) rights &= ~RIGHT.FD_READ;
      if (!file.writable) rights &= ~(RIGHT.FD_WRITE | RIGHT.FD_ALLOCATE | RIGHT.FD_FILESTAT_SET_SIZE);
      memory.setU64(out! + 8, rights);
      memory.setU64(
        out! + 16,
        filetypeOf(file.inode.mode) === FILETYPE.DIRECTORY ? entry.inheriting & RIGHTS_ALL : 0,
      );
      return SUCCESS;
    },
    fd_fdstat_set_flags(fd, flags) {
      const entry = files.get(fd!);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_FDSTAT_SET_FLAGS) === 0) return denied(entry, RIGHT.FD_FDSTAT_SET_FLAGS);
      if ((flags! & ~(FDFLAG.APPEND | FDFLAG.DSYNC | FDFLAG.NONBLOCK | FDFLAG.RSYNC | FDFLAG.SYNC)) !== 0) {
        return INVAL;
      }
      // man 2 fcntl, F_SETFL: only O_APPEND and O_NONBLOCK change; asking for sync flags it cannot set is an error here.
      const wanted = openFlagsOf(flags!);
      if ((wanted & O_SYNC & ~entry.file.flags) !== 0) return NOTSUP;
      entry.file.flags = entry.file.flags & ~(O_APPEND | O_NONBLOCK) | wanted & (O_APPEND | O_NONBLOCK);
      return SUCCESS;
    },
    fd_fdstat_set_rights(fd, base, inheriting) {
      const entry = files.get(fd!);
      if (entry === undefined) return BADF;
      const known = rightsOfFile(entry.file);
      // Rights can only be given up (preview1.md#fd_fdstat_set_rights); those without a meaning here were never had.
      if ((base! & RIGHTS_ALL & ~(entry.rights & known)) !== 0) return NOTCAPABLE;
      if ((inheriting! & RIGHTS_ALL & ~entry.inheriting) !== 0) return NOTCAPABLE;
      entry.rights = base! & RIGHTS_ALL;
      entry.inheriting = inheriting! & RIGHTS_ALL;
      return SUCCESS;
    },
    fd_filestat_get(fd, out) {
      const entry = files.get(fd!);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_FILESTAT_GET) === 0) return denied(entry, RIGHT.FD_FILESTAT_GET);
      out! >>>= 0;
      if (!memory.holds(out!, layout.size)) return FAULT;
      const error = fstat(entry.file, stat);
      if (error < 0) return toWasi(error);
      layout.write(memory, out!, stat);
      return SUCCESS;
    },
    fd_filestat_set_times(fd, aLow, aHigh, mLow, mHigh, flags) {
      const entry = files.get(fd!);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_FILESTAT_SET_TIMES) === 0) {
        return denied(entry, RIGHT.FD_FILESTAT_SET_TIMES);
      }
      const times = requestedTimes(aLow!, aHigh!, mLow!, mHigh!, flags!);
      return times === undefined ? INVAL : toWasi(futimens(task, entry.file, times[0], times[1]));
    },
    fd_prestat_get(fd, out) {
      const name = p.preopenName(fd!);
      if (name === undefined && !p.isInherited(fd!)) return BADF;
      out! >>>= 0;
      if (!memory.holds(out!, 8)) return FAULT;
      memory.view.setUint32(out!, name === undefined ? PREOPEN_OTHER : PREOPEN_DIR, true);
      memory.view.setUint32(out! + 4, name?.length ?? 0, true);
      return SUCCESS;
    },
    fd_prestat_dir_name(fd, out, len) {
      const name = p.preopenName(fd!);
      if (name === undefined) return BADF;
      if (len! >>> 0 < name.length) return ENAMETOOLONG;
      if (!memory.holds(out! >>> 0, name.length)) return FAULT;
      memory.bytes.set(name, out! >>> 0);
      return SUCCESS;
    },
    fd_readdir(fd, buffer, length, cookie, out) {
      const entry = files.get(fd!);
      if (entry === undefined) return BADF;
      const file = entry.file;
      if (filetypeOf(file.inode.mode) !== FILETYPE.DIRECTORY) {
        return isFifo(file.inode.mode) || isSock(file.inode.mode) ? BADF : NOTDIR;
      }
      if ((entry.rights & RIGHT.FD_READDIR) === 0) return denied(entry, RIGHT.FD_READDIR);
      buffer! >>>= 0, length! >>>= 0, out! >>>= 0;
      if (!memory.holds(buffer!, length!) || !memory.holds(out!, 4)) return FAULT;
      if (cookie! > Number.MAX_SAFE_INTEGER) return OVERFLOW;
      let used = 0;
      let position = cookie!;
      for (; position < OWN_COOKIES && used < length!; position++) {
        const name = position === 0 ? DOT : DOTDOT;
        const ino = dotInode(file, position === 1);
        used += deliver(buffer! + used, length! - used, position + 1, ino, name, FILETYPE.DIRECTORY);
      }
      if (used < length!) {
        const reading = readingAt(file, position);
        if (typeof reading === "number") return toWasi(reading);
        while (used < length!) {
          const next = reading.pending ?? reading.stream.next();
          if (typeof next === "number") {
            if (used === 0) return toWasi(next);
            break;
          }
          if (next === null) break;
          const name = nameToBytes(next.name);
          const room = length! - used;
          used += deliver(
            buffer! + used,
            room,
            next.cookie + OWN_COOKIES,
            next.ino,
            name,
            filetypeOfDt(next.type),
          );
          // A cut entry is asked for again with the cookie before it, so it stays pending.
          reading.pending = room < DIRENT_SIZE + name.length ? next : null;
          if (reading.pending === null) reading.cookie = next.cookie + OWN_COOKIES;
        }
      }
      memory.view.setUint32(out!, used, true);
      return SUCCESS;
    },
  };
  return { plain, blocking: {} };
}

const DOT = Uint8Array.of(0x2e), DOTDOT = Uint8Array.of(0x2e, 0x2e);
