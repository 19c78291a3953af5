/**
 * The filesystem contract. A filesystem is a SuperBlock and its Inodes; the VFS does path walk, permissions, mounts and
 * names. Rules for every method:
 *
 * - It returns a negative errno for what a guest can cause, and never throws for it; it never blocks (see wait_queue.ts).
 * - Names are single components (no "/", not "." or "..", 1 to NAME_MAX bytes): the VFS has checked that, and permissions.
 *   A method still answers EEXIST, ENOENT, ENOTDIR, EISDIR, ENOTEMPTY, ENOSPC, EROFS by itself.
 * - Owner and mode of a new file are given by the caller, umask and set-gid inheritance already applied.
 * - A method that changes something updates mtime, ctime, nlink and size as Linux does (man 7 inode).
 * @module
 */
import { EINVAL, ENODATA, ENOTDIR, ENOTTY, EOPNOTSUPP, EPERM, EROFS } from "../abi/errno.ts";
import type { Stat, Statfs, Timespec } from "../abi/stat.ts";
import { type Clock, hostClock } from "./clock.ts";
import type { DirStream, OpenFile } from "./open_file.ts";
import type { Pipe } from "./pipe.ts";
import type { VPath } from "./dentry.ts";

/** Attributes to change; absent ones stay. ctime becomes now in any case. */
export interface SetAttr {
  /** New permission bits (S_IALLUGO); the type is kept. */
  mode?: number;
  /** New owner. */
  uid?: number;
  /** New group. */
  gid?: number;
  /** New size in bytes: truncate or extend with zeros. Also updates mtime. */
  size?: number;
  /** New access time. */
  atime?: Timespec;
  /** New modification time. */
  mtime?: Timespec;
}

/** One mounted instance of a filesystem type. */
export abstract class SuperBlock {
  /** Type name as in /proc/filesystems: "tmpfs", "overlay", "hostfs". */
  abstract readonly type: string;
  /** The root directory's inode (or a file's, where a single file is served). */
  abstract readonly root: Inode;
  /** Device id (st_dev); given by the Vfs when first mounted. */
  dev = 0;
  /** The whole filesystem is read only (EROFS for every change, whatever the mount says). */
  readOnly = false;
  #ended = false;
  /** Mounts of it. */
  mounts = 0;
  /** Owner of the mount namespace it was made in: who is privileged there may change its options. */
  owner: object | null = null;
  /** MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME: shown, without effect on what is in memory anyway. */
  flags = 0;
  /**
   * Names can change behind our back (hostfs, procfs): the dentry cache asks `lookup` again on each walk and no negative
   * dentry is kept.
   */
  readonly volatile: boolean = false;
  /** Reading files and directories changes their access times, as far as the mount wants it. False where the host does that, or nobody. */
  readonly keepsAccessTimes: boolean = false;
  /** Its mounts can map ids (FS_ALLOW_IDMAP): owners are on disk, not made up. */
  readonly allowsIdmap: boolean = true;
  /** Set-id bits, device nodes and file capabilities are honoured. False for trees the host's users control. */
  readonly trusted: boolean = true;

  /** Makes a superblock that takes the time from `clock`. */
  constructor(readonly clock: Clock = hostClock) {}

  /** Fills in figures for statfs(2). Returns 0 or a negative errno. */
  abstract statfs(out: Statfs): number;

  /** Options as mountinfo's last field shows them after ro/rw: "size=65536k,mode=755"; empty if none. */
  showOptions(): string {
    return "";
  }

  /** Applies remount options (`key` or `key=value`). Returns 0, or -EINVAL for an option that is not known. */
  reconfigure(_options: readonly string[]): number {
    return 0;
  }

  /** Writes everything back (sync(2)). */
  sync(): number {
    return 0;
  }

  /** The last mount is gone: releases host handles and memory. Called through `end`. */
  shutdown(): void {}

  /** Shuts it down, once. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.shutdown();
  }
}

/** A file, directory, link, device node, FIFO or socket. Fields are what permission checks and stat need. */
export abstract class Inode {
  /** Owner. */
  uid = 0;
  /** Group. */
  gid = 0;
  /** Hard links. */
  nlink = 1;
  /** Device number of a device node (makedev). */
  rdev = 0;
  /** Size in bytes. */
  size = 0;
  /** Access time, seconds. */
  atimeSec = 0;
  /** Access time, nanoseconds. */
  atimeNsec = 0;
  /** Modification time, seconds. */
  mtimeSec = 0;
  /** Modification time, nanoseconds. */
  mtimeNsec = 0;
  /** Status change time, seconds. */
  ctimeSec = 0;
  /** Status change time, nanoseconds. */
  ctimeNsec = 0;
  /** Open files that refer to it; OpenFile counts. */
  openCount = 0;
  /** State of a FIFO, made by the VFS at the first open. */
  pipe: Pipe | null = null;

  /** An inode of `sb`, with its number and st_mode (type included). */
  constructor(readonly sb: SuperBlock, readonly ino: number, public mode: number) {}

  /** Brings the fields up to date from wherever they are kept. 0 or a negative errno. Called before permission checks. */
  refresh(): number {
    return 0;
  }

