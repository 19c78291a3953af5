/** Inodes of tmpfs. @module */
import {
  EEXIST,
  EINVAL,
  EISDIR,
  EMLINK,
  ENODATA,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EOPNOTSUPP,
  EROFS,
} from "../abi/errno.ts";
import { isDir, isLnk, isReg, S_IFCHR, S_IFLNK } from "../abi/mode.ts";
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  O_NOATIME,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RENAME_WHITEOUT,
} from "../abi/open.ts";
import { nameByteLength } from "../abi/name.ts";
import { XATTR_CREATE, XATTR_REPLACE } from "../abi/xattr.ts";
import { MOUNT_ATTR_STRICTATIME } from "../abi/mount.ts";
import { accessed } from "../vfs/access_time.ts";
import type { Mount } from "../vfs/dentry.ts";
import { Inode, type SetAttr } from "../vfs/inode.ts";
import { type DirStream, type OpenFile, RegularFile } from "../vfs/open_file.ts";
import { Content } from "./content.ts";
import { Directory } from "./directory.ts";
import type { TmpfsSuper } from "./super.ts";

const MAX_LINKS = 65000;
const ENTRY_SIZE = 20; // a directory's size grows by this much per name, as Linux's tmpfs shows it

/** Any file of a tmpfs. */
export class TmpfsInode extends Inode {
  /** Content of a regular file. */
  content: Content | null = null;
  /** Names of a directory. */
  entries: Directory | null = null;
  #target = "";
  #xattrs: Map<string, Uint8Array> | null = null;

  /** A new inode; the superblock has counted it. */
  constructor(readonly fs: TmpfsSuper, ino: number, mode: number) {
    super(fs, ino, mode);
    if (isReg(mode)) this.content = new Content(fs.account(), fs.slabs);
    else if (isDir(mode)) {
      this.entries = new Directory();
      this.nlink = 2;
    }
  }

  /** See Inode. */
  override blocks(): number {
    return this.content === null ? 0 : this.content.allocated / 512;
  }

  /** See Inode. */
  override setattr(attr: SetAttr): number {
    if (this.fs.readOnly) return -EROFS;
    const now = this.fs.clock.now();
    if (attr.size !== undefined) {
      if (this.content === null) return isDir(this.mode) ? -EISDIR : -EINVAL;
      if (attr.size < this.size) this.content.truncate(attr.size);
      this.size = attr.size;
      this.touch(now, true, false);
    }
    if (attr.mode !== undefined) this.mode = this.mode & ~0o7777 | attr.mode & 0o7777;
    if (attr.uid !== undefined) this.uid = attr.uid;
    if (attr.gid !== undefined) this.gid = attr.gid;
    if (attr.atime !== undefined) {
      this.atimeSec = attr.atime.sec;
      this.atimeNsec = attr.atime.nsec;
    }
    if (attr.mtime !== undefined) {
      this.mtimeSec = attr.mtime.sec;
      this.mtimeNsec = attr.mtime.nsec;
    }
    this.touch(now, false, true);
    return 0;
  }

  /** See Inode. */
  override lookup(name: string): Inode | number {
    return this.entries === null ? -ENOTDIR : this.entries.get(name) ?? -ENOENT;
  }

