/** The superblock and inodes of cgroup2. @module */
import { EBADF, EEXIST, EINVAL, ENOENT, ENOTDIR, EPERM } from "../abi/errno.ts";
import { DT_DIR, DT_REG, S_IFDIR, S_IFREG } from "../abi/mode.ts";
import { bytesToName, nameToBytes } from "../abi/name.ts";
import { POLLERR, POLLIN, POLLOUT, POLLPRI } from "../abi/poll.ts";
import type { Clock } from "../vfs/clock.ts";
import { Inode, type SetAttr } from "../vfs/inode.ts";
import { type DirEntry, type DirStream, type OpenFile, RegularFile } from "../vfs/open_file.ts";
import type { Caller, FsType, Vfs } from "../vfs/vfs.ts";
import type { WaitQueue } from "../vfs/wait_queue.ts";
import { PseudoSuper } from "../pseudo/mod.ts";
import type { CgroupDirectory, CgroupFile, CgroupOwner } from "./directory.ts";

const MAGIC = 0x63677270;
/** Longest write that is taken: a page, as kernfs has it. */
const MAX_WRITE = 4096;

/** A view of the tree from one group down. */
export class CgroupfsSuper extends PseudoSuper {
  /** See SuperBlock. */
  readonly type = "cgroup2";
  /** See PseudoSuper. */
  readonly magic: number = MAGIC;
  /** See SuperBlock: groups are made and removed through other mounts. */
  override readonly volatile = true;
  /** See SuperBlock. */
  readonly root: Inode;
  readonly #directories: WeakMap<CgroupDirectory, Directory> = new WeakMap();
  readonly #files: WeakMap<CgroupFile, File> = new WeakMap();
  readonly #options: readonly string[];

  /** The groups from `top` down; `vfs` tells who opens a file. */
  constructor(top: CgroupDirectory, readonly vfs: Vfs, options: readonly string[] = [], clock?: Clock) {
    super(clock ?? vfs.clock);
    this.#options = options;
    this.root = this.directory(top);
  }

  /** The inode of a group. */
  directory(of: CgroupDirectory): Inode {
    let inode = this.#directories.get(of);
    if (inode === undefined) this.#directories.set(of, inode = new Directory(this, of));
    return inode;
  }

  /** The inode of an interface file. */
  file(of: CgroupFile): Inode {
    let inode = this.#files.get(of);
    if (inode === undefined) this.#files.set(of, inode = new File(this, of));
    return inode;
  }

  /** See SuperBlock. */
  override showOptions(): string {
    return this.#options.join(",");
  }

  /** See SuperBlock. */
  override reconfigure(options: readonly string[]): number {
    return options.every((option) => OPTIONS.includes(option)) ? 0 : -EINVAL;
  }
}

/** Its owner is that of the group, whichever mount it is seen through. */
abstract class Owned extends Inode {
  constructor(sb: CgroupfsSuper, readonly type: number, readonly owner: CgroupOwner) {
    super(sb, sb.nextIno(), type | owner.mode);
    this.setTimes(sb.clock.now());
    this.refresh();
  }

  override refresh(): number {
    this.uid = this.owner.uid;
    this.gid = this.owner.gid;
    this.mode = this.type | this.owner.mode;
    return 0;
  }

  override setattr(attr: SetAttr): number {
    if (attr.mode !== undefined) this.owner.mode = attr.mode & 0o7777;
    if (attr.uid !== undefined) this.owner.uid = attr.uid;
    if (attr.gid !== undefined) this.owner.gid = attr.gid;
    this.touch(this.sb.clock.now(), false, true);
    return this.refresh();
  }
}

class Directory extends Owned {
  constructor(readonly fs: CgroupfsSuper, readonly group: CgroupDirectory) {
    super(fs, S_IFDIR, group.owner);
    this.nlink = 2;
  }

  override lookup(name: string): Inode | number {
    const child = this.group.child(name);
    if (child !== undefined) return this.fs.directory(child);
    const file = this.group.file(name);
    return file === undefined ? -ENOENT : this.fs.file(file);
  }
  override mkdir(name: string, mode: number, uid: number, gid: number): Inode | number {
    if (name.includes("\n")) return -EINVAL;
    if (typeof this.lookup(name) !== "number") return -EEXIST;
    const made = this.group.mkdir(name, mode & 0o7777, uid, gid);
    return typeof made === "number" ? made : this.fs.directory(made);
  }
  override rmdir(name: string): number {
    if (this.group.child(name) === undefined) return this.group.file(name) === undefined ? -ENOENT : -ENOTDIR;
    return this.group.rmdir(name);
  }
  override create(): number {
    return -EPERM;
  }
  override symlink(): number {
    return -EPERM;
  }
  override link(): number {
    return -EPERM;
  }
  override unlink(): number {
    return -EPERM;
  }
  override rename(): number {
    return -EPERM;
  }
  override openDir(): DirStream {
    return new Entries(this);
  }
}

