/** Options that every filesystem has (man 8 mount, "FILESYSTEM-INDEPENDENT MOUNT OPTIONS"): flags of its superblock. @module */
import { EBUSY } from "../abi/errno.ts";
import { MS_DIRSYNC, MS_LAZYTIME, MS_MANDLOCK, MS_SYNCHRONOUS } from "../abi/mount.ts";
import type { SuperBlock } from "./inode.ts";
import type { Vfs } from "./vfs.ts";

/** Flags as mountinfo shows them, in Linux's order. */
const SHOWN: readonly (readonly [flag: number, name: string])[] = [
  [MS_SYNCHRONOUS, "sync"],
  [MS_DIRSYNC, "dirsync"],
  [MS_MANDLOCK, "mand"],
  [MS_LAZYTIME, "lazytime"],
];

const SET: Readonly<Record<string, number>> = Object.fromEntries(SHOWN.map(([flag, name]) => [name, flag]));
const CLEAR: Readonly<Record<string, number>> = {
  async: MS_SYNCHRONOUS,
  nomand: MS_MANDLOCK,
  nolazytime: MS_LAZYTIME,
};

/** Names of the flags that are set. */
export function superFlagNames(flags: number): string[] {
  return SHOWN.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name);
}

/** Options for any superblock, and those that are the filesystem's own. */
export interface SuperOptions {
  /** MS_* to set. */
  set: number;
  /** MS_* to clear. */
  clear: number;
  /** Read only or not; undefined if nothing was said. */
  readOnly: boolean | undefined;
  /** The filesystem's own options. */
  readonly own: string[];
}

/** Sorts options; the last of a pair counts. */
export function sortSuperOptions(options: readonly string[]): SuperOptions {
  const out: SuperOptions = { set: 0, clear: 0, readOnly: undefined, own: [] };
  for (const option of options) {
    const set = SET[option], clear = CLEAR[option];
    if (option === "ro" || option === "rw") out.readOnly = option === "ro";
    else if (set !== undefined) {
      out.set |= set;
      out.clear &= ~set;
    } else if (clear !== undefined) {
      out.clear |= clear;
      out.set &= ~clear;
    } else out.own.push(option);
  }
  return out;
}

/** Applies options to a superblock that exists (remount): -EBUSY where a file is open for writing and it would become read only. */
export function reconfigureSuper(vfs: Vfs, sb: SuperBlock, options: SuperOptions): number {
  if (options.readOnly === true && !sb.readOnly && vfs.isWritten(sb)) return -EBUSY;
  if (options.own.length > 0) {
    const error = sb.reconfigure(options.own);
    if (error < 0) return error;
  }
  sb.flags = sb.flags & ~options.clear | options.set;
  if (options.readOnly !== undefined) sb.readOnly = options.readOnly;
  return 0;
}
