/** /proc/PID/fd and /proc/PID/fdinfo (man 5 proc_pid_fd, proc_pid_fdinfo). @module */
import { EACCES, ENOENT } from "../abi/errno.ts";
import { isFifo, isSock, S_IFLNK } from "../abi/mode.ts";
import { O_CLOEXEC } from "../abi/open.ts";
import { PseudoDir, type PseudoSuper, TextFile } from "../pseudo/mod.ts";
import type { VPath } from "../vfs/dentry.ts";
import type { Inode } from "../vfs/inode.ts";
import type { DirStream, OpenFile } from "../vfs/open_file.ts";
import { pathOf } from "../vfs/path_of.ts";
import { GuardedLink } from "./guarded.ts";
import type { ProcHost, ProcTask } from "./host.ts";

/** Finds the task, if it is still there, as whoever is walking sees it. */
export type TaskFinder = () => ProcTask | undefined;

/** A path as links of /proc show it: below the reader's root, or below the top of its own tree. */
export function shownPath(at: VPath, root: VPath): string {
  return pathOf(at, root).replace(/^\(unreachable\)/, "");
}

/** The text of /proc/PID/fd/N. */
function describe(file: OpenFile, root: VPath): string {
  if (file.mount !== null && file.dentry !== null && file.mount.namespace !== null) {
    return shownPath({ mount: file.mount, dentry: file.dentry }, root);
  }
  if (file.dentry !== null && file.inode.sb.type === "nsfs") return file.dentry.name;
  const { ino, mode } = file.inode;
  if (isFifo(mode)) return `pipe:[${ino}]`;
  return isSock(mode) ? `socket:[${ino}]` : `anon_inode:[${ino}]`;
}

/** What both directories are: names are descriptors, and only who may inspect the process sees them. */
abstract class Descriptors extends PseudoDir {
  readonly #known: Map<number, { readonly file: OpenFile; readonly inode: Inode }> = new Map();

  constructor(readonly pseudo: PseudoSuper, readonly task: TaskFinder, mode: number) {
    super(pseudo, mode);
  }

  /** The file that stands for a descriptor. */
  protected abstract inodeOf(fd: number, file: OpenFile): Inode;

  override child(name: string): Inode | undefined {
    if (!/^(0|[1-9][0-9]*)$/.test(name)) return undefined;
    const fd = Number(name);
    const t = this.task();
    const file = t?.file(fd);
    if (t === undefined || file === undefined) {
      this.#known.delete(fd);
      return undefined;
    }
    const known = this.#known.get(fd);
    if (known?.file === file) return known.inode;
    const inode = this.inodeOf(fd, file);
    [inode.uid, inode.gid] = t.owner;
    this.#known.set(fd, { file, inode });
    return inode;
  }

  override lookup(name: string): Inode | number {
    const t = this.task();
    if (t === undefined) return -ENOENT;
    return t.mayInspect() ? super.lookup(name) : -EACCES;
  }

  /** See Inode: to list the descriptors of a process is to inspect it. */
  override openDir(): DirStream | number {
    const t = this.task();
    if (t === undefined) return -ENOENT;
    return t.mayInspect() ? super.openDir() : -EACCES;
  }

  override names(): readonly (readonly [string, number])[] {
    return (this.task()?.fds() ?? []).map((fd) => [String(fd), fd + 1] as const);
  }
}

/** /proc/PID/fd: links that lead to the files themselves. */
export class FdDir extends Descriptors {
  /** The directory of a task. */
  constructor(sb: PseudoSuper, readonly host: ProcHost, task: TaskFinder) {
    super(sb, task, 0o500);
  }

  /** See Descriptors. */
  protected override inodeOf(_fd: number, file: OpenFile): Inode {
    const at = (): VPath =>
      file.mount !== null && file.dentry !== null
        ? { mount: file.mount, dentry: file.dentry }
        : this.host.placeOf(file);
    const link = new GuardedLink(this.pseudo, this.task, () => describe(file, this.host.root()), at);
    link.mode = S_IFLNK | 0o100 | (file.readable ? 0o400 : 0) | (file.writable ? 0o200 : 0);
    return link;
  }
}

/** /proc/PID/fdinfo: position, flags, mount and inode of each. */
export class FdInfoDir extends Descriptors {
  /** The directory of a task. */
  constructor(sb: PseudoSuper, task: TaskFinder) {
    super(sb, task, 0o555);
  }

  /** See Descriptors. */
  protected override inodeOf(fd: number, file: OpenFile): Inode {
    const read = (): string => {
      const cloexec = this.task()?.closesOnExec(fd) ? O_CLOEXEC : 0;
      const flags = (file.flags & ~O_CLOEXEC | cloexec) >>> 0;
      return `pos:\t${file.pos}\nflags:\t0${flags.toString(8)}\nmnt_id:\t${file.mount?.id ?? 0}\n` +
        `ino:\t${file.inode.ino}\n`;
    };
    return new TextFile(this.pseudo, read, { mode: 0o400 });
  }
}
