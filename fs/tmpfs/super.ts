/** tmpfs(5): a filesystem in memory, with limits on its size and its number of files. @module */
import { EINVAL, ENOSPC } from "../abi/errno.ts";
import { isDir, S_IFDIR } from "../abi/mode.ts";
import type { Statfs } from "../abi/stat.ts";
import type { Clock } from "../vfs/clock.ts";
import { hostClock } from "../vfs/clock.ts";
import { SuperBlock } from "../vfs/inode.ts";
import { kernelIds } from "../vfs/option_ids.ts";
import type { FsType } from "../vfs/vfs.ts";
import type { MemoryAccount, PageSource } from "../vfs/vfs.ts";
import { type Account, CHUNK } from "./content.ts";
import { TmpfsInode } from "./inode.ts";
import { PaidAccount } from "./paid_account.ts";
import { Slabs } from "./slabs.ts";

const PAGE = 4096;
const MAGIC = 0x01021994;
/** What "50%" is a percentage of, for the size option: the memory a host of ours can be expected to have. */
const TOTAL_MEMORY = 2 ** 32;

/** Settings of a tmpfs. */
export interface TmpfsOptions {
  /** Source of times. */
  readonly clock?: Clock;
  /** Most bytes of content; 0 for no limit. */
  readonly size?: number;
  /** Most files; 0 for no limit. */
  readonly inodes?: number;
  /** Permission bits of the root directory; 1777 by default. */
  readonly mode?: number;
  /** Owner of the root directory. */
  readonly uid?: number;
  /** Group of the root directory. */
  readonly gid?: number;
}

/** A size with k, m, g or % behind it; NaN if it is none. */
function parseSize(text: string): number {
  const match = /^(\d+)([kKmMgG%]?)$/.exec(text);
  if (match === null) return NaN;
  const n = Number(match[1]);
  switch (match[2]!.toLowerCase()) {
    case "k":
      return n * 1024;
    case "m":
      return n * 1024 ** 2;
    case "g":
      return n * 1024 ** 3;
    case "%":
      return Math.floor(n * TOTAL_MEMORY / 100);
    default:
      return n;
  }
}

/** Mount options to settings, or undefined for one that is unknown or malformed. */
function parseOptions(options: readonly string[]): TmpfsOptions | undefined {
  const out: { -readonly [K in keyof TmpfsOptions]: TmpfsOptions[K] } = {};
  for (const option of options) {
    const at = option.indexOf("=");
    const key = at < 0 ? option : option.slice(0, at), value = at < 0 ? "" : option.slice(at + 1);
    if (key === "size") out.size = parseSize(value);
    else if (key === "nr_blocks") out.size = parseSize(value) * PAGE;
    else if (key === "nr_inodes") out.inodes = parseSize(value);
    else if (key === "mode") out.mode = /^[0-7]{1,5}$/.test(value) ? parseInt(value, 8) & 0o7777 : NaN;
    else if (key === "uid") out.uid = /^\d+$/.test(value) ? Number(value) : NaN;
    else if (key === "gid") out.gid = /^\d+$/.test(value) ? Number(value) : NaN;
    else if (!["huge", "mpol", "inode32", "inode64", "noswap"].includes(key)) return undefined;
  }
  return Object.values(out).some((value) => typeof value === "number" && Number.isNaN(value))
    ? undefined
    : out;
}

/** One tmpfs. */
export class TmpfsSuper extends SuperBlock {
  /** See SuperBlock. */
  readonly type: string = "tmpfs";
  /** See SuperBlock. */
  override readonly keepsAccessTimes = true;
  /** See SuperBlock. */
  readonly root: TmpfsInode;
  /** Bytes allocated for content and attributes. */
  usedBytes = 0;
  /** Files, the root included. */
  usedInodes = 0;
  /** Who pays for the pages of a file that is being made, beside this filesystem's own limit; null for nobody. A kernel sets it. */
  payer: (() => MemoryAccount | null) | null = null;
  /** Where large files get their memory; null for arrays of their own. A kernel sets it. */
  pages: PageSource | null = null;
  #slabs: Slabs | null = null;
  #options: TmpfsOptions;
  #nextIno = 1;
  readonly #accounts: Map<MemoryAccount, PaidAccount> = new Map();

