/** Flags of mount(2), umount2(2), fsopen(2), fsmount(2), open_tree(2), move_mount(2), mount_setattr(2). @module */

/** Read only. */
export const MS_RDONLY = 1;
/** No set-id. */
export const MS_NOSUID = 2;
/** No device nodes. */
export const MS_NODEV = 4;
/** No execution. */
export const MS_NOEXEC = 8;
/** Synchronous writes. */
export const MS_SYNCHRONOUS = 16;
/** Change flags of an existing mount. */
export const MS_REMOUNT = 32;
/** Mandatory locks. */
export const MS_MANDLOCK = 64;
/** Synchronous directory updates. */
export const MS_DIRSYNC = 128;
/** Do not follow symbolic links. */
export const MS_NOSYMFOLLOW = 256;
/** No access times. */
export const MS_NOATIME = 1024;
/** No access times of directories. */
export const MS_NODIRATIME = 2048;
/** Bind mount. */
export const MS_BIND = 4096;
/** Move a mount. */
export const MS_MOVE = 8192;
/** Recursive. */
export const MS_REC = 16384;
/** Fewer kernel messages. */
export const MS_SILENT = 32768;
/** Unbindable propagation. */
export const MS_UNBINDABLE = 1 << 17;
/** Private propagation. */
export const MS_PRIVATE = 1 << 18;
/** Slave propagation. */
export const MS_SLAVE = 1 << 19;
/** Shared propagation. */
export const MS_SHARED = 1 << 20;
/** Access time relative to modification time. */
export const MS_RELATIME = 1 << 21;
/** Always update access times. */
export const MS_STRICTATIME = 1 << 24;
/** Update times lazily. */
export const MS_LAZYTIME = 1 << 25;

/** umount2: end requests under way first. */
export const MNT_FORCE = 1;
/** umount2: detach lazily. */
export const MNT_DETACH = 2;
/** umount2: mark as expired; only a second call unmounts. */
export const MNT_EXPIRE = 4;
/** umount2: do not follow a final symbolic link. */
export const UMOUNT_NOFOLLOW = 8;

/** Mount attribute: read only. */
export const MOUNT_ATTR_RDONLY = 0x1;
/** Mount attribute: no set-id. */
export const MOUNT_ATTR_NOSUID = 0x2;
/** Mount attribute: no device nodes. */
export const MOUNT_ATTR_NODEV = 0x4;
/** Mount attribute: no execution. */
export const MOUNT_ATTR_NOEXEC = 0x8;
/** Mask of the access time setting; 0 is relatime. */
export const MOUNT_ATTR__ATIME = 0x70;
/** Mount attribute: no access times. */
export const MOUNT_ATTR_NOATIME = 0x10;
/** Mount attribute: always update access times. */
export const MOUNT_ATTR_STRICTATIME = 0x20;
/** Mount attribute: no access times of directories. */
export const MOUNT_ATTR_NODIRATIME = 0x80;
/** Mount attribute: idmapped. */
export const MOUNT_ATTR_IDMAP = 0x100000;
/** Mount attribute: do not follow symbolic links. */
export const MOUNT_ATTR_NOSYMFOLLOW = 0x200000;

/** open_tree: a detached copy. */
export const OPEN_TREE_CLONE = 1;
/** move_mount: follow a link at the end of the source path. */
export const MOVE_MOUNT_F_SYMLINKS = 0x1;
/** move_mount: the source path is empty, the descriptor itself is meant. */
export const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
/** move_mount: follow a link at the end of the target path. */
export const MOVE_MOUNT_T_SYMLINKS = 0x10;
/** move_mount: the target path is empty, the descriptor itself is meant. */
export const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
/** move_mount: give the target the peers and master of the source, and move nothing. */
export const MOVE_MOUNT_SET_GROUP = 0x100;
/** move_mount: below what is mounted on the target. */
export const MOVE_MOUNT_BENEATH = 0x200;
/** fsconfig: a key without value. */
export const FSCONFIG_SET_FLAG = 0;
/** fsconfig: a key with a string value. */
export const FSCONFIG_SET_STRING = 1;
/** fspick: do not follow a link at the end of the path. */
export const FSPICK_SYMLINK_NOFOLLOW = 2;
/** fspick: the path is empty, the descriptor itself is meant. */
export const FSPICK_EMPTY_PATH = 8;
/** fsconfig: create the superblock. */
export const FSCONFIG_CMD_CREATE = 6;
/** fsconfig: reconfigure the superblock. */
export const FSCONFIG_CMD_RECONFIGURE = 7;
