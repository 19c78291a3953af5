/** Reading, writing and positions: fd_read, fd_write, fd_pread, fd_pwrite, fd_seek, fd_tell and their relatives. @module */
import { EAGAIN, EFBIG, EINVAL, ESPIPE } from "../../../../fs/abi/errno.ts";
import { isFifo, isSock } from "../../../../fs/abi/mode.ts";
import { MAX_OFFSET } from "../../../../fs/abi/limits.ts";
import { SEEK_CUR, SEEK_END, SEEK_SET } from "../../../../fs/abi/open.ts";
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import { ftruncate } from "../../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import type { FdEntry } from "../../kernel/fd_table.ts";
import { mayWrite, readTerminal, waitAndRead } from "../../kernel/tty/calls.ts";
import { fileSizeRoom, mayExtend } from "../../kernel/file_size_limit.ts";
import { type BlockingFunction, END_GUEST, type PlainFunction, WOULD_BLOCK } from "../shim.ts";
import { BADF, FAULT, INVAL, NOTCAPABLE, SUCCESS, toWasi } from "./errno.ts";
import { rightsOfFile, type WasiProcess } from "./process.ts";
import { RIGHT } from "./types.ts";

/** Most iovecs in one call (IOV_MAX of man 2 readv). */
const IOV_MAX = 1024;
/** Most bytes in one call (MAX_RW_COUNT of man 2 read, NOTES). */
const MAX_RW_COUNT = 0x7ffff000;
/** Most bytes of a terminal in one call: more than either of its ends ever has. */
const TTY_CHUNK = 16384;
const TWO_63 = 2 ** 63;

/** Functions of one subject, to be merged into the whole interface. */
export interface FunctionSet {
  /** Functions that answer at once. */
  readonly plain: Record<string, PlainFunction>;
  /** Second halves of those that can block. */
  readonly blocking: Record<string, BlockingFunction>;
}

/**
 * Why a right is missing: ESPIPE for positions of a stream, EBADF for what this kind of file or its access mode never
 * allows, ENOTCAPABLE where the guest gave the right up (fd_fdstat_set_rights).
 */
export function denied(entry: FdEntry, right: number): number {
  const mode = entry.file.inode.mode;
  if ((right & (RIGHT.FD_SEEK | RIGHT.FD_TELL)) !== 0 && (isFifo(mode) || isSock(mode))) {
    return toWasi(-ESPIPE);
  }
  if ((rightsOfFile(entry.file) & right) !== right) return BADF;
  if ((right & RIGHT.FD_READ) !== 0 && !entry.file.readable) return BADF;
  if ((right & RIGHT.FD_WRITE) !== 0 && !entry.file.writable) return BADF;
  return NOTCAPABLE;
}

