/** Access times, as the mount wants them (man 8 mount: relatime, noatime, strictatime, nodiratime). @module */
import { isDir } from "../abi/mode.ts";
import {
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
} from "../abi/mount.ts";
import type { Mount } from "./dentry.ts";
import type { Inode } from "./inode.ts";

/** With relatime an access time is never older than this (man 8 mount). */
const DAY = 24 * 60 * 60;

/** True if the access time is not behind the time of the last change of content or status. */
function isRecent(inode: Inode): boolean {
  const { atimeSec, atimeNsec, mtimeSec, mtimeNsec, ctimeSec, ctimeNsec } = inode;
  return (atimeSec > mtimeSec || (atimeSec === mtimeSec && atimeNsec > mtimeNsec)) &&
    (atimeSec > ctimeSec || (atimeSec === ctimeSec && atimeNsec > ctimeNsec));
}

/** Notes that a file was read through a mount. `first`: it has not been by this opening; only then its age is looked at. */
export function accessed(mount: Mount | null, inode: Inode, first: boolean): void {
  if (mount === null || inode.sb.readOnly) return;
  const { flags } = mount;
  if ((flags & (MOUNT_ATTR_NOATIME | MOUNT_ATTR_RDONLY)) !== 0) return;
  if ((flags & MOUNT_ATTR_NODIRATIME) !== 0 && isDir(inode.mode)) return;
  if ((flags & MOUNT_ATTR_STRICTATIME) === 0 && isRecent(inode)) {
    if (!first || inode.sb.clock.now() / 1000 - inode.atimeSec < DAY) return;
  }
  inode.touchAtime(inode.sb.clock.now());
}
