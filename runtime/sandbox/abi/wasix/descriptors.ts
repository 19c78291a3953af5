/** Descriptors, pipes, the working directory and the terminal: fd_dup, fd_pipe, path_open2, getcwd, tty_get and their relatives. @module */
import { ENOENT, ENOTDIR, ERANGE } from "../../../../fs/abi/errno.ts";
import { isDir } from "../../../../fs/abi/mode.ts";
import { nameToBytes } from "../../../../fs/abi/name.ts";
import { X_OK } from "../../../../fs/abi/open.ts";
import { credOn, lookupAt, makePipe, permission } from "../../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import { pathOf } from "../../../../fs/vfs/path_of.ts";
import { makeEventFile } from "../../kernel/eventfd.ts";
import { getTerminalSize, getTerminalState, setTerminalState } from "./terminal.ts";
import type { BlockingFunction, PlainFunction } from "../shim.ts";
import { BADF, FAULT, INVAL, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";

/** fdflagsext: the descriptor is closed by exec. */
export const FDFLAGEXT_CLOEXEC = 1;
const EVENT_SEMAPHORE = 1;
/** $tty: four 32-bit numbers and six booleans. */
const TTY_SIZE = 24;

/** Installs several files, or none; descriptors go to the pointers. A preview1 errno. */
export function installAll(p: WasiProcess, files: readonly OpenFile[], pointers: readonly number[]): number {
  const { task, memory } = p;
  const fds: number[] = [];
  for (const file of files) {
    const fd = task.files.install(file);
    if (fd < 0) {
      for (const done of fds) task.files.close(done);
      for (const rest of files.slice(fds.length)) rest.close();
      return toWasi(fd);
    }
    fds.push(fd);
  }
  fds.forEach((fd, i) => memory.view.setUint32(pointers[i]!, fd, true));
  return SUCCESS;
}

/** The functions of a process on its descriptors. */
export function descriptors(p: WasiProcess, preview1: FunctionSet): FunctionSet {
  const { task, memory } = p;
  const { files } = task;

  function dup(fd: number, min: number, cloexec: boolean, out: number): number {
    out >>>= 0;
    if (!memory.holds(out, 4)) return FAULT;
    const copy = files.dup(fd, min, cloexec);
    if (copy < 0) return toWasi(copy);
    memory.view.setUint32(out, copy, true);
    return SUCCESS;
  }

  /** The last result of path_open2 sets FD_CLOEXEC on what path_open opened. */
  function markOpened(result: number, extended: number, out: number): number {
    if (result === SUCCESS && (extended & FDFLAGEXT_CLOEXEC) !== 0) {
      files.get(memory.view.getUint32(out >>> 0, true))!.cloexec = true;
    }
    return result;
  }

  const plain: Record<string, PlainFunction> = {
    fd_dup: (fd, out) => dup(fd!, 0, false, out!),
    fd_dup2: (fd, min, cloexec, out) => dup(fd!, min!, cloexec !== 0, out!),
    fd_event(low, high, flags, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 4)) return FAULT;
      if ((flags! & ~EVENT_SEMAPHORE) !== 0) return INVAL;
      const initial = BigInt(high! >>> 0) << 32n | BigInt(low! >>> 0);
      return installAll(p, [makeEventFile(initial, (flags! & EVENT_SEMAPHORE) !== 0)], [out!]);
    },
    fd_pipe(first, second) {
      first! >>>= 0, second! >>>= 0;
      if (!memory.holds(first!, 4) || !memory.holds(second!, 4)) return FAULT;
      return installAll(p, makePipe(), [first!, second!]);
    },
    fd_fdflags_get(fd, out) {
      out! >>>= 0;
      const entry = files.get(fd!);
      if (entry === undefined) return BADF;
      if (!memory.holds(out!, 2)) return FAULT;
      memory.view.setUint16(out!, entry.cloexec ? FDFLAGEXT_CLOEXEC : 0, true);
      return SUCCESS;
    },
    fd_fdflags_set(fd, flags) {
      const entry = files.get(fd!);
      if (entry === undefined) return BADF;
      if ((flags! & ~FDFLAGEXT_CLOEXEC) !== 0) return INVAL;
      entry.cloexec = (flags! & FDFLAGEXT_CLOEXEC) !== 0;
      return SUCCESS;
    },
    path_open2(...args) {
      const [out, extended] = [args.pop()!, args.pop()!];
      if ((extended & ~FDFLAGEXT_CLOEXEC) !== 0) return INVAL;
      return markOpened(preview1.plain["path_open"]!(...args, out), extended, out);
    },
    getcwd(path, lengthAt) {
      path! >>>= 0, lengthAt! >>>= 0;
      if (!memory.holds(lengthAt!, 4)) return FAULT;
      if (task.cwd.dentry.unhashed) return toWasi(-ENOENT);
      const bytes = nameToBytes(pathOf(task.cwd, task.root));
      const room = memory.view.getUint32(lengthAt!, true);
      memory.view.setUint32(lengthAt!, bytes.length, true);
      if (room < bytes.length) return toWasi(-ERANGE);
      if (!memory.holds(path!, bytes.length)) return FAULT;
      memory.bytes.set(bytes, path!);
      return SUCCESS;
    },
    chdir(ptr, length) {
      const path = p.paths.decode(memory, ptr! >>> 0, length! >>> 0);
      if (typeof path === "number") return path;
      const to = lookupAt(task, null, path, true);
      if (typeof to === "number") return toWasi(to);
      if (!isDir(to.dentry.inode!.mode)) return toWasi(-ENOTDIR);
      const denied = permission(credOn(task.cred, to.mount), to.dentry.inode!, X_OK);
      if (denied < 0) return toWasi(denied);
      task.cwd = { mount: to.mount, dentry: to.dentry };
      return SUCCESS;
    },
    tty_get(out) {
      out! >>>= 0;
      if (!memory.holds(out!, TTY_SIZE)) return FAULT;
      const size = getTerminalSize(task), state = getTerminalState(task);
      const { view } = memory;
      [size.cols, size.rows, size.xpixel, size.ypixel].forEach((n, i) =>
        view.setUint32(out! + i * 4, n, true)
      );
      [
        ...[0, 1, 2].map((fd) => files.get(fd)?.file.isTty === true),
        state.echo,
        state.canonical,
        state.newlines,
      ]
        .forEach((flag, i) => view.setUint8(out! + 16 + i, flag ? 1 : 0));
      return SUCCESS;
    },
    tty_set(from) {
      from! >>>= 0;
      if (!memory.holds(from!, TTY_SIZE)) return FAULT;
      const { view } = memory;
      const number = (i: number): number => view.getUint32(from! + i * 4, true);
      const flag = (i: number): boolean => view.getUint8(from! + 16 + i) !== 0;
      return toWasi(setTerminalState(
        task,
        { cols: number(0), rows: number(1), xpixel: number(2), ypixel: number(3) },
        { echo: flag(3), canonical: flag(4), newlines: flag(5) },
      ));
    },
  };
  const blocking: Record<string, BlockingFunction> = {
    async path_open2(...args) {
      const [out, extended] = [args.pop()!, args.pop()!];
      return markOpened(await preview1.blocking["path_open"]!(...args, out), extended, out);
    },
  };
  return { plain, blocking };
}
