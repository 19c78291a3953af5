/** Files of an overlay: which real files stand behind a name, and what a change does to them. @module */
import { EEXIST, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, EROFS } from "../abi/errno.ts";
import { isDir, isReg, S_IFCHR } from "../abi/mode.ts";
import { O_RDONLY } from "../abi/open.ts";
import type { Stat } from "../abi/stat.ts";
import { Inode, type SetAttr } from "../vfs/inode.ts";
import type { DirStream, OpenFile } from "../vfs/open_file.ts";
import { copyUpDirectory, copyUpFile } from "./copy_up.ts";
import { MergedStream } from "./dir_stream.ts";
import { OverlayFile } from "./file.ts";
import { renameIn } from "./rename.ts";
import { isImplied, isOpaque, isWhiteout, OPAQUE } from "./marks.ts";
import type { OverlaySuper } from "./super.ts";

const YES: Uint8Array = new Uint8Array([0x79]);
const PRIVATE = "trusted.overlay.";

/** See the module's comment. */
export class OverlayInode extends Inode {
  /** Directory it was last seen in: where a copy-up puts it. */
  parent: OverlayInode | null;
  /** Its name there. */
  name: string;
  /** Counts copy-ups, so that open files notice one. */
  generation = 0;
  #hold: OpenFile | null = null;
  /** The lower file that has the content and attributes while there is no upper one. */
  readonly #lower: Inode | null;

  /** A file with a real file in the upper tree, or in lower ones (a directory may have several), or both. */
  constructor(
    readonly fs: OverlaySuper,
    public upper: Inode | null,
    public lowers: readonly Inode[],
    parent: OverlayInode | null,
    name: string,
  ) {
    const top = upper ?? lowers[0]!;
    super(fs, fs.number(top), top.mode);
    this.#lower = lowers.length < 2 ? lowers[0] ?? null : lowers.find((dir) => !isImplied(dir)) ?? lowers[0]!;
    const real = this.real;
    this.parent = parent;
    this.name = name;
    // Some of a lower file's names may be hidden, or replaced.
    const names = upper !== null || isDir(top.mode) ? null : fs.namesOf(real);
    this.nlink = names === null || names.length === 0 ? real.nlink : names.length;
    this.#copyAttributes(real);
  }

  /** The file that has the content and attributes. */
  get real(): Inode {
    return this.upper ?? this.#lower!;
  }

  /** Notes a name it has. */
  seenAt(parent: OverlayInode, name: string): void {
    this.parent = parent;
    this.name = name;
  }

