/** Copy-up: a lower file's double in the upper tree, made before its first change. @module */
import { EIO, ENOENT, EOPNOTSUPP } from "../abi/errno.ts";
import { isLnk, isReg, S_IFMT } from "../abi/mode.ts";
import { O_RDONLY, O_WRONLY } from "../abi/open.ts";
import type { Inode } from "../vfs/inode.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import type { OverlayInode } from "./inode.ts";

const BUFFER = 256 * 1024;
const ZEROS_FROM = 4096;
const PRIVATE = "trusted.overlay.";

/** Gives `upper` owner, mode, times and attributes of `lower`. 0 or a negative errno. */
export function copyAttributes(lower: Inode, upper: Inode): number {
  const names = lower.listxattr();
  for (const name of typeof names === "number" ? [] : names) {
    if (name.startsWith(PRIVATE)) continue;
    const value = lower.getxattr(name);
    const error = typeof value === "number" ? value : upper.setxattr(name, value, 0);
    if (error < 0 && error !== -EOPNOTSUPP) return error;
  }
  return upper.setattr({
    mode: lower.mode & 0o7777,
    uid: lower.uid,
    gid: lower.gid,
    ...(isLnk(lower.mode) ? {} : {
      atime: { sec: lower.atimeSec, nsec: lower.atimeNsec },
      mtime: { sec: lower.mtimeSec, nsec: lower.mtimeNsec },
    }),
  });
}

function isZero(buf: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (buf[i] !== 0) return false;
  return true;
}

/** Copies content; blocks of zeros of a sparse file stay holes. */
function copyContent(from: OpenFile, to: OpenFile, size: number, sparse: boolean): number {
  const buf = new Uint8Array(Math.min(BUFFER, Math.max(size, 1)));
  const step = sparse ? Math.min(ZEROS_FROM, buf.length) : buf.length;
  for (let pos = 0; pos < size;) {
    const n = from.pread(buf, 0, Math.min(step, size - pos), pos);
    if (n <= 0) return n < 0 ? n : -EIO;
    if (!sparse || !isZero(buf, n)) {
      for (let done = 0; done < n;) {
        const written = to.pwrite(buf, done, n - done, pos + done);
        if (written < 0) return written;
        done += written;
      }
    }
    pos += n;
  }
  return sparse ? to.truncate(size) : 0;
}

function copyData(lower: Inode, to: OpenFile): number {
  const from = lower.open(O_RDONLY);
  if (typeof from === "number") return from;
  const error = copyContent(from, to, lower.size, lower.blocks() * 512 < lower.size);
  from.close();
  return error;
}

/** The parent's upper directory, made if needed. */
function upperParent(inode: OverlayInode): Inode | number {
  const parent = inode.parent;
  if (parent === null) return -ENOENT;
  const error = parent.copyUp();
  return error < 0 ? error : parent.upper!;
}

/** Makes something in `dir` that was there all along, as far as anybody can see: the directory's time stays. */
function unseen<T>(dir: Inode, make: () => T): T {
  const { mtimeSec: sec, mtimeNsec: nsec } = dir;
  const made = make();
  dir.setattr({ mtime: { sec, nsec } });
  return made;
}

/** Makes the upper double of a file that is not a directory; with `empty` without its content. All its names lead to the double. */
export function copyUpFile(inode: OverlayInode, empty: boolean): Inode | number {
  const lower = inode.lowers[0]!;
  const names = inode.nlink === 0 ? [] : inode.fs.namesOf(lower) ?? [];
  if (names.length === 0) {
    const dir = upperParent(inode);
    return typeof dir === "number" ? dir : unseen(dir, () => copyUpInto(dir, inode.name, inode, empty));
  }
  for (const [dir] of names) {
    const error = dir.copyUp();
    if (error < 0) return error;
  }
  const [[first, name], ...others] = names as [[OverlayInode, string]];
  const made = unseen(first.upper!, () => copyUpInto(first.upper!, name, inode, empty));
  return typeof made === "number" ? made : linkAll(made, others, [[first, name]]);
}

/** Gives the double its other names; without all of them it gets none. */
function linkAll(
  made: Inode,
  names: readonly (readonly [OverlayInode, string])[],
  done: (readonly [OverlayInode, string])[],
): Inode | number {
  for (const [dir, name] of names) {
    const error = unseen(dir.upper!, () => dir.upper!.link(name, made));
    if (error === 0) {
      done.push([dir, name]);
      continue;
    }
    for (const [each, given] of done) unseen(each.upper!, () => each.upper!.unlink(given));
    made.evict();
    return error;
  }
  return made;
}

function copyUpInto(dir: Inode, name: string, inode: OverlayInode, empty: boolean): Inode | number {
  const lower = inode.lowers[0]!;
  if (isReg(lower.mode)) return copyUpRegular(inode, name, lower, dir, empty);
  if (inode.nlink === 0) return -ENOENT;
  let made: Inode | number;
  if (isLnk(lower.mode)) {
    const target = lower.readlink();
    if (typeof target === "number") return target;
    made = dir.symlink(name, target, lower.uid, lower.gid);
  } else made = dir.create(name, lower.mode, lower.uid, lower.gid, lower.rdev);
  if (typeof made === "number") return made;
  const error = copyAttributes(lower, made);
  if (error === 0) return made;
  dir.unlink(name);
  made.evict();
  return error;
}

/** The content is complete before the double gets its name: another reader never sees half a file. */
function copyUpRegular(
  inode: OverlayInode,
  name: string,
  lower: Inode,
  dir: Inode,
  empty: boolean,
): Inode | number {
  const made = dir.tmpfile(lower.mode & S_IFMT | 0o600, lower.uid, lower.gid);
  if (typeof made === "number") return made;
  const file = made.open(O_WRONLY);
  if (typeof file === "number") return file;
  let error = empty ? 0 : copyData(lower, file);
  if (error === 0) error = copyAttributes(lower, made);
  if (error === 0 && inode.nlink > 0) error = dir.link(name, made);
  // Without a name it lives as long as it is open: a failed copy ends here.
  if (error === 0 && inode.nlink === 0) made.openCount++;
  file.close();
  if (error === 0 && inode.nlink === 0) made.openCount--;
  return error === 0 ? made : error;
}

/** Makes the upper double of a directory; what is in it stays below. */
export function copyUpDirectory(inode: OverlayInode): Inode | number {
  const dir = upperParent(inode);
  return typeof dir === "number" ? dir : unseen(dir, () => copyUpDirectoryInto(dir, inode));
}

function copyUpDirectoryInto(dir: Inode, inode: OverlayInode): Inode | number {
  const lower = inode.real;
  const made = dir.mkdir(inode.name, lower.mode, lower.uid, lower.gid);
  if (typeof made === "number") return made;
  const error = copyAttributes(lower, made);
  if (error === 0) return made;
  dir.rmdir(inode.name);
  made.evict();
  return error;
}
