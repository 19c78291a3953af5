/** Files of a host directory. @module */
import {
  EACCES,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
} from "../abi/errno.ts";
import { isDir, isLnk, isReg, S_IFMT, S_IFREG } from "../abi/mode.ts";
import { O_ACCMODE, O_RDONLY, RENAME_NOREPLACE } from "../abi/open.ts";
import type { Timespec } from "../abi/stat.ts";
import { Inode, type SetAttr } from "../vfs/inode.ts";
import type { DirStream, OpenFile } from "../vfs/open_file.ts";
import { HostDirStream } from "./dir_stream.ts";
import { HostFile } from "./file.ts";
import { attempt } from "./host_errno.ts";
import { isHostName } from "./host_name.ts";
import { type HostStat, statOf } from "./host_stat.ts";
import type { Placed } from "./places.ts";
import type { HostfsSuper } from "./super.ts";

/** See the module's comment. */
export class HostInode extends Inode implements Placed {
  #parent: HostInode | null;
  #name: string;
  /** Open handles, which know the file even after its name is gone. */
  readonly handles: Set<Deno.FsFile> = new Set();

  /** The file that `info` describes. */
  constructor(
    readonly fs: HostfsSuper,
    ino: number,
    stat: HostStat,
    readonly key: string,
    parent: HostInode | null,
    name: string,
  ) {
    super(fs, ino, stat.mode);
    this.#parent = parent;
    this.#name = name;
    this.#update(stat);
  }

  /** See Placed. */
  get parent(): HostInode | null {
    return this.#parent;
  }
  /** See Placed. */
  get name(): string {
    return this.#name;
  }

  /** Notes a name it has. */
  seenAt(parent: HostInode | null, name: string): void {
    this.#parent = parent;
    this.#name = name;
  }