/** Interface files, then groups; positions are places in that list, by name when it changes. */
class Entries implements DirStream {
  #list: readonly (readonly [name: string, type: number])[] | null = null;
  #at = 0;

  constructor(readonly dir: Directory) {}

  next(): DirEntry | null {
    const { group } = this.dir;
    this.#list ??= [
      ...[...group.fileNames()].map((name) => [name, DT_REG] as const),
      ...[...group.names()].map((name) => [name, DT_DIR] as const),
    ];
    while (this.#at < this.#list.length) {
      const [name, type] = this.#list[this.#at++]!;
      const inode = this.dir.lookup(name);
      if (typeof inode !== "number") return { name, ino: inode.ino, type, cookie: this.#at };
    }
    return null;
  }
  seek(cookie: number): void {
    if (cookie === 0) this.#list = null;
    this.#at = cookie;
  }
}

class File extends Owned {
  constructor(readonly fs: CgroupfsSuper, readonly content: CgroupFile) {
    super(fs, S_IFREG, content.owner);
  }
  override open(flags: number): OpenFile | number {
    return new OpenInterface(this, flags, this.fs.vfs.walk.caller);
  }
  override setattr(attr: SetAttr): number {
    // O_TRUNC, which shells use, changes nothing.
    return attr.size !== undefined && attr.uid === undefined && attr.mode === undefined
      ? 0
      : super.setattr(attr);
  }
}

/** An interface file, open: what a write may do is decided by who opened it (man 7 cgroups, since Linux 5.16). */
class OpenInterface extends RegularFile {
  #bytes: Uint8Array | null = null;
  #seen: number;

  constructor(readonly file: File, flags: number, readonly opener: Caller) {
    super(file, flags);
    this.#seen = file.content.changes?.() ?? 0;
  }

  protected override readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    const { content } = this.file;
    if (content.read === undefined) return -EINVAL;
    if (pos === 0 || this.#bytes === null) {
      this.#bytes = nameToBytes(content.read(this.opener));
      this.#seen = content.changes?.() ?? 0;
    }
    const n = Math.max(0, Math.min(len, this.#bytes.length - pos));
    buf.set(this.#bytes.subarray(pos, pos + n), off);
    return n;
  }
  protected override writeAt(buf: Uint8Array, off: number, len: number): number {
    const { content } = this.file;
    if (content.write === undefined) return -EBADF;
    if (len > MAX_WRITE) return -EINVAL;
    const error = content.write(bytesToName(buf.slice(off, off + len)).trim(), this.opener);
    return error < 0 ? error : len;
  }
  protected override currentSize(): number {
    return 0;
  }
  override truncate(): number {
    return 0;
  }
  override poll(): number {
    const changed = this.file.content.changes !== undefined && this.file.content.changes() !== this.#seen;
    return POLLIN | POLLOUT | (changed ? POLLPRI | POLLERR : 0);
  }
  override waitQueue(): WaitQueue | null {
    return this.file.content.changed ?? null;
  }
}

const OPTIONS: readonly string[] = [
  "nsdelegate",
  "favordynmods",
  "nofavordynmods",
  "memory_localevents",
  "memory_recursiveprot",
  "memory_hugetlb_accounting",
  "pids_localevents",
];

/** mount -t cgroup2 (and of "cgroup", see config-linux.md#control-groups): the tree from the root of the caller's cgroup namespace. */
export function cgroupType(name: string, topOf: (caller: Caller) => CgroupDirectory): FsType {
  return {
    name,
    nodev: true,
    create: (options, _source, caller) =>
      options.every((option) => OPTIONS.includes(option))
        ? new CgroupfsSuper(topOf(caller), caller.vfs, options)
        : -EINVAL,
  };
}

/** The group whose directory an inode is; undefined for any other inode. */
export function groupOf(inode: Inode): CgroupDirectory | undefined {
  return inode instanceof Directory ? inode.group : undefined;
}
