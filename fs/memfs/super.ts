/**
 * Any memfs Volume (or an object with the same synchronous functions of Node's fs) as a filesystem. A Volume has no device nodes, FIFOs
 * or extended attributes, and times of milliseconds.
 * @module
 */
import { EEXIST, EINVAL, EIO, EISDIR, ENOTDIR, EOPNOTSUPP, EPERM, EROFS, errnoName } from "../abi/errno.ts";
import { nameByteLength } from "../abi/name.ts";
import { isDir, isLnk, isReg, modeToDt, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../abi/mode.ts";
import { O_ACCMODE, O_RDONLY, RENAME_NOREPLACE } from "../abi/open.ts";
import type { Statfs } from "../abi/stat.ts";
import { type Clock, hostClock } from "../vfs/clock.ts";
import { Inode, type SetAttr, SuperBlock } from "../vfs/inode.ts";
import { type DirEntry, type DirStream, type OpenFile, RegularFile } from "../vfs/open_file.ts";
import { forgetOwnership, ownershipOf, setOwnership, volumeMode } from "./ownership.ts";

/** What a Volume's stat gives. */
export interface VolumeStats {
  /** Inode number. */
  readonly ino: number;
  /** st_mode. */
  readonly mode: number;
  /** Number of names. */
  readonly nlink: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Access time, milliseconds since 1970. */
  readonly atimeMs: number;
  /** Modification time, milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Time of the last change of the inode, milliseconds since 1970. */
  readonly ctimeMs: number;
  /** When it was made, milliseconds since 1970. */
  readonly birthtimeMs?: number;
}

/** The functions of a memfs Volume that are used; Node's own meaning. */
export interface VolumeLike {
  /** Attributes of a path, of a link itself. */
  lstatSync(path: string): unknown;
  /** Attributes of an open file. */
  fstatSync(fd: number): unknown;
  /** Opens a file. */
  openSync(path: string, flags: string | number, mode?: number): number;
  /** Closes a descriptor. */
  closeSync(fd: number): void;
  /** Reads at a position: bytes read. */
  readSync(fd: number, buf: Uint8Array, off: number, len: number, pos: number): number;
  /** Writes at a position: bytes written. */
  writeSync(fd: number, buf: Uint8Array, off: number, len: number, pos: number): number;
  /** Sets the size of an open file. */
  ftruncateSync(fd: number, size?: number): void;
  /** Makes a directory. */
  mkdirSync(path: string, mode?: number): unknown;
  /** Makes a symbolic link. */
  symlinkSync(target: string, path: string): void;
  /** Gives a file one more name. */
  linkSync(from: string, to: string): void;
  /** Removes a name. */
  unlinkSync(path: string): void;
  /** Removes an empty directory. */
  rmdirSync(path: string): void;
  /** Renames. */
  renameSync(from: string, to: string): void;
  /** Names in a directory. */
  readdirSync(path: string): unknown;
  /** Target of a symbolic link. */
  readlinkSync(path: string): unknown;
  /** Sets permission bits. */
  chmodSync(path: string, mode: number): void;
  /** Sets access and modification time, in seconds. */
  utimesSync(path: string, atime: number, mtime: number): void;
}

/** What a MemfsSuper shows. */
export interface MemfsOptions {
  /** The volume. */
  readonly volume: VolumeLike;
  /** Nothing may be changed. */
  readonly readOnly?: boolean;
  /** Source of times. */
  readonly clock?: Clock;
}

const BY_NAME: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 133 }, (_, i) => [errnoName(i + 1), i + 1] as const),
);

/** Runs a Volume's function; the error it throws becomes a negative errno. */
function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    return -(BY_NAME.get((error as { code?: string }).code ?? "") ?? EIO);
  }
}

/** See the module's comment. */
export class MemfsSuper extends SuperBlock {
  /** See SuperBlock. */
  readonly type = "memfs";
  /** See SuperBlock: the volume's owner may change it at any time. */
  override readonly volatile = true;
  /** See SuperBlock. */
  readonly root: Inode;
  /** The volume. */
  readonly volume: VolumeLike;
  readonly #inodes: Map<number, MemfsInode> = new Map();