  /** A tmpfs with an empty root directory. */
  constructor(options: TmpfsOptions = {}) {
    super(options.clock ?? hostClock);
    this.#options = options;
    const root = this.newInode(S_IFDIR | (options.mode ?? 0o1777), options.uid ?? 0, options.gid ?? 0);
    if (typeof root === "number") throw new Error("tmpfs: a limit of 0 files leaves no room for the root");
    this.root = root;
  }

  /** A new inode without a name, or -ENOSPC. */
  newInode(mode: number, uid: number, gid: number): TmpfsInode | number {
    const limit = this.#options.inodes ?? 0;
    if (limit > 0 && this.usedInodes >= limit) return -ENOSPC;
    this.usedInodes++;
    const inode = new TmpfsInode(this, this.#nextIno++, mode);
    inode.uid = uid;
    inode.gid = gid;
    inode.setTimes(this.clock.now());
    if (isDir(mode)) inode.size = 40;
    return inode;
  }

  /** An inode is gone for good. */
  dropInode(): void {
    this.usedInodes--;
  }

  /** What the pages of a new file are counted to. */
  account(): Account {
    const payer = this.payer?.() ?? null;
    if (payer === null) return this;
    let account = this.#accounts.get(payer);
    if (account === undefined) this.#accounts.set(payer, account = new PaidAccount(this, payer));
    return account;
  }

  /** Chunks of large files; null if they are arrays of their own. */
  get slabs(): Slabs | null {
    return this.pages === null ? null : this.#slabs ??= new Slabs(this.pages, CHUNK);
  }

  /** See SuperBlock: the pages are given back to whoever has paid for them. */
  override shutdown(): void {
    for (const account of this.#accounts.values()) account.end();
    this.#accounts.clear();
  }

  /** Takes or gives back bytes; false if the size limit would be passed. */
  charge(bytes: number): boolean {
    const limit = this.#options.size ?? 0;
    if (bytes > 0 && limit > 0 && this.usedBytes + bytes > limit) return false;
    this.usedBytes += bytes;
    return true;
  }

  /** Most bytes that can still be allocated: what is left of the limit; without one, of what a host can be expected to have. */
  get room(): number {
    return (this.#options.size || TOTAL_MEMORY) - this.usedBytes;
  }

  /** See SuperBlock. */
  statfs(out: Statfs): number {
    const size = this.#options.size ?? 0, inodes = this.#options.inodes ?? 0;
    out.type = MAGIC;
    out.bsize = PAGE;
    out.blocks = Math.floor(size / PAGE);
    out.bfree = out.bavail = size === 0 ? 0 : Math.max(0, Math.floor((size - this.usedBytes) / PAGE));
    out.files = inodes;
    out.ffree = inodes === 0 ? 0 : inodes - this.usedInodes;
    out.namelen = 255;
    return 0;
  }

  /** See SuperBlock. */
  override showOptions(): string {
    const { size, inodes, mode, uid, gid } = this.#options;
    const shown: string[] = [];
    if (size) shown.push(`size=${Math.ceil(size / 1024)}k`);
    if (inodes) shown.push(`nr_inodes=${inodes}`);
    if (mode !== undefined && mode !== 0o1777) shown.push(`mode=${mode.toString(8)}`);
    if (uid) shown.push(`uid=${uid}`);
    if (gid) shown.push(`gid=${gid}`);
    return shown.join(",");
  }

  /** See SuperBlock. A size or number of files below what is in use is refused. */
  override reconfigure(options: readonly string[]): number {
    const wanted = parseOptions(options);
    if (wanted === undefined) return -EINVAL;
    if (wanted.size && wanted.size < this.usedBytes) return -EINVAL;
    if (wanted.inodes && wanted.inodes < this.usedInodes) return -EINVAL;
    this.#options = { ...this.#options, ...wanted };
    return 0;
  }
}

/** The type behind mount -t tmpfs. */
export const tmpfsType: FsType = {
  name: "tmpfs",
  nodev: true,
  accepts: (option) => parseOptions([option]) !== undefined,
  create(options, _source, caller) {
    const parsed = parseOptions(options);
    if (parsed === undefined) return -EINVAL;
    const ids = kernelIds(caller.cred, parsed);
    if (typeof ids === "number") return ids;
    const { fsuid: uid, fsgid: gid } = caller.cred;
    const sb = new TmpfsSuper({ ...parsed, uid, gid, ...ids, clock: caller.vfs.clock });
    sb.payer = caller.vfs.payer;
    sb.pages = caller.vfs.pages;
    return sb;
  },
};
