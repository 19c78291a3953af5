/** Flags of openat(2), the *at(2) family, lseek(2), renameat2(2), access(2): x86_64 numbers of fcntl.h. @module */

/** Read only. */
export const O_RDONLY = 0;
/** Write only. */
export const O_WRONLY = 1;
/** Read and write. */
export const O_RDWR = 2;
/** Mask of the access mode. */
export const O_ACCMODE = 3;
/** Create the file if it does not exist. */
export const O_CREAT = 0o100;
/** With O_CREAT: fail if it exists. */
export const O_EXCL = 0o200;
/** Do not make the terminal the controlling one. */
export const O_NOCTTY = 0o400;
/** Truncate to length 0. */
export const O_TRUNC = 0o1000;
/** Each write goes to the end. */
export const O_APPEND = 0o2000;
/** Do not block. */
export const O_NONBLOCK = 0o4000;
/** Data integrity on each write. */
export const O_DSYNC = 0o10000;
/** Fail unless it is a directory. */
export const O_DIRECTORY = 0o200000;
/** Fail with ELOOP if the last component is a symbolic link. */
export const O_NOFOLLOW = 0o400000;
/** Do not update the access time. */
export const O_NOATIME = 0o1000000;
/** Close on exec. */
export const O_CLOEXEC = 0o2000000;
/** File and data integrity on each write (includes O_DSYNC). */
export const O_SYNC = 0o4010000;
/** A reference to a path, not opened for I/O. */
export const O_PATH = 0o10000000;
/** An unnamed file in the given directory. */
export const O_TMPFILE = 0o20200000;

/** The current working directory as a dirfd. */
export const AT_FDCWD: number = -100;
/** Do not follow a final symbolic link. */
export const AT_SYMLINK_NOFOLLOW = 0x100;
/** unlinkat: remove a directory. faccessat: use effective ids (AT_EACCESS has the same number). */
export const AT_REMOVEDIR = 0x200;
/** faccessat: use the effective ids. */
export const AT_EACCESS = 0x200;
/** linkat: follow a final symbolic link. */
export const AT_SYMLINK_FOLLOW = 0x400;
/** Do not trigger an automount (accepted, no effect). */
export const AT_NO_AUTOMOUNT = 0x800;
/** An empty path means the dirfd itself. */
export const AT_EMPTY_PATH = 0x1000;
/** mount_setattr, open_tree: the whole subtree. */
export const AT_RECURSIVE = 0x8000;

/** Fail if the target exists. */
export const RENAME_NOREPLACE = 1;
/** Exchange both names atomically. */
export const RENAME_EXCHANGE = 2;
/** Leave a whiteout at the source (overlay). */
export const RENAME_WHITEOUT = 4;

/** From the start. */
export const SEEK_SET = 0;
/** From the current position. */
export const SEEK_CUR = 1;
/** From the end. */
export const SEEK_END = 2;
/** To the next data. */
export const SEEK_DATA = 3;
/** To the next hole. */
export const SEEK_HOLE = 4;

/** Test for existence. */
export const F_OK = 0;
/** Test for execute (search) permission; MAY_EXEC. */
export const X_OK = 1;
/** Test for write permission; MAY_WRITE. */
export const W_OK = 2;
/** Test for read permission; MAY_READ. */
export const R_OK = 4;

/** fallocate: keep the size. */
export const FALLOC_FL_KEEP_SIZE = 1;
/** fallocate: make a hole (with KEEP_SIZE). */
export const FALLOC_FL_PUNCH_HOLE = 2;

/** openat2 resolve: do not cross a mount. */
export const RESOLVE_NO_XDEV = 1;
/** openat2 resolve: no magic links (/proc/PID/fd/N and the like). */
export const RESOLVE_NO_MAGICLINKS = 2;
/** openat2 resolve: no symbolic links at all. */
export const RESOLVE_NO_SYMLINKS = 4;
/** openat2 resolve: fail with EXDEV when leaving the dirfd's subtree. */
export const RESOLVE_BENEATH = 8;
/** openat2 resolve: the dirfd is the root for `..` and absolute links. */
export const RESOLVE_IN_ROOT = 16;
