/** Flags of setxattr(2). @module */

/** Fail with EEXIST if the attribute exists. */
export const XATTR_CREATE = 1;
/** Fail with ENODATA if the attribute does not exist. */
export const XATTR_REPLACE = 2;