  #add(name: string, mode: number, uid: number, gid: number): TmpfsInode | number {
    const entries = this.entries;
    if (entries === null) return -ENOTDIR;
    if (this.fs.readOnly) return -EROFS;
    if (this.nlink === 0) return -ENOENT; // the directory itself has been removed
    if (entries.get(name) !== undefined) return -EEXIST;
    const inode = this.fs.newInode(mode, uid, gid);
    if (typeof inode === "number") return inode;
    this.#insert(name, inode);
    return inode;
  }

  #insert(name: string, inode: TmpfsInode): void {
    this.entries!.set(name, inode);
    this.#changed(ENTRY_SIZE);
  }

  #remove(name: string): void {
    this.entries!.delete(name);
    this.#changed(-ENTRY_SIZE);
  }

  #changed(growth: number): void {
    this.size += growth;
    this.touch(this.fs.clock.now(), true, true);
  }

  /** See Inode. */
  override create(name: string, mode: number, uid: number, gid: number, rdev: number): Inode | number {
    const inode = this.#add(name, mode, uid, gid);
    if (typeof inode !== "number") inode.rdev = rdev;
    return inode;
  }

  /** See Inode. */
  override mkdir(name: string, mode: number, uid: number, gid: number): Inode | number {
    if (this.nlink >= MAX_LINKS) return -EMLINK;
    const inode = this.#add(name, mode, uid, gid);
    if (typeof inode !== "number") this.nlink++;
    return inode;
  }

  /** See Inode. */
  override symlink(name: string, target: string, uid: number, gid: number): Inode | number {
    const inode = this.#add(name, S_IFLNK | 0o777, uid, gid);
    if (typeof inode === "number") return inode;
    inode.#target = target;
    inode.size = nameByteLength(target);
    return inode;
  }

  /** See Inode. */
  override link(name: string, inode: Inode): number {
    const entries = this.entries;
    if (entries === null) return -ENOTDIR;
    if (this.fs.readOnly) return -EROFS;
    if (this.nlink === 0) return -ENOENT;
    if (entries.get(name) !== undefined) return -EEXIST;
    if (inode.nlink >= MAX_LINKS) return -EMLINK;
    this.#insert(name, inode as TmpfsInode);
    inode.nlink++;
    inode.touch(this.fs.clock.now(), false, true);
    return 0;
  }

  /** See Inode. */
  override unlink(name: string): number {
    const inode = this.entries?.get(name);
    if (inode === undefined) return this.entries === null ? -ENOTDIR : -ENOENT;
    if (this.fs.readOnly) return -EROFS;
    if (isDir(inode.mode)) return -EISDIR;
    this.#remove(name);
    (inode as TmpfsInode).#lostName();
    return 0;
  }

  #lostName(): void {
    this.nlink--;
    this.touch(this.fs.clock.now(), false, true);
  }

  /** See Inode. */
  override rmdir(name: string): number {
    const inode = this.entries?.get(name) as TmpfsInode | undefined;
    if (inode === undefined) return this.entries === null ? -ENOTDIR : -ENOENT;
    if (this.fs.readOnly) return -EROFS;
    if (inode.entries === null) return -ENOTDIR;
    if (inode.entries.size > 0) return -ENOTEMPTY;
    this.#remove(name);
    this.nlink--;
    inode.nlink = 0;
    return 0;
  }

  /** See Inode. */
  override rename(oldName: string, newDir: Inode, newName: string, flags: number): number {
    const to = newDir as TmpfsInode;
    const source = this.entries?.get(oldName) as TmpfsInode | undefined;
    if (this.entries === null || to.entries === null) return -ENOTDIR;
    if (source === undefined) return -ENOENT;
    if (this.fs.readOnly) return -EROFS;
    const target = to.entries.get(newName) as TmpfsInode | undefined;
    if ((flags & RENAME_EXCHANGE) !== 0) return this.#exchange(oldName, source, to, newName, target);
    if (target !== undefined) {
      if ((flags & RENAME_NOREPLACE) !== 0) return -EEXIST;
      if (target === source) return 0;
      if (target.entries !== null) {
        if (source.entries === null) return -EISDIR;
        if (target.entries.size > 0) return -ENOTEMPTY;
      } else if (source.entries !== null) return -ENOTDIR;
    }
    let whiteout: TmpfsInode | null = null;
    if ((flags & RENAME_WHITEOUT) !== 0) {
      const made = this.fs.newInode(S_IFCHR, 0, 0);
      if (typeof made === "number") return made;
      whiteout = made;
    }
    this.#remove(oldName);
    if (whiteout !== null) this.#insert(oldName, whiteout);
    if (target !== undefined) {
      to.#remove(newName);
      if (target.entries !== null) {
        target.nlink = 0;
        to.nlink--;
      } else target.#lostName();
    }
    to.#insert(newName, source);
    if (source.entries !== null && this !== to) {
      this.nlink--;
      to.nlink++;
    }
    source.touch(this.fs.clock.now(), false, true);
    return 0;
  }

  #exchange(
    oldName: string,
    source: TmpfsInode,
    to: TmpfsInode,
    newName: string,
    target?: TmpfsInode,
  ): number {
    if (target === undefined) return -ENOENT;
    const now = this.fs.clock.now();
    this.entries!.set(oldName, target);
    to.entries!.set(newName, source);
    const moved = (source.entries === null ? 0 : 1) - (target.entries === null ? 0 : 1);
    if (this !== to) {
      this.nlink -= moved;
      to.nlink += moved;
    }
    this.touch(now, true, true);
    to.touch(now, true, true);
    source.touch(now, false, true);
    target.touch(now, false, true);
    return 0;
  }

  /** See Inode. */
  override tmpfile(mode: number, uid: number, gid: number): Inode | number {
    if (this.entries === null) return -ENOTDIR;
    if (this.fs.readOnly) return -EROFS;
    const inode = this.fs.newInode(mode, uid, gid);
    if (typeof inode !== "number") inode.nlink = 0;
    return inode;
  }

  /** See Inode. */
  override openDir(): DirStream | number {
    return this.entries === null ? -ENOTDIR : this.entries.stream();
  }

  /** See Inode. */
  override readlink(): string | number {
    return isLnk(this.mode) ? this.#target : -EINVAL;
  }

  /** See Inode. */
  override open(flags: number): OpenFile | number {
    return this.content === null ? -EINVAL : new TmpfsFile(this, flags);
  }

  /** See Inode. */
  override evict(): void {
    this.content?.truncate(0);
    this.fs.dropInode();
  }

  /** See Inode. */
  override getxattr(name: string): Uint8Array | number {
    return this.#xattrs?.get(name) ?? -ENODATA;
  }
  /** See Inode. */
  override setxattr(name: string, value: Uint8Array, flags: number): number {
    if (this.fs.readOnly) return -EROFS;
    const known = this.#xattrs?.get(name);
    if ((flags & XATTR_CREATE) !== 0 && known !== undefined) return -EEXIST;
    if ((flags & XATTR_REPLACE) !== 0 && known === undefined) return -ENODATA;
    const growth = value.length + (known === undefined ? name.length : -known.length);
    if (!this.fs.charge(growth)) return -ENOSPC;
    (this.#xattrs ??= new Map()).set(name, value);
    this.touch(this.fs.clock.now(), false, true);
    return 0;
  }
  /** See Inode. */
  override listxattr(): readonly string[] {
    return this.#xattrs === null ? [] : [...this.#xattrs.keys()];
  }
  /** See Inode. */
  override removexattr(name: string): number {
    if (this.fs.readOnly) return -EROFS;
    const known = this.#xattrs?.get(name);
    if (known === undefined) return -ENODATA;
    this.#xattrs!.delete(name);
    this.fs.charge(-(known.length + name.length));
    this.touch(this.fs.clock.now(), false, true);
    return 0;
  }
}

