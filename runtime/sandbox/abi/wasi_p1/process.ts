/**
 * One guest process as preview1 sees it: its task, its memory, its preopened directories, and the checks that every
 * function begins with.
 * @module
 */
import { EPIPE } from "../../../../fs/abi/errno.ts";
import { isChr, isDir, isFifo, isReg, isSock } from "../../../../fs/abi/mode.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import type { VPath } from "../../../../fs/vfs/dentry.ts";
import type { FdEntry } from "../../kernel/fd_table.ts";
import type { Task } from "../../kernel/task.ts";
import { GuestMemory } from "../guest_memory.ts";
import { screenOf } from "../screen.ts";
import { AGAIN, END_GUEST, type SafePoint } from "../shim.ts";
import { BADF, INTR, SUCCESS, toWasi } from "./errno.ts";
import { PathDecoder } from "./paths.ts";
import {
  RIGHTS_ALL,
  RIGHTS_DEVICE,
  RIGHTS_DIRECTORY,
  RIGHTS_REGULAR,
  RIGHTS_SOCKET,
  RIGHTS_STREAM,
} from "./types.ts";

/** A directory the process finds open at its start. */
export interface Preopen {
  /** Its descriptor. */
  readonly fd: number;
  /** The name preview1 reports for it: "/" or ".". */
  readonly name: Uint8Array;
}

/** What a process is started with. */
export interface WasiProcessOptions {
  /** Arguments, argv[0] included. */
  readonly argv: readonly Uint8Array[];
  /** Environment, `NAME=value`. */
  readonly envp: readonly Uint8Array[];
  /** Preopened directories, in descriptor order. */
  readonly preopens: readonly Preopen[];
  /** Descriptor of the "/" preopen whose missing names are looked for in the working directory; -1 for none. */
  readonly anchorFd: number;
  /** Fills bytes with random data. */
  readonly fillRandom: (bytes: Uint8Array) => void;
}

/** All processes' path names: what a name is parsed to does not depend on who says it. */
const paths = new PathDecoder();

/** State shared by the functions of one process. */
export class WasiProcess implements SafePoint {
  /** See SafePoint. */
  readonly attention: WebAssembly.Global = new WebAssembly.Global({ value: "i32", mutable: true }, 0);
  /** See SafePoint. */
  readonly attend: (result: number) => Promise<number>;
  /** See SafePoint: the filters of the task. */
  readonly screen: SafePoint["screen"];
  /** The guest's memory. */
  readonly memory: GuestMemory = new GuestMemory();
  /** Path arguments to path names. */
  readonly paths: PathDecoder = paths;
  /** The directory entry object of the "/" preopen; identity survives renumbering. */
  readonly anchor: OpenFile | null;
  readonly #preopened: Map<OpenFile, Uint8Array>;
  /** Files beyond standard error that the process was started with. */
  readonly #inherited: ReadonlySet<OpenFile>;
  /** Set by proc_exit: the wait status. */
  exited: number | null = null;

  /** A process of `task`; with `from` a copy of another (fork), whose open files it has. */
  constructor(readonly task: Task, readonly options: WasiProcessOptions, from?: WasiProcess) {
    this.screen = screenOf(task, (status) => this.exited = status);
    this.attend = async (result) => {
      this.attention.value = 0;
      const restart = await task.attend();
      if (task.dying || this.exited !== null) return END_GUEST;
      return restart && result === INTR ? AGAIN : result;
    };
    if (from !== undefined) {
      this.anchor = from.anchor;
      this.#preopened = from.#preopened;
      this.#inherited = from.#inherited;
      return;
    }
    this.anchor = options.anchorFd < 0 ? null : task.files.get(options.anchorFd)?.file ?? null;
    this.#preopened = new Map();
    for (const { fd, name } of options.preopens) {
      const file = task.files.get(fd)?.file;
      if (file !== undefined) this.#preopened.set(file, name);
    }
    const inherited = task.files.list().filter((fd) => fd > 2).map((fd) => task.files.get(fd)!.file);
    this.#inherited = new Set(inherited.filter((file) => !this.#preopened.has(file)));
  }

  /** The name of the preopened directory a descriptor refers to; it goes along when the descriptor is renumbered. */
  preopenName(fd: number): Uint8Array | undefined {
    const entry = this.task.files.get(fd);
    return entry && this.#preopened.get(entry.file);
  }

  /** Does a descriptor refer to a file that the process was started with? A search for preopened directories passes over it. */
  isInherited(fd: number): boolean {
    const entry = this.task.files.get(fd);
    return entry !== undefined && this.#inherited.has(entry.file);
  }

  /** The entry of a descriptor, or undefined (EBADF). */
  entry(fd: number): FdEntry | undefined {
    return this.task.files.get(fd);
  }

  /** The directory a path argument is relative to; a number is a preview1 errno. */
  directory(fd: number): OpenFile | number {
    const entry = this.task.files.get(fd);
    return entry === undefined ? BADF : entry.file;
  }

  /** preview1 errno for a kernel result; a broken pipe also raises SIGPIPE. END_GUEST if that, or another signal, ends the process. */
  result(result: number): number {
    if (result >= 0) return SUCCESS;
    if (result === -EPIPE) this.task.sigpipe();
    return this.task.dying ? END_GUEST : toWasi(result);
  }
}

/** A file that has a place in the tree, as the base of a path walk. */
export function basePath(file: OpenFile): VPath | null {
  return file.mount !== null && file.dentry !== null ? file as unknown as VPath : null;
}

/** Rights that mean something on this file. */
export function rightsOfFile(file: OpenFile): number {
  const mode = file.inode.mode;
  if (isReg(mode)) return RIGHTS_REGULAR;
  if (isDir(mode)) return RIGHTS_DIRECTORY;
  if (isChr(mode)) return file.isTty ? RIGHTS_STREAM : RIGHTS_DEVICE;
  if (isFifo(mode)) return RIGHTS_STREAM;
  if (isSock(mode)) return RIGHTS_SOCKET;
  return RIGHTS_ALL;
}