/** The I/O functions of a process. */
export function fdIo(p: WasiProcess): FunctionSet {
  const { task, memory } = p;
  const files = task.files;
  /** Bytes that fd_write wrote before it had to wait. */
  let progress = 0;

  /** Checks the iovec array; the bytes it spans in all, or -1 (not a valid number: EINVAL), -2 (outside memory). */
  function span(iovs: number, count: number, out: number): number {
    if (count > IOV_MAX) return -1;
    if (!memory.holds(iovs, count * 8) || !memory.holds(out, 4)) return -2;
    const view = memory.view;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const len = view.getUint32(iovs + i * 8 + 4, true);
      if (!memory.holds(view.getUint32(iovs + i * 8, true), len)) return -2;
      total += len;
    }
    return total;
  }
  const spanError = (span: number): number => span === -1 ? INVAL : FAULT;

  /** Reads into the iovecs; `pos` < 0 for the current position. Bytes, or the errno if there are none. */
  function scatter(file: OpenFile, iovs: number, count: number, size: number, pos: number): number {
    const bytes = memory.bytes, view = memory.view;
    if (size === 0) return pos < 0 ? file.read(bytes, 0, 0) : file.pread(bytes, 0, 0, pos);
    let total = 0;
    for (let i = 0; i < count; i++) {
      const at = iovs + i * 8;
      const ptr = view.getUint32(at, true);
      let len = view.getUint32(at + 4, true);
      if (len === 0) continue;
      if (total + len > MAX_RW_COUNT) len = MAX_RW_COUNT - total;
      const n = pos < 0 ? file.read(bytes, ptr, len) : file.pread(bytes, ptr, len, pos + total);
      if (n < 0) return total > 0 ? total : n;
      total += n;
      if (n < len || total === MAX_RW_COUNT) break;
    }
    return total;
  }

  /** Writes the iovecs from byte `skip` on; `pos` < 0 for the current position. */
  function gather(file: OpenFile, iovs: number, count: number, skip: number, pos: number): number {
    const bytes = memory.bytes, view = memory.view;
    let most = MAX_RW_COUNT;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const at = iovs + i * 8;
      let ptr = view.getUint32(at, true);
      let len = view.getUint32(at + 4, true);
      if (skip >= len) {
        skip -= len;
        continue;
      }
      ptr += skip;
      len -= skip;
      skip = 0;
      if (task.rlimits.fileSize !== Infinity && len > 0 && total === 0) {
        const room = fileSizeRoom(task, file, pos);
        if (room < 0) return room;
        if (room < most) most = room;
      }
      if (total + len > most) len = most - total;
      const n = pos < 0 ? file.write(bytes, ptr, len) : file.pwrite(bytes, ptr, len, pos + total);
      if (n < 0) return total > 0 ? total : n;
      total += n;
      if (n < len || total === most) break;
    }
    return total;
  }

  function done(out: number, total: number): number {
    memory.view.setUint32(out, total, true);
    return SUCCESS;
  }

  /** Hands out what one read of a terminal gave: a line is not joined with the next because there is room in another iovec. */
  function readTty(
    file: OpenFile,
    n: number,
    from: Uint8Array,
    iovs: number,
    count: number,
    out: number,
  ): number {
    if (n < 0) return n === -EAGAIN && !file.nonblocking ? WOULD_BLOCK : p.result(n);
    const bytes = memory.bytes, view = memory.view;
    for (let i = 0, at = 0; i < count && at < n; i++) {
      const len = Math.min(view.getUint32(iovs + i * 8 + 4, true), n - at);
      bytes.set(from.subarray(at, at + len), view.getUint32(iovs + i * 8, true));
      at += len;
    }
    return done(out, n);
  }

  function fdRead(fd: number, iovs: number, count: number, out: number): number {
    const entry = files.get(fd);
    if (entry === undefined) return BADF;
    if ((entry.rights & RIGHT.FD_READ) === 0) return denied(entry, RIGHT.FD_READ);
    iovs >>>= 0, count >>>= 0, out >>>= 0;
    const size = span(iovs, count, out);
    if (size < 0) return spanError(size);
    if (entry.tty !== null) {
      const into = new Uint8Array(Math.min(size, TTY_CHUNK));
      return readTty(entry.tty, readTerminal(task, entry.tty, into), into, iovs, count, out);
    }
    const n = scatter(entry.file, iovs, count, size, -1);
    if (n >= 0) return done(out, n);
    if (n === -EAGAIN && !entry.file.nonblocking) return WOULD_BLOCK;
    return p.result(n);
  }

  async function fdReadBlocking(fd: number, iovs: number, count: number, out: number): Promise<number> {
    for (;;) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      if (entry.tty !== null) {
        iovs >>>= 0, count >>>= 0, out >>>= 0;
        const into = new Uint8Array(Math.min(span(iovs, count, out), TTY_CHUNK));
        const n = await waitAndRead(task, entry.tty, into);
        return task.dying ? END_GUEST : readTty(entry.tty, n, into, iovs, count, out);
      }
      const error = await task.block(entry.file, POLLIN);
      if (task.dying) return END_GUEST;
      if (error < 0) return toWasi(error);
      const result = fdRead(fd, iovs, count, out);
      if (result !== WOULD_BLOCK) return result;
    }
  }

  function fdWrite(fd: number, iovs: number, count: number, out: number): number {
    const entry = files.get(fd);
    if (entry === undefined) return BADF;
    const file = entry.file;
    if ((entry.rights & RIGHT.FD_WRITE) === 0) return denied(entry, RIGHT.FD_WRITE);
    if (!file.writable) return BADF;
    iovs >>>= 0, count >>>= 0, out >>>= 0;
    const size = span(iovs, count, out);
    if (size < 0) return spanError(size);
    if (entry.tty !== null) {
      const denied = mayWrite(task, entry.tty);
      if (denied < 0) return p.result(denied);
    }
    const n = gather(file, iovs, count, 0, -1);
    if (n === size) return done(out, n);
    if ((n >= 0 || n === -EAGAIN) && !file.nonblocking && file.waitQueue() !== null && n < MAX_RW_COUNT) {
      progress = n > 0 ? n : 0;
      return WOULD_BLOCK;
    }
    return n >= 0 ? done(out, n) : p.result(n);
  }

  /** A blocking write to a pipe or terminal goes on until everything is written (man 7 pipe). */
  async function fdWriteBlocking(fd: number, iovs: number, count: number, out: number): Promise<number> {
    iovs >>>= 0, count >>>= 0, out >>>= 0;
    let total = progress;
    for (;;) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      const error = await task.block(entry.file, POLLOUT);
      if (task.dying) return END_GUEST;
      if (error < 0) return total > 0 ? done(out, total) : toWasi(error);
      const denied = entry.tty === null ? 0 : mayWrite(task, entry.tty);
      if (denied < 0) return total > 0 ? done(out, total) : p.result(denied);
      const size = Math.min(span(iovs, count, out), MAX_RW_COUNT);
      const n = gather(entry.file, iovs, count, total, -1);
      if (n >= 0) total += n;
      else if (n !== -EAGAIN) return total > 0 ? done(out, total) : p.result(n);
      if (total >= size) return done(out, total);
    }
  }

  const plain: Record<string, PlainFunction> = {
    fd_read: fdRead,
    fd_write: fdWrite,
    fd_pread(fd, iovs, count, pos, out) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_READ) === 0) return denied(entry, RIGHT.FD_READ);
      iovs! >>>= 0, count! >>>= 0, out! >>>= 0;
      const size = span(iovs!, count!, out!);
      if (size < 0) return spanError(size);
      if (pos! >= TWO_63) return INVAL;
      const n = scatter(entry.file, iovs!, count!, size, pos!);
      return n >= 0 ? done(out!, n) : p.result(n);
    },
    fd_pwrite(fd, iovs, count, pos, out) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_WRITE) === 0) return denied(entry, RIGHT.FD_WRITE);
      if (!entry.file.writable) return BADF;
      iovs! >>>= 0, count! >>>= 0, out! >>>= 0;
      const size = span(iovs!, count!, out!);
      if (size < 0) return spanError(size);
      if (pos! >= TWO_63) return INVAL;
      const n = gather(entry.file, iovs!, count!, 0, pos!);
      return n >= 0 ? done(out!, n) : p.result(n);
    },
    fd_seek(fd, offset, whence, out) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      const right = offset === 0 && whence === SEEK_CUR ? RIGHT.FD_TELL : RIGHT.FD_SEEK;
      if ((entry.rights & right) === 0) return denied(entry, right);
      if (whence !== SEEK_SET && whence !== SEEK_CUR && whence !== SEEK_END) return INVAL;
      if (!memory.holds(out! >>> 0, 8)) return FAULT;
      const n = entry.file.seek(offset!, whence);
      if (n < 0) return toWasi(n);
      memory.setU64(out! >>> 0, n);
      return SUCCESS;
    },
    fd_tell(fd, out) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_TELL) === 0) return denied(entry, RIGHT.FD_TELL);
      if (!memory.holds(out! >>> 0, 8)) return FAULT;
      const n = entry.file.seek(0, SEEK_CUR);
      if (n < 0) return toWasi(n);
      memory.setU64(out! >>> 0, n);
      return SUCCESS;
    },
    fd_advise(fd, offset, len, advice) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_ADVISE) === 0) return denied(entry, RIGHT.FD_ADVISE);
      if (entry.file.waitQueue() !== null) return toWasi(-ESPIPE);
      // Advice is only that; what POSIX checks is its arguments (man 2 posix_fadvise).
      return advice! >>> 0 > 5 || offset! >= TWO_63 || len! >= TWO_63 ? INVAL : SUCCESS;
    },
    fd_allocate(fd, offset, len) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_ALLOCATE) === 0) return denied(entry, RIGHT.FD_ALLOCATE);
      if (!entry.file.writable) return BADF;
      if (len === 0 || offset! >= TWO_63 || len! >= TWO_63) return toWasi(-EINVAL);
      if (offset! + len! > MAX_OFFSET) return toWasi(-EFBIG);
      const grown = mayExtend(task, entry.file, offset! + len!);
      return grown < 0 ? p.result(grown) : toWasi(entry.file.allocate(0, offset!, len!));
    },
    fd_sync(fd) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_SYNC) === 0) return denied(entry, RIGHT.FD_SYNC);
      return toWasi(entry.file.sync(false));
    },
    fd_datasync(fd) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_DATASYNC) === 0) return denied(entry, RIGHT.FD_DATASYNC);
      return toWasi(entry.file.sync(true));
    },
    fd_filestat_set_size(fd, size) {
      const entry = files.get(fd);
      if (entry === undefined) return BADF;
      if ((entry.rights & RIGHT.FD_FILESTAT_SET_SIZE) === 0) return denied(entry, RIGHT.FD_FILESTAT_SET_SIZE);
      if (!entry.file.writable) return BADF;
      if (size! >= TWO_63) return INVAL;
      if (size! > MAX_OFFSET) return toWasi(-EFBIG);
      const grown = mayExtend(task, entry.file, size!);
      return grown < 0 ? p.result(grown) : toWasi(ftruncate(task, entry.file, size!));
    },
  };
  return { plain, blocking: { fd_read: fdReadBlocking, fd_write: fdWriteBlocking } };
}