/** An open regular file of a tmpfs. */
class TmpfsFile extends RegularFile {
  readonly #inode: TmpfsInode;
  readonly #content: Content;
  /** Status change time when the access time was last looked at: with relatime there is nothing to do before it changes. */
  #seenSec = -1;
  #seenNsec = -1;

  constructor(inode: TmpfsInode, flags: number) {
    super(inode, flags);
    this.#inode = inode;
    this.#content = inode.content!;
  }

  protected override readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    const left = this.#inode.size - pos;
    if (left <= 0) return 0;
    const n = len < left ? len : left;
    this.#content.read(buf, off, n, pos);
    if (this.mount !== null) this.#accessed(this.mount);
    return n;
  }

  #accessed(mount: Mount): void {
    const inode = this.#inode;
    const same = this.#seenNsec === inode.ctimeNsec && this.#seenSec === inode.ctimeSec;
    if (same && (mount.flags & MOUNT_ATTR_STRICTATIME) === 0) return;
    if ((this.flags & O_NOATIME) === 0) accessed(mount, inode, this.#seenSec < 0);
    this.#seenSec = inode.ctimeSec;
    this.#seenNsec = inode.ctimeNsec;
  }

  protected override writeAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    const inode = this.#inode;
    const n = this.#content.write(buf, off, len, pos);
    if (n <= 0) return n;
    if (pos + n > inode.size) inode.size = pos + n;
    inode.touch(inode.fs.clock.now(), true, true);
    return n;
  }

  protected override currentSize(): number {
    return this.#inode.size;
  }

  override truncate(size: number): number {
    return this.#inode.setattr({ size });
  }

  override allocate(mode: number, offset: number, len: number): number {
    const inode = this.#inode;
    if ((mode & FALLOC_FL_PUNCH_HOLE) !== 0) {
      if (mode !== (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) return -EOPNOTSUPP;
      this.#content.punch(offset, Math.min(len, Math.max(0, inode.size - offset)));
    } else {
      if ((mode & ~FALLOC_FL_KEEP_SIZE) !== 0) return -EOPNOTSUPP;
      // Asked first: no loop over a range that cannot be had.
      if (len > inode.fs.room + this.#content.allocated) return -ENOSPC;
      if (!this.#content.reserve(offset, len)) return this.#content.noRoom;
      if ((mode & FALLOC_FL_KEEP_SIZE) === 0 && offset + len > inode.size) inode.size = offset + len;
    }
    inode.touch(inode.fs.clock.now(), true, true);
    return 0;
  }

  protected override seekData(offset: number, whence: number): number {
    const n = this.#content.seek(offset, whence, this.#inode.size);
    if (n >= 0) this.pos = n;
    return n;
  }
}
