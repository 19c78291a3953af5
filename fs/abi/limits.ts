/** Limits of limits.h and of the path walk. @module */

/** Longest file name in bytes. */
export const NAME_MAX = 255;
/** Longest path in bytes, the terminating NUL counted. */
export const PATH_MAX = 4096;
/** Symbolic links followed in one path walk; one more is ELOOP (man 7 path_resolution). */
export const MAXSYMLINKS = 40;
/** Longest extended attribute name in bytes. */
export const XATTR_NAME_MAX = 255;
/** Longest extended attribute value in bytes. */
export const XATTR_SIZE_MAX = 65536;
/** Longest list of extended attribute names in bytes. */
export const XATTR_LIST_MAX = 65536;
/** Largest file size and offset we keep exactly (2^53 - 1); Linux has 2^63 - 1. */
export const MAX_OFFSET: number = Number.MAX_SAFE_INTEGER;
