/** struct stat and struct statfs as reusable objects: a call fills one, so that stat allocates nothing. @module */

/** Attributes of an inode (man 3 stat). Times are whole seconds plus nanoseconds (0 to 999,999,999). */
export class Stat {
  /** Device id of the filesystem. */
  dev = 0;
  /** Inode number. */
  ino = 0;
  /** Type and permission bits. */
  mode = 0;
  /** Hard links. */
  nlink = 0;
  /** Owner. */
  uid = 0;
  /** Group. */
  gid = 0;
  /** Device number of a device node (see makedev). */
  rdev = 0;
  /** Size in bytes. */
  size = 0;
  /** Preferred I/O size in bytes. */
  blksize = 4096;
  /** Allocated 512-byte blocks. */
  blocks = 0;
  /** Access time, seconds since 1970. */
  atimeSec = 0;
  /** Access time, nanoseconds. */
  atimeNsec = 0;
  /** Modification time, seconds since 1970. */
  mtimeSec = 0;
  /** Modification time, nanoseconds. */
  mtimeNsec = 0;
  /** Status change time, seconds since 1970. */
  ctimeSec = 0;
  /** Status change time, nanoseconds. */
  ctimeNsec = 0;
}

/** Figures of a filesystem (man 2 statfs). Sizes are in blocks of `bsize` bytes. */
export class Statfs {
  /** Magic number of the type, e.g. 0x01021994 for tmpfs. */
  type = 0;
  /** Block size in bytes. */
  bsize = 4096;
  /** Blocks in all. */
  blocks = 0;
  /** Free blocks. */
  bfree = 0;
  /** Blocks available to ordinary users. */
  bavail = 0;
  /** Inodes in all. */
  files = 0;
  /** Free inodes. */
  ffree = 0;
  /** Longest name in bytes. */
  namelen = 255;
}

/** A point in time: seconds since 1970 (may be negative) and nanoseconds (0 to 999,999,999). */
export interface Timespec {
  /** Seconds. */
  readonly sec: number;
  /** Nanoseconds. */
  readonly nsec: number;
}