  /** Shows a volume from its root. */
  constructor(options: MemfsOptions) {
    super(options.clock ?? hostClock);
    this.volume = options.volume;
    this.readOnly = options.readOnly ?? false;
    this.root = this.inode(this.volume.lstatSync("/") as VolumeStats, null, "");
  }

  /** The inode of a file: one for all its links. */
  inode(stats: VolumeStats, parent: MemfsInode | null, name: string): MemfsInode {
    let inode = this.#inodes.get(stats.ino);
    if (inode === undefined || (inode.mode & S_IFMT) !== (stats.mode & S_IFMT)) {
      this.#inodes.set(stats.ino, inode = new MemfsInode(this, stats, parent, name));
    } else inode.seenAt(parent, name);
    return inode;
  }

  /** An inode has lost its last name. */
  forget(ino: number): void {
    this.#inodes.delete(ino);
    forgetOwnership(this.volume, ino);
  }

  /** See SuperBlock. */
  statfs(out: Statfs): number {
    out.type = 0x01021994;
    out.bsize = 4096;
    out.blocks =
      out.bfree =
      out.bavail =
      out.files =
      out.ffree =
        0;
    out.namelen = 255;
    return 0;
  }
}

/** A file of a volume. */
export class MemfsInode extends Inode {
  #parent: MemfsInode | null;
  #name: string;
  /** Descriptor of an open file, for when its name is gone. */
  readonly descriptors: Set<number> = new Set();

  /** A file of the volume, by the name it was found with. */
  constructor(readonly fs: MemfsSuper, stats: VolumeStats, parent: MemfsInode | null, name: string) {
    super(fs, stats.ino, stats.mode);
    this.#parent = parent;
    this.#name = name;
    this.#update(stats);
  }

