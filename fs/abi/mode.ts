/** File type and permission bits of `st_mode` (man 7 inode), and directory entry types (man 3 readdir). @module */

/** Mask of the file type. */
export const S_IFMT = 0o170000;
/** Socket. */
export const S_IFSOCK = 0o140000;
/** Symbolic link. */
export const S_IFLNK = 0o120000;
/** Regular file. */
export const S_IFREG = 0o100000;
/** Block device. */
export const S_IFBLK = 0o060000;
/** Directory. */
export const S_IFDIR = 0o040000;
/** Character device. */
export const S_IFCHR = 0o020000;
/** FIFO. */
export const S_IFIFO = 0o010000;
/** Set-user-ID. */
export const S_ISUID = 0o4000;
/** Set-group-ID. */
export const S_ISGID = 0o2000;
/** Sticky: restricted deletion. */
export const S_ISVTX = 0o1000;
/** Group may execute. */
export const S_IXGRP = 0o010;
/** Permission bits that chmod can set. */
export const S_IALLUGO = 0o7777;

/** Unknown entry type. */
export const DT_UNKNOWN = 0;
/** FIFO entry. */
export const DT_FIFO = 1;
/** Character device entry. */
export const DT_CHR = 2;
/** Directory entry. */
export const DT_DIR = 4;
/** Block device entry. */
export const DT_BLK = 6;
/** Regular file entry. */
export const DT_REG = 8;
/** Symbolic link entry. */
export const DT_LNK = 10;
/** Socket entry. */
export const DT_SOCK = 12;

/** True for a directory. */
export const isDir = (mode: number): boolean => (mode & S_IFMT) === S_IFDIR;
/** True for a regular file. */
export const isReg = (mode: number): boolean => (mode & S_IFMT) === S_IFREG;
/** True for a symbolic link. */
export const isLnk = (mode: number): boolean => (mode & S_IFMT) === S_IFLNK;
/** True for a character device. */
export const isChr = (mode: number): boolean => (mode & S_IFMT) === S_IFCHR;
/** True for a block device. */
export const isBlk = (mode: number): boolean => (mode & S_IFMT) === S_IFBLK;
/** True for a FIFO. */
export const isFifo = (mode: number): boolean => (mode & S_IFMT) === S_IFIFO;
/** True for a socket. */
export const isSock = (mode: number): boolean => (mode & S_IFMT) === S_IFSOCK;
/** The DT_* value that belongs to a mode. */
export const modeToDt = (mode: number): number => (mode & S_IFMT) >>> 12;
