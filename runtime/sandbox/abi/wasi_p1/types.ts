/** Flags, rights and file types of preview1 (preview1.md), and how they map to Linux's. @module */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../../../../fs/abi/mode.ts";
import { DT_BLK, DT_CHR, DT_DIR, DT_LNK, DT_REG, DT_SOCK } from "../../../../fs/abi/mode.ts";
import { O_APPEND, O_DSYNC, O_NONBLOCK, O_SYNC } from "../../../../fs/abi/open.ts";

/** Rights, bit by bit (preview1.md#rights). All fit in 30 bits, so they are kept as numbers. */
export const RIGHT = {
  FD_DATASYNC: 1 << 0,
  FD_READ: 1 << 1,
  FD_SEEK: 1 << 2,
  FD_FDSTAT_SET_FLAGS: 1 << 3,
  FD_SYNC: 1 << 4,
  FD_TELL: 1 << 5,
  FD_WRITE: 1 << 6,
  FD_ADVISE: 1 << 7,
  FD_ALLOCATE: 1 << 8,
  PATH_CREATE_DIRECTORY: 1 << 9,
  PATH_CREATE_FILE: 1 << 10,
  PATH_LINK_SOURCE: 1 << 11,
  PATH_LINK_TARGET: 1 << 12,
  PATH_OPEN: 1 << 13,
  FD_READDIR: 1 << 14,
  PATH_READLINK: 1 << 15,
  PATH_RENAME_SOURCE: 1 << 16,
  PATH_RENAME_TARGET: 1 << 17,
  PATH_FILESTAT_GET: 1 << 18,
  PATH_FILESTAT_SET_SIZE: 1 << 19,
  PATH_FILESTAT_SET_TIMES: 1 << 20,
  FD_FILESTAT_GET: 1 << 21,
  FD_FILESTAT_SET_SIZE: 1 << 22,
  FD_FILESTAT_SET_TIMES: 1 << 23,
  PATH_SYMLINK: 1 << 24,
  PATH_REMOVE_DIRECTORY: 1 << 25,
  PATH_UNLINK_FILE: 1 << 26,
  POLL_FD_READWRITE: 1 << 27,
  SOCK_SHUTDOWN: 1 << 28,
  SOCK_ACCEPT: 1 << 29,
} as const;

/** Every right. */
export const RIGHTS_ALL = 0x3fffffff;
const R = RIGHT;
const RIGHTS_FD = R.FD_FDSTAT_SET_FLAGS | R.FD_FILESTAT_GET | R.POLL_FD_READWRITE;
/** Rights that mean something on a regular file. */
export const RIGHTS_REGULAR: number = RIGHTS_FD | R.FD_DATASYNC | R.FD_READ | R.FD_SEEK | R.FD_SYNC |
  R.FD_TELL |
  R.FD_WRITE | R.FD_ADVISE | R.FD_ALLOCATE | R.FD_FILESTAT_SET_SIZE | R.FD_FILESTAT_SET_TIMES;
/** Rights that mean something on a directory. */
export const RIGHTS_DIRECTORY: number = RIGHTS_FD | R.FD_SYNC | R.FD_DATASYNC | R.FD_ADVISE | R.FD_READDIR |
  R.FD_FILESTAT_SET_TIMES | R.PATH_CREATE_DIRECTORY | R.PATH_CREATE_FILE | R.PATH_LINK_SOURCE |
  R.PATH_LINK_TARGET |
  R.PATH_OPEN | R.PATH_READLINK | R.PATH_RENAME_SOURCE | R.PATH_RENAME_TARGET | R.PATH_FILESTAT_GET |
  R.PATH_FILESTAT_SET_SIZE | R.PATH_FILESTAT_SET_TIMES | R.PATH_SYMLINK | R.PATH_REMOVE_DIRECTORY |
  R.PATH_UNLINK_FILE;