  /** Its path in the volume. */
  get path(): string {
    return this.#parent === null
      ? "/"
      : `${this.#parent.path === "/" ? "" : this.#parent.path}/${this.#name}`;
  }
  /** It was found with this name. */
  seenAt(parent: MemfsInode | null, name: string): void {
    this.#parent = parent;
    this.#name = name;
  }
  #child(name: string): string {
    return `${this.path === "/" ? "" : this.path}/${name}`;
  }

  #update(s: VolumeStats): void {
    const { mode, uid, gid } = ownershipOf(this.fs.volume, s);
    this.mode = mode;
    this.uid = uid;
    this.gid = gid;
    this.nlink = s.nlink;
    this.size = isLnk(s.mode) ? nameByteLength(String(this.fs.volume.readlinkSync(this.path))) : s.size;
    const split = (
      ms: number,
    ): [number, number] => [Math.floor(ms / 1000), Math.floor((ms - Math.floor(ms / 1000) * 1000) * 1e6)];
    [this.atimeSec, this.atimeNsec] = split(Number(s.atimeMs));
    [this.mtimeSec, this.mtimeNsec] = split(Number(s.mtimeMs));
    [this.ctimeSec, this.ctimeNsec] = split(Number(s.ctimeMs));
  }

  /** See Inode. */
  override refresh(): number {
    const [fd] = this.descriptors;
    const { volume } = this.fs;
    const stats = attempt(() =>
      (fd !== undefined ? volume.fstatSync(fd) : volume.lstatSync(this.path)) as VolumeStats
    );
    if (typeof stats === "number") return stats;
    this.#update(stats);
    return 0;
  }

  /** See Inode. */
  override lookup(name: string): Inode | number {
    if (!isDir(this.mode)) return -ENOTDIR;
    const stats = attempt(() => this.fs.volume.lstatSync(this.#child(name)) as VolumeStats);
    return typeof stats === "number" ? stats : this.fs.inode(stats, this, name);
  }

  /** Makes something at a name that must be free, then looks it up. */
  #make(
    name: string,
    mode: number,
    uid: number,
    gid: number,
    make: (path: string) => void,
  ): MemfsInode | number {
    if (this.fs.readOnly) return -EROFS;
    if (!isDir(this.mode)) return -ENOTDIR;
    if (typeof this.lookup(name) !== "number") return -EEXIST;
    const path = this.#child(name);
    const error = attempt(() => make(path));
    if (typeof error === "number") return error;
    const made = this.lookup(name);
    if (typeof made === "number") return made;
    const owned = attempt(() => (made as MemfsInode).#own(mode, uid, gid));
    return typeof owned === "number" ? owned : made as MemfsInode;
  }

  /** Gives it an owner and a mode, and a new ctime. Throws what the volume throws. */
  #own(mode: number, uid: number, gid: number): void {
    const { volume } = this.fs;
    const { path } = this;
    if (!isLnk(mode)) volume.chmodSync(path, volumeMode(mode)); // of a link it would be the target's
    setOwnership(volume, volume.lstatSync(path) as VolumeStats, { mode, uid, gid });
    this.refresh();
  }

  /** See Inode. */
  override create(name: string, mode: number, uid: number, gid: number): Inode | number {
    if ((mode & S_IFMT) !== S_IFREG) return -EPERM;
    const { volume } = this.fs;
    return this.#make(
      name,
      mode,
      uid,
      gid,
      (path) => volume.closeSync(volume.openSync(path, "wx", volumeMode(mode))),
    );
  }
  /** See Inode. */
  override mkdir(name: string, mode: number, uid: number, gid: number): Inode | number {
    return this.#make(
      name,
      S_IFDIR | mode & 0o7777,
      uid,
      gid,
      (path) => void this.fs.volume.mkdirSync(path, volumeMode(S_IFDIR | mode)),
    );
  }
  /** See Inode. */
  override symlink(name: string, target: string, uid: number, gid: number): Inode | number {
    return this.#make(name, S_IFLNK | 0o777, uid, gid, (path) => this.fs.volume.symlinkSync(target, path));
  }
  /** See Inode. */
  override link(name: string, inode: Inode): number {
    const linked = this.#make(
      name,
      inode.mode,
      inode.uid,
      inode.gid,
      (path) => this.fs.volume.linkSync((inode as MemfsInode).path, path),
    );
    if (typeof linked === "number") return linked;
    inode.refresh();
    return 0;
  }

  #remove(name: string, directory: boolean): number {
    if (this.fs.readOnly) return -EROFS;
    const inode = this.lookup(name);
    if (typeof inode === "number") return inode;
    if (isDir(inode.mode) !== directory) return directory ? -ENOTDIR : -EISDIR;
    const { volume } = this.fs;
    const path = this.#child(name);
    const error = attempt(() => directory ? volume.rmdirSync(path) : volume.unlinkSync(path));
    if (typeof error === "number") return error;
    this.#lost(inode);
    return 0;
  }

  #lost(inode: Inode): void {
    inode.nlink = isDir(inode.mode) ? 0 : inode.nlink - 1;
    if (inode.nlink <= 0) this.fs.forget(inode.ino);
  }

  /** See Inode. */
  override unlink(name: string): number {
    return this.#remove(name, false);
  }
  /** See Inode. */
  override rmdir(name: string): number {
    return this.#remove(name, true);
  }

  /** See Inode. */
  override rename(oldName: string, newDir: Inode, newName: string, flags: number): number {
    const to = newDir as MemfsInode;
    if (this.fs.readOnly) return -EROFS;
    if ((flags & ~RENAME_NOREPLACE) !== 0) return -EINVAL;
    const source = this.lookup(oldName);
    if (typeof source === "number") return source;
    const target = to.lookup(newName);
    if (typeof target !== "number") {
      if ((flags & RENAME_NOREPLACE) !== 0) return -EEXIST;
      if (target === source) return 0;
      const error = isDir(target.mode)
        ? isDir(source.mode) ? to.#remove(newName, true) : -EISDIR
        : isDir(source.mode)
        ? -ENOTDIR
        : 0;
      if (error < 0) return error;
    }
    const error = attempt(() => this.fs.volume.renameSync(this.#child(oldName), to.#child(newName)));
    if (typeof error === "number") return error;
    if (typeof target !== "number" && !isDir(target.mode)) this.#lost(target);
    (source as MemfsInode).seenAt(to, newName);
    return 0;
  }

  /** See Inode. */
  override openDir(): DirStream | number {
    return isDir(this.mode) ? new MemfsStream(this) : -ENOTDIR;
  }
  /** See Inode. */
  override readlink(): string | number {
    return isLnk(this.mode) ? attempt(() => String(this.fs.volume.readlinkSync(this.path))) : -EINVAL;
  }

  /** See Inode. */
  override open(flags: number): OpenFile | number {
    if (!isReg(this.mode)) return -EINVAL;
    const fd = attempt(() =>
      this.fs.volume.openSync(this.path, (flags & O_ACCMODE) === O_RDONLY ? "r" : "r+")
    );
    // A descriptor is a number ≥ 0, an errno one below.
    return fd < 0 ? fd : new MemfsFile(this, flags, fd);
  }

  /** See Inode. */
  override setattr(attr: SetAttr): number {
    if (this.fs.readOnly) return -EROFS;
    const { volume } = this.fs;
    const { path } = this;
    if (isLnk(this.mode)) return -EPERM;
    const error = attempt(() => {
      if (attr.size !== undefined) {
        const fd = volume.openSync(path, "r+");
        volume.ftruncateSync(fd, attr.size);
        volume.closeSync(fd);
      }
      if (attr.mode !== undefined || attr.uid !== undefined || attr.gid !== undefined) {
        const mode = attr.mode === undefined ? this.mode : this.mode & S_IFMT | attr.mode & 0o7777;
        this.#own(mode, attr.uid ?? this.uid, attr.gid ?? this.gid);
      }
      if (attr.atime !== undefined || attr.mtime !== undefined) {
        const atime = attr.atime === undefined
          ? this.atimeSec + this.atimeNsec / 1e9
          : attr.atime.sec + attr.atime.nsec / 1e9;
        const mtime = attr.mtime === undefined
          ? this.mtimeSec + this.mtimeNsec / 1e9
          : attr.mtime.sec + attr.mtime.nsec / 1e9;
        volume.utimesSync(path, atime, mtime);
      }
    });
    return typeof error === "number" ? error : this.refresh();
  }
}

class MemfsFile extends RegularFile {
  constructor(readonly file: MemfsInode, flags: number, readonly fd: number) {
    super(file, flags);
    file.descriptors.add(fd);
  }
  protected override readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    return len === 0 ? 0 : attempt(() => this.file.fs.volume.readSync(this.fd, buf, off, len, pos));
  }
  protected override writeAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    // The volume may keep what it is given: it gets a copy.
    return attempt(() => this.file.fs.volume.writeSync(this.fd, buf.slice(off, off + len), 0, len, pos));
  }
  protected override currentSize(): number {
    this.file.refresh();
    return this.file.size;
  }
  override truncate(size: number): number {
    const error = attempt(() => this.file.fs.volume.ftruncateSync(this.fd, size));
    return typeof error === "number" ? error : this.file.refresh();
  }
  override allocate(mode: number, offset: number, len: number): number {
    if (mode !== 0) return -EOPNOTSUPP;
    return offset + len > this.currentSize() ? this.truncate(offset + len) : 0;
  }
  protected override release(): number {
    this.file.descriptors.delete(this.fd);
    const error = attempt(() => this.file.fs.volume.closeSync(this.fd));
    return typeof error === "number" ? error : 0;
  }
}

/** Names are read when the listing begins, sorted, and numbered. */
class MemfsStream implements DirStream {
  #names: string[] | null = null;
  #at = 0;

  constructor(readonly dir: MemfsInode) {}

  next(): DirEntry | null | number {
    if (this.#names === null) {
      const names = attempt(() => this.dir.fs.volume.readdirSync(this.dir.path) as string[]);
      if (typeof names === "number") return names;
      this.#names = names.map(String).sort();
    }
    while (this.#at < this.#names.length) {
      const name = this.#names[this.#at++]!;
      const inode = this.dir.lookup(name);
      if (typeof inode === "number") continue;
      return { name, ino: inode.ino, type: modeToDt(inode.mode), cookie: this.#at };
    }
    return null;
  }
  seek(cookie: number): void {
    if (cookie === 0) this.#names = null;
    this.#at = cookie;
  }
}