  /** Fills `out` (st_dev from the superblock). */
  getattr(out: Stat): number {
    const error = this.refresh();
    if (error < 0) return error;
    out.dev = this.sb.dev;
    out.ino = this.ino;
    out.mode = this.mode;
    out.nlink = this.nlink;
    out.uid = this.uid;
    out.gid = this.gid;
    out.rdev = this.rdev;
    out.size = this.size;
    out.blksize = 4096;
    out.blocks = this.blocks();
    out.atimeSec = this.atimeSec;
    out.atimeNsec = this.atimeNsec;
    out.mtimeSec = this.mtimeSec;
    out.mtimeNsec = this.mtimeNsec;
    out.ctimeSec = this.ctimeSec;
    out.ctimeNsec = this.ctimeNsec;
    return 0;
  }

  /** Allocated 512-byte blocks; sparse files override it. */
  blocks(): number {
    return Math.ceil(this.size / 512);
  }

  /** Changes attributes. */
  setattr(_attr: SetAttr): number {
    return -EROFS;
  }

  // Directories.

  /** The inode behind a name, -ENOENT, or another negative errno. The same file gives the same Inode object while in use. */
  lookup(_name: string): Inode | number {
    return -ENOTDIR;
  }
  /** Makes a regular file, FIFO, socket or device node (by the type in `mode`). */
  create(_name: string, _mode: number, _uid: number, _gid: number, _rdev: number): Inode | number {
    return -EROFS;
  }
  /** Makes a directory. */
  mkdir(_name: string, _mode: number, _uid: number, _gid: number): Inode | number {
    return -EROFS;
  }
  /** Makes a symbolic link (mode 0777). */
  symlink(_name: string, _target: string, _uid: number, _gid: number): Inode | number {
    return -EROFS;
  }
  /** Makes a hard link to `inode` of the same superblock (not a directory). -EMLINK when there are too many. */
  link(_name: string, _inode: Inode): number {
    return -EROFS;
  }
  /** Removes a name that is not a directory; -EISDIR if it is. */
  unlink(_name: string): number {
    return -EROFS;
  }
  /** Removes an empty directory; -ENOTDIR, -ENOTEMPTY. */
  rmdir(_name: string): number {
    return -EROFS;
  }
  /**
   * Moves `oldName` of this directory to `newName` of `newDir` (same superblock), replacing what may be replaced
   * (man 2 rename). `flags`: RENAME_NOREPLACE, RENAME_EXCHANGE, or -EINVAL. The VFS has checked for loops (EINVAL).
   */
  rename(_oldName: string, _newDir: Inode, _newName: string, _flags: number): number {
    return -EROFS;
  }
  /** A regular file without a name (O_TMPFILE). */
  tmpfile(_mode: number, _uid: number, _gid: number): Inode | number {
    return -EOPNOTSUPP;
  }
  /** Entries of a directory, without "." and "..", from the start. */
  openDir(): DirStream | number {
    return -ENOTDIR;
  }

  /** All paths of a file with several names, from its filesystem's root and without a slash before them; null if it has one, or nobody knows. */
  paths(): readonly string[] | null {
    return null;
  }

  // Links.

  /** Target of a symbolic link. */
  readlink(): string | number {
    return -EINVAL;
  }
  /** Where a magic link (/proc/PID/fd/N, cwd, root, ns/*) leads; undefined for an ordinary link. */
  followMagic(): VPath | number | undefined {
    return undefined;
  }

  // Content.

  /** Opens a regular file; `flags` are O_*. O_TRUNC has been done by the VFS through setattr. */
  open(_flags: number): OpenFile | number {
    return -ENOTTY;
  }
  /**
   * Opens a FIFO or device that is not the VFS's own: a stream of the host, reached again through /proc/PID/fd. undefined for
   * all others.
   */
  openStream(_flags: number): OpenFile | number | undefined {
    return undefined;
  }
  /** Every name is gone and no file is open any more: frees the content. */
  evict(): void {}

  // Extended attributes; names carry their namespace ("user.x"). The VFS has checked namespaces and permissions.

  /** Value of an attribute; -ENODATA. */
  getxattr(_name: string): Uint8Array | number {
    return -ENODATA;
  }
  /** Sets an attribute; XATTR_CREATE → -EEXIST, XATTR_REPLACE → -ENODATA. */
  setxattr(_name: string, _value: Uint8Array, _flags: number): number {
    return -EOPNOTSUPP;
  }
  /** Names of all attributes. */
  listxattr(): readonly string[] | number {
    return [];
  }
  /** Removes an attribute; -ENODATA. */
  removexattr(_name: string): number {
    return this.sb.readOnly ? -EROFS : -EPERM;
  }

  /** Sets the three times to `ms` (milliseconds since 1970): a new inode. */
  setTimes(ms: number): void {
    this.touch(ms, true, true);
    this.atimeSec = this.mtimeSec;
    this.atimeNsec = this.mtimeNsec;
  }

  /** Sets mtime and/or ctime to `ms` (milliseconds since 1970). */
  touch(ms: number, mtime: boolean, ctime: boolean): void {
    const sec = Math.floor(ms / 1000);
    const nsec = Math.floor((ms - sec * 1000) * 1e6);
    if (mtime) {
      this.mtimeSec = sec;
      this.mtimeNsec = nsec;
    }
    if (ctime) {
      this.ctimeSec = sec;
      this.ctimeNsec = nsec;
    }
  }

  /** Sets atime to `ms` (milliseconds since 1970). */
  touchAtime(ms: number): void {
    const sec = Math.floor(ms / 1000);
    this.atimeSec = sec;
    this.atimeNsec = Math.floor((ms - sec * 1000) * 1e6);
  }
}
