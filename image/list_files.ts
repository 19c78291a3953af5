/** The files of an image as its containers first see them: `umiak image ls-files`. @module */
import { isBlk, isChr, isDir, isFifo, isLnk, isSock } from "../fs/abi/mode.ts";
import { major, minor } from "../fs/abi/device.ts";
import { nameToBytes } from "../fs/abi/name.ts";
import { Stat } from "../fs/abi/stat.ts";
import { errnoText } from "../fs/abi/errno_text.ts";
import type { Inode } from "../fs/vfs/inode.ts";
import { checked, inodeNames } from "./layer/inode_reading.ts";

/** One file. */
export interface ListedFile {
  /** Path from the root. */
  readonly path: string;
  /** Type and permission bits. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Which device it is. */
  readonly rdev: number;
  /** Modification time, seconds. */
  readonly mtimeSec: number;
  /** Target of a symbolic link. */
  readonly target?: string;
}

/** The last name first: they are taken from the end. */
const namesIn = (dir: Inode, path: string): string[] => inodeNames(dir, path).reverse();

/** Walks a tree, each directory's names in order, however deep it is. The root itself is not listed. Throws if a file cannot be read. */
export function* listFiles(root: Inode): Generator<ListedFile> {
  const open = [{ dir: root, path: "", names: namesIn(root, "/") }];
  const stat = new Stat();
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const name = here.names.pop();
    if (name === undefined) {
      open.pop();
      continue;
    }
    const path = `${here.path}/${name}`;
    const inode = checked(here.dir.lookup(name), `looking up ${path}`);
    const error = inode.getattr(stat);
    if (error < 0) throw new Error(`reading ${path}: ${errnoText(-error)}`);
    const { mode, uid, gid, size, rdev, mtimeSec } = stat;
    const target = isLnk(mode) ? inode.readlink() : undefined;
    yield { path, mode, uid, gid, size, rdev, mtimeSec, ...(typeof target === "string" ? { target } : {}) };
    if (isDir(mode)) open.push({ dir: inode, path, names: namesIn(inode, path) });
  }
}

function typeLetter(mode: number): string {
  if (isDir(mode)) return "d";
  if (isLnk(mode)) return "l";
  if (isChr(mode)) return "c";
  if (isBlk(mode)) return "b";
  if (isFifo(mode)) return "p";
  return isSock(mode) ? "s" : "-";
}

/** "drwxr-xr-x", as ls has it: s, S, t and T for the set-id and sticky bits. */
export function modeText(mode: number): string {
  const triple = (shift: number, special: boolean, letter: string): string => {
    const bits = mode >> shift & 7;
    const execute = bits & 1 ? (special ? letter : "x") : (special ? letter.toUpperCase() : "-");
    return (bits & 4 ? "r" : "-") + (bits & 2 ? "w" : "-") + execute;
  };
  return typeLetter(mode) + triple(6, (mode & 0o4000) !== 0, "s") + triple(3, (mode & 0o2000) !== 0, "s") +
    triple(0, (mode & 0o1000) !== 0, "t");
}

/** A name on one line that cannot command a terminal: controls, backslashes and bytes that are no UTF-8 as `\ooo`, as tar has it. */
export function quoteName(name: string): string {
  // deno-lint-ignore no-control-regex
  return name.replace(/\\|[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu, (c) => {
    if (c === "\\") return "\\\\";
    return [...nameToBytes(c)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  });
}

/** One line, as `tar --numeric-owner -tv` prints it: mode, owner, size or device numbers, time (UTC), path. */
export function listingLine(file: ListedFile): string {
  const size = isChr(file.mode) || isBlk(file.mode)
    ? `${major(file.rdev)},${minor(file.rdev)}`
    : String(isDir(file.mode) ? 0 : file.size);
  const owner = `${file.uid}/${file.gid}`;
  const target = file.target === undefined ? "" : ` -> ${quoteName(file.target)}`;
  const gap = " ".repeat(Math.max(1, 19 - owner.length - size.length));
  return `${modeText(file.mode)} ${owner}${gap}${size} ${timeText(file.mtimeSec)} ${
    quoteName(file.path)
  }${target}`;
}

function timeText(sec: number): string {
  const date = new Date(sec * 1000);
  return Number.isNaN(date.getTime()) ? `@${sec}` : date.toISOString().slice(0, -8).replace("T", " ");
}