  #update(stat: HostStat): void {
    this.mode = stat.mode;
    this.size = isLnk(this.mode) || isReg(this.mode) ? stat.size : 4096;
    this.nlink = stat.nlink;
    this.uid = stat.uid;
    this.gid = stat.gid;
    this.rdev = stat.rdev;
    this.atimeSec = stat.atimeSec;
    this.atimeNsec = stat.atimeNsec;
    this.mtimeSec = stat.mtimeSec;
    this.mtimeNsec = stat.mtimeNsec;
    this.ctimeSec = stat.ctimeSec;
    this.ctimeNsec = stat.ctimeNsec;
  }

  /** See Inode. By its name, which tells more; a file that has none any more by an open handle. */
  override refresh(): number {
    let stat = this.fs.places.stat(this);
    if (typeof stat === "number") {
      const [handle] = this.handles;
      if (handle !== undefined) {
        const info = attempt(() => handle.statSync());
        stat = typeof info === "number" ? info : statOf(info);
      }
    }
    // A removed directory that is still open has no handle to ask: it stays as it was.
    if (typeof stat === "number") return stat === -ENOENT && this.nlink === 0 ? 0 : stat;
    this.#update(stat);
    return 0;
  }

  /** The host path of a name in this directory. */
  #at(name: string): string | number {
    if (!isDir(this.mode)) return -ENOTDIR;
    return isHostName(name) ? this.fs.places.at(this, name) : -EINVAL;
  }

  /** The same for a change. */
  #change(name: string): string | number {
    return this.fs.readOnly ? -EROFS : this.#at(name);
  }

  /** See Inode. */
  override lookup(name: string): Inode | number {
    if (!isDir(this.mode)) return -ENOTDIR;
    if (!isHostName(name)) return -ENOENT;
    const stat = this.fs.places.look(this, name);
    return typeof stat === "number" ? stat : this.fs.inode(stat, this, name);
  }

  /** See Inode. Devices, FIFOs and sockets are EPERM: they would be the host's. Owners are the host user's. */
  override create(name: string, mode: number): Inode | number {
    const path = this.#change(name);
    if (typeof path === "number") return path;
    if ((mode & S_IFMT) !== S_IFREG) return -EPERM;
    const made = attempt(() => Deno.openSync(path, { write: true, createNew: true, mode: mode & 0o777 }));
    if (typeof made === "number") return made;
    made.close();
    return this.lookup(name);
  }

  /** See Inode. */
  override mkdir(name: string, mode: number): Inode | number {
    const path = this.#change(name);
    if (typeof path === "number") return path;
    const error = attempt(() => Deno.mkdirSync(path, { mode: mode & 0o1777 }));
    return typeof error === "number" ? error : this.lookup(name);
  }

  /** See Inode. The target is text: whoever follows it does so inside the container. */
  override symlink(name: string, target: string): Inode | number {
    const path = this.#change(name);
    if (typeof path === "number") return path;
    const error = attempt(() => Deno.symlinkSync(target, path, { type: "file" }));
    return typeof error === "number" ? error : this.lookup(name);
  }

  /** See Inode. */
  override link(name: string, inode: Inode): number {
    const path = this.#change(name);
    if (typeof path === "number") return path;
    const source = inode as HostInode;
    if (source.#parent === null) return -EXDEV; // a bind of one file: it has no directory here
    const from = source.#parent.#at(source.#name);
    if (typeof from === "number") return from;
    const error = attempt(() => Deno.linkSync(from, path));
    if (typeof error === "number") return error;
    source.refresh();
    return 0;
  }

  /** A name of `inode` has been removed. */
  #gone(inode: HostInode): void {
    inode.nlink = isDir(inode.mode) ? 0 : inode.nlink - 1;
    if (inode.nlink <= 0) this.fs.forget(inode);
  }

  #remove(name: string, directory: boolean): number {
    const path = this.#change(name);
    if (typeof path === "number") return path;
    const stat = this.fs.places.look(this, name);
    if (typeof stat === "number") return stat;
    if (isDir(stat.mode) !== directory) return directory ? -ENOTDIR : -EISDIR;
    const inode = this.fs.inode(stat, this, name);
    const error = attempt(() => Deno.removeSync(path));
    // Hosts that report EEXIST or EPERM for a directory with files in it mean this.
    if (typeof error === "number") {
      return directory && (error === -EEXIST || error === -EPERM) ? -ENOTEMPTY : error;
    }
    this.#gone(inode);
    return 0;
  }

  /** See Inode. */
  override unlink(name: string): number {
    return this.#remove(name, false);
  }
  /** See Inode. */
  override rmdir(name: string): number {
    return this.#remove(name, true);
  }

  /** See Inode. RENAME_NOREPLACE is checked before, not by the host. */
  override rename(oldName: string, newDir: Inode, newName: string, flags: number): number {
    const to = newDir as HostInode;
    if ((flags & ~RENAME_NOREPLACE) !== 0) return -EINVAL;
    const from = this.#change(oldName);
    if (typeof from === "number") return from;
    const path = to.#change(newName);
    if (typeof path === "number") return path;
    const source = this.lookup(oldName);
    if (typeof source === "number") return source;
    const target = to.lookup(newName);
    if (typeof target !== "number") {
      if ((flags & RENAME_NOREPLACE) !== 0) return -EEXIST;
      if (target === source) return 0;
      if (isDir(target.mode) !== isDir(source.mode)) return isDir(target.mode) ? -EISDIR : -ENOTDIR;
    }
    const error = attempt(() => Deno.renameSync(from, path));
    if (typeof error === "number") return error === -EEXIST && isDir(source.mode) ? -ENOTEMPTY : error;
    if (typeof target !== "number") this.#gone(target as HostInode);
    (source as HostInode).seenAt(to, newName);
    return 0;
  }

  /** See Inode. */
  override openDir(): DirStream | number {
    return isDir(this.mode) ? new HostDirStream(this) : -ENOTDIR;
  }

  /** See Inode. */
  override readlink(): string | number {
    if (!isLnk(this.mode) || this.#parent === null) return -EINVAL;
    const path = this.#parent.#at(this.#name);
    if (typeof path === "number") return path;
    const target = attempt(() => Deno.readLinkSync(path));
    if (target === -EINVAL) return -ENOENT; // the link has been replaced
    return typeof target === "number" || Deno.build.os !== "windows" ? target : target.replaceAll("\\", "/");
  }

  /** See Inode. */
  override open(flags: number): OpenFile | number {
    const handle = this.#handle((flags & O_ACCMODE) !== O_RDONLY);
    return typeof handle === "number" ? handle : new HostFile(this, flags, handle);
  }

  /** Opens the host file, and makes sure that it is this one, and no FIFO or device that took its place: opening those can take for ever. */
  #handle(write: boolean): Deno.FsFile | number {
    if (write && this.fs.readOnly) return -EROFS;
    const pin = this.fs.places.pin(this);
    if (typeof pin === "number") return pin;
    try {
      if (!isReg(pin.stat.mode)) return -EINVAL;
      const { path } = pin;
      let handle = attempt(() => Deno.openSync(path, { read: true, write }));
      // A file that may be written but not read.
      if (handle === -EACCES && write) handle = attempt(() => Deno.openSync(path, { write: true }));
      if (typeof handle === "number") return handle;
      const { dev, ino } = statOf(handle.statSync());
      if (dev === pin.stat.dev && ino === pin.stat.ino) return handle;
      handle.close();
      return -ELOOP; // it was replaced between the look and the open
    } finally {
      pin.release();
    }
  }

  /** See Inode. */
  override setattr(attr: SetAttr): number {
    if (this.fs.readOnly) return -EROFS;
    if (isLnk(this.mode)) { // Deno's calls would follow it
      const error = this.fs.places.setLink(this, attr);
      return error < 0 ? error : this.refresh();
    }
    const [open] = this.handles;
    const pin = this.fs.places.pin(this);
    if (typeof pin === "number") {
      return pin === -ENOENT && open !== undefined ? this.#setOpen(open, attr) : pin;
    }
    try {
      const { path } = pin;
      if (attr.size !== undefined) {
        const error = this.#truncate(attr.size);
        if (error < 0) return error;
      }
      const error = attempt(() => {
        if (attr.mode !== undefined && Deno.build.os !== "windows") Deno.chmodSync(path, attr.mode & 0o7777);
        if (attr.uid !== undefined || attr.gid !== undefined) {
          Deno.chownSync(path, attr.uid ?? null, attr.gid ?? null);
        }
      });
      if (typeof error === "number") return error;
      if (attr.atime !== undefined || attr.mtime !== undefined) {
        const error = pin.setTimes(attr.atime, attr.mtime);
        if (error < 0) return error;
      }
      return this.refresh();
    } finally {
      pin.release();
    }
  }

  /** What can be done to a file without a name: its size and times, through a handle. Its mode and owner are nobody's any more. */
  #setOpen(handle: Deno.FsFile, attr: SetAttr): number {
    const error = attempt(() => {
      if (attr.size !== undefined) handle.truncateSync(attr.size);
      if (attr.atime !== undefined || attr.mtime !== undefined) handle.utimeSync(...this.#times(attr));
    });
    return typeof error === "number" ? error : this.refresh();
  }

  /** Both times of the file after a change. */
  #times(attr: SetAttr): [atime: Date, mtime: Date] {
    const date = (t: Timespec | undefined, sec: number, nsec: number): Date =>
      new Date((t?.sec ?? sec) * 1000 + Math.floor((t?.nsec ?? nsec) / 1e6));
    this.refresh();
    return [
      date(attr.atime, this.atimeSec, this.atimeNsec),
      date(attr.mtime, this.mtimeSec, this.mtimeNsec),
    ];
  }

  #truncate(size: number): number {
    if (!isReg(this.mode)) return -EINVAL;
    const handle = this.#handle(true);
    if (typeof handle === "number") return handle;
    const error = attempt(() => handle.truncateSync(size));
    handle.close();
    if (typeof error === "number") return error;
    this.size = size;
    return 0;
  }

  /** See Inode. */
  override blocks(): number {
    return isReg(this.mode) ? Math.ceil(this.size / 512) : 0;
  }
}
