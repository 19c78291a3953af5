/** Errors in words, for people (strerror(3)). @module */
import * as errno from "./errno.ts";

const TEXTS: ReadonlyMap<number, string> = new Map([
  [errno.EPERM, "operation not permitted"],
  [errno.ENOENT, "no such file or directory"],
  [errno.EIO, "input/output error"],
  [errno.ENXIO, "no such device"],
  [errno.E2BIG, "argument list too long"],
  [errno.ENOEXEC, "exec format error"],
  [errno.ENOMEM, "out of memory"],
  [errno.EACCES, "permission denied"],
  [errno.EBUSY, "device or resource busy"],
  [errno.EEXIST, "file exists"],
  [errno.EXDEV, "it leads to another filesystem, or outside"],
  [errno.ENODEV, "no such device or filesystem type"],
  [errno.ENOTDIR, "not a directory"],
  [errno.EISDIR, "is a directory"],
  [errno.EINVAL, "invalid argument"],
  [errno.EMFILE, "too many open files"],
  [errno.ENOSPC, "no space left on device"],
  [errno.EROFS, "read-only file system"],
  [errno.ENAMETOOLONG, "file name too long"],
  [errno.ENOTEMPTY, "directory not empty"],
  [errno.ELOOP, "too many levels of symbolic links"],
  [errno.EOPNOTSUPP, "operation not supported"],
]);

/** An errno (positive) in words: "no such file or directory (ENOENT)". */
export function errnoText(number: number): string {
  const text = TEXTS.get(number);
  const name = errno.errnoName(number);
  return text === undefined ? name : `${text} (${name})`;
}