/** Rights of a pipe or another stream without positions. A terminal too: isatty() looks for the missing seek and tell. */
export const RIGHTS_STREAM: number = RIGHTS_FD | R.FD_READ | R.FD_WRITE | R.FD_SYNC | R.FD_DATASYNC;
/** Rights of a device such as /dev/null: seekable, so that isatty() says no. */
export const RIGHTS_DEVICE: number = RIGHTS_REGULAR & ~(R.FD_ALLOCATE | R.FD_FILESTAT_SET_SIZE);
/** Rights of a socket. */
export const RIGHTS_SOCKET: number = RIGHTS_FD | R.FD_READ | R.FD_WRITE | R.SOCK_SHUTDOWN | R.SOCK_ACCEPT;

/** fdflags (preview1.md#fdflags). */
export const FDFLAG = { APPEND: 1, DSYNC: 2, NONBLOCK: 4, RSYNC: 8, SYNC: 16 } as const;
/** oflags (preview1.md#oflags). */
export const OFLAG = { CREAT: 1, DIRECTORY: 2, EXCL: 4, TRUNC: 8 } as const;
/** lookupflags (preview1.md#lookupflags). */
export const LOOKUP_SYMLINK_FOLLOW = 1;
/** fstflags (preview1.md#fstflags). */
export const FST = { ATIM: 1, ATIM_NOW: 2, MTIM: 4, MTIM_NOW: 8 } as const;
/** filetype (preview1.md#filetype). */
export const FILETYPE = {
  UNKNOWN: 0,
  BLOCK_DEVICE: 1,
  CHARACTER_DEVICE: 2,
  DIRECTORY: 3,
  REGULAR_FILE: 4,
  SOCKET_DGRAM: 5,
  SOCKET_STREAM: 6,
  SYMBOLIC_LINK: 7,
} as const;

/** filetype of an st_mode; a FIFO has none of its own and is `unknown`. */
export function filetypeOf(mode: number): number {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FILETYPE.REGULAR_FILE;
    case S_IFDIR:
      return FILETYPE.DIRECTORY;
    case S_IFLNK:
      return FILETYPE.SYMBOLIC_LINK;
    case S_IFCHR:
      return FILETYPE.CHARACTER_DEVICE;
    case S_IFBLK:
      return FILETYPE.BLOCK_DEVICE;
    case S_IFSOCK:
      return FILETYPE.SOCKET_STREAM;
    default:
      return FILETYPE.UNKNOWN;
  }
}

/** filetype of a DT_* number. */
export function filetypeOfDt(type: number): number {
  switch (type) {
    case DT_REG:
      return FILETYPE.REGULAR_FILE;
    case DT_DIR:
      return FILETYPE.DIRECTORY;
    case DT_LNK:
      return FILETYPE.SYMBOLIC_LINK;
    case DT_CHR:
      return FILETYPE.CHARACTER_DEVICE;
    case DT_BLK:
      return FILETYPE.BLOCK_DEVICE;
    case DT_SOCK:
      return FILETYPE.SOCKET_STREAM;
    default:
      return FILETYPE.UNKNOWN;
  }
}

/** Status flags of open(2) for fdflags. Linux has no O_RSYNC of its own: it is O_SYNC (man 2 open). */
export function openFlagsOf(fdflags: number): number {
  let flags = 0;
  if (fdflags & FDFLAG.APPEND) flags |= O_APPEND;
  if (fdflags & FDFLAG.DSYNC) flags |= O_DSYNC;
  if (fdflags & FDFLAG.NONBLOCK) flags |= O_NONBLOCK;
  if (fdflags & (FDFLAG.SYNC | FDFLAG.RSYNC)) flags |= O_SYNC;
  return flags;
}

/** fdflags for the status flags of open(2). */
export function fdflagsOf(flags: number): number {
  let fdflags = 0;
  if (flags & O_APPEND) fdflags |= FDFLAG.APPEND;
  if (flags & O_NONBLOCK) fdflags |= FDFLAG.NONBLOCK;
  if ((flags & O_SYNC) === O_SYNC) fdflags |= FDFLAG.SYNC | FDFLAG.RSYNC;
  else if (flags & O_DSYNC) fdflags |= FDFLAG.DSYNC;
  return fdflags;
}