  #copyAttributes(real: Inode): void {
    this.mode = real.mode;
    this.uid = real.uid;
    this.gid = real.gid;
    this.rdev = real.rdev;
    this.size = real.size;
    this.atimeSec = real.atimeSec;
    this.atimeNsec = real.atimeNsec;
    this.mtimeSec = real.mtimeSec;
    this.mtimeNsec = real.mtimeNsec;
    this.ctimeSec = real.ctimeSec;
    this.ctimeNsec = real.ctimeNsec;
  }

  /** See Inode. */
  override refresh(): number {
    const real = this.real;
    const error = real.refresh();
    if (error < 0) return error;
    this.#copyAttributes(real);
    return 0;
  }

  /** See Inode. */
  override getattr(out: Stat): number {
    const error = this.real.getattr(out);
    if (error < 0) return error;
    out.dev = this.fs.dev;
    out.ino = this.ino;
    // overlay(5) shows one link for a merged directory: its subdirectories are not counted.
    if (!isDir(this.mode)) out.nlink = this.nlink;
    else if (this.nlink === 0) out.nlink = 0;
    else if (this.lowers.length > (this.upper === null ? 1 : 0)) out.nlink = 1;
    return 0;
  }

  // Names.

  /** What the lower directories have under a name: none, one file, or the directories to be merged. */
  lowersOf(name: string): readonly Inode[] {
    const found: Inode[] = [];
    for (const dir of this.lowers) {
      const child = dir.lookup(name);
      if (typeof child === "number") continue;
      if (isWhiteout(child)) break;
      if (!isDir(child.mode)) {
        if (found.length === 0) found.push(child);
        break;
      }
      found.push(child);
      if (isOpaque(child)) break;
    }
    return found;
  }

  /** True if removing the upper file of this name would let a lower one appear. */
  shadows(name: string): boolean {
    return this.lowers.length > 0 && this.lowersOf(name).length > 0;
  }

  /** See Inode. */
  override lookup(name: string): OverlayInode | number {
    if (!isDir(this.mode)) return -ENOTDIR;
    const above = this.upper === null ? -ENOENT : this.upper.lookup(name);
    if (typeof above === "number") {
      if (above !== -ENOENT) return above;
      const lowers = this.lowers.length === 0 ? [] : this.lowersOf(name);
      return lowers.length === 0 ? -ENOENT : this.fs.inode(null, lowers, this, name);
    }
    if (isWhiteout(above)) return -ENOENT;
    if (!isDir(above.mode) || this.lowers.length === 0 || isOpaque(above)) {
      return this.fs.inode(above, [], this, name);
    }
    const lowers = this.lowersOf(name);
    return this.fs.inode(above, lowers.length > 0 && isDir(lowers[0]!.mode) ? lowers : [], this, name);
  }

  /** The directory of a name; null if there is none. */
  lookupDirectory(name: string): OverlayInode | null {
    const real = this.realOf(name);
    if (real === null || !isDir(real.mode)) return null;
    const dir = this.lookup(name);
    return typeof dir === "number" ? null : dir;
  }

  /** The topmost real file of a name; null if there is none. */
  realOf(name: string): Inode | null {
    const above = this.upper?.lookup(name);
    if (above !== undefined && typeof above !== "number") return isWhiteout(above) ? null : above;
    return this.lowersOf(name)[0] ?? null;
  }

  /**
   * Makes room for a new name: the directory is copied up, a whiteout of that name taken away. 1 if lower trees have the
   * name (a new directory must hide them), 0 if not, or a negative errno.
   */
  prepare(name: string): number {
    if (!isDir(this.mode)) return -ENOTDIR;
    if (this.fs.readOnly) return -EROFS;
    if (this.nlink === 0) return -ENOENT;
    const error = this.copyUp();
    if (error < 0) return error;
    const above = this.upper!.lookup(name);
    const below = this.lowers.length > 0 && this.lowers.some((dir) => typeof dir.lookup(name) !== "number");
    if (typeof above === "number") {
      if (above !== -ENOENT) return above;
      return below && this.shadows(name) ? -EEXIST : below ? 1 : 0;
    }
    if (!isWhiteout(above)) return -EEXIST;
    const removed = this.upper!.unlink(name);
    if (removed < 0) return removed;
    if (above.openCount === 0) above.evict();
    return below ? 1 : 0;
  }

  #made(result: Inode | number, name: string, hides: boolean): OverlayInode | number {
    if (typeof result === "number") {
      if (hides) this.putWhiteout(name); // what was hidden stays hidden
      return result;
    }
    return this.fs.inode(result, [], this, name);
  }

  /** See Inode. */
  override create(name: string, mode: number, uid: number, gid: number, rdev: number): Inode | number {
    const ready = this.prepare(name);
    if (ready < 0) return ready;
    // A guest's own device 0:0 would be taken for a whiteout by whoever reads the upper tree.
    if ((mode & 0o170000) === S_IFCHR && rdev === 0) return -EPERM;
    return this.#made(this.upper!.create(name, mode, uid, gid, rdev), name, ready === 1);
  }

  /** See Inode. */
  override symlink(name: string, target: string, uid: number, gid: number): Inode | number {
    const ready = this.prepare(name);
    return ready < 0 ? ready : this.#made(this.upper!.symlink(name, target, uid, gid), name, ready === 1);
  }

  /** See Inode. */
  override mkdir(name: string, mode: number, uid: number, gid: number): Inode | number {
    const ready = this.prepare(name);
    if (ready < 0) return ready;
    const made = this.upper!.mkdir(name, mode, uid, gid);
    if (typeof made !== "number" && ready === 1) {
      const error = made.setxattr(OPAQUE, YES, 0);
      if (error < 0) {
        this.upper!.rmdir(name);
        return this.#made(error, name, true);
      }
    }
    return this.#made(made, name, ready === 1);
  }

  /** See Inode. */
  override link(name: string, inode: Inode): number {
    const file = inode as OverlayInode;
    const error = file.copyUp();
    if (error < 0) return error;
    const ready = this.prepare(name);
    if (ready < 0) return ready;
    const linked = this.upper!.link(name, file.upper!);
    if (linked < 0) {
      if (ready === 1) this.putWhiteout(name);
      return linked;
    }
    file.nlink++;
    file.release();
    return 0;
  }

  /** Hides a lower name. */
  putWhiteout(name: string): number {
    const made = this.upper!.create(name, S_IFCHR, 0, 0, 0);
    return typeof made === "number" ? made : 0;
  }

  /** See Inode. */
  override unlink(name: string): number {
    const file = this.lookup(name);
    if (typeof file === "number") return file;
    if (this.fs.readOnly) return -EROFS;
    if (isDir(file.mode)) return -EISDIR;
    const error = this.#removeName(name, (upper) => upper.unlink(name), file);
    if (error < 0) return error;
    file.lostName();
    return 0;
  }

  /** One name less. Lower hard links may still lead to the upper file: it is kept until the last name is gone. */
  lostName(): void {
    const { upper } = this;
    this.nlink--;
    if (upper !== null && this.nlink > 0 && upper.nlink === 0) this.#keep(upper);
  }

  /** Holds on to an upper file that has no name. */
  #keep(upper: Inode): void {
    if (this.#hold !== null || !isReg(this.mode)) return;
    const held = upper.open(O_RDONLY);
    if (typeof held !== "number") this.#hold = held;
  }

  /** The upper file has a name again. */
  release(): void {
    this.#hold?.close();
    this.#hold = null;
  }

  /** Takes a name out of the upper directory, and puts a whiteout where a lower tree has it. */
  #removeName(name: string, remove: (upper: Inode) => number, file: OverlayInode): number {
    const copied = this.copyUp();
    if (copied < 0) return copied;
    const upper = this.upper!;
    const inUpper = typeof upper.lookup(name) !== "number";
    if (inUpper && file.upper !== null) {
      const error = remove(upper);
      if (error < 0) return error;
    }
    return this.shadows(name) ? this.putWhiteout(name) : 0;
  }

  /** See Inode. */
  override rmdir(name: string): number {
    const dir = this.lookup(name);
    if (typeof dir === "number") return dir;
    if (this.fs.readOnly) return -EROFS;
    if (!isDir(dir.mode)) return -ENOTDIR;
    if (!dir.isEmpty()) return -ENOTEMPTY;
    dir.clearWhiteouts();
    const error = this.#removeName(name, (upper) => upper.rmdir(name), dir);
    if (error < 0) return error;
    dir.nlink = 0;
    return 0;
  }

  /** No name is visible in it. */
  isEmpty(): boolean {
    return new MergedStream(this).next() === null;
  }

  /** Removes the whiteouts of an empty directory, so that the upper one can go. */
  clearWhiteouts(): void {
    const stream = this.upper?.openDir();
    if (stream === undefined || typeof stream === "number") return;
    const names: string[] = [];
    for (let entry = stream.next(); entry !== null && typeof entry !== "number"; entry = stream.next()) {
      names.push(entry.name);
    }
    for (const name of names) {
      const file = this.upper!.lookup(name);
      if (typeof file !== "number" && isWhiteout(file) && this.upper!.unlink(name) === 0) file.evict();
    }
  }

  /** See Inode. */
  override rename(oldName: string, newDir: Inode, newName: string, flags: number): number {
    return this.fs.readOnly ? -EROFS : renameIn(this, oldName, newDir as OverlayInode, newName, flags);
  }

  /** Hides what lower trees have in place of this directory. */
  makeOpaque(): number {
    return this.upper!.setxattr(OPAQUE, YES, 0);
  }

  /** See Inode. */
  override tmpfile(mode: number, uid: number, gid: number): Inode | number {
    if (this.fs.readOnly) return -EROFS;
    const error = this.copyUp();
    if (error < 0) return error;
    const made = this.upper!.tmpfile(mode, uid, gid);
    return typeof made === "number" ? made : this.fs.inode(made, [], this, "");
  }

  /** See Inode. */
  override openDir(): DirStream | number {
    return isDir(this.mode) ? new MergedStream(this) : -ENOTDIR;
  }

  // Content and attributes.

  /** Brings the file into the upper tree, its parents first. `empty`: its content is about to be thrown away. */
  copyUp(empty = false): number {
    if (this.upper !== null) return 0;
    if (this.fs.readOnly) return -EROFS;
    const result = isDir(this.mode) ? copyUpDirectory(this) : copyUpFile(this, empty);
    if (typeof result === "number") return result;
    this.upper = result;
    if (this.nlink === 0) this.#keep(result);
    if (!isDir(this.mode)) this.lowers = [];
    this.generation++;
    this.fs.copiedUp(this, result);
    this.#copyAttributes(result);
    return 0;
  }

  /** See Inode. */
  override setattr(attr: SetAttr): number {
    const error = this.copyUp(attr.size === 0);
    if (error < 0) return error;
    const result = this.upper!.setattr(attr);
    if (result === 0) this.#copyAttributes(this.upper!);
    return result;
  }

  /** See Inode. */
  override readlink(): string | number {
    return this.real.readlink();
  }

  /** See Inode. */
  override open(flags: number): OpenFile | number {
    if (isDir(this.mode)) return -EISDIR;
    return OverlayFile.open(this, flags);
  }

  /** See Inode. */
  override blocks(): number {
    return this.real.blocks();
  }

  /** See Inode. */
  override evict(): void {
    this.release();
    const { upper } = this;
    if (upper !== null) {
      if (upper.nlink === 0 && upper.openCount === 0) upper.evict();
      this.fs.forget(upper);
    }
    for (const lower of this.lowers) this.fs.forget(lower);
  }

  /** See Inode. */
  override getxattr(name: string): Uint8Array | number {
    return this.real.getxattr(name.startsWith(PRIVATE) ? `${PRIVATE}hidden` : name);
  }

  /** See Inode. */
  override setxattr(name: string, value: Uint8Array, flags: number): number {
    if (name.startsWith(PRIVATE)) return -EPERM;
    return this.copyUp() || this.upper!.setxattr(name, value, flags);
  }

  /** See Inode. */
  override listxattr(): readonly string[] | number {
    const names = this.real.listxattr();
    return typeof names === "number" ? names : names.filter((name) => !name.startsWith(PRIVATE));
  }

  /** See Inode. */
  override removexattr(name: string): number {
    if (name.startsWith(PRIVATE)) return -EPERM;
    const known = this.real.getxattr(name);
    if (typeof known === "number") return known;
    return this.copyUp() || this.upper!.removexattr(name);
  }
}
