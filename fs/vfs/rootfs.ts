/** The filesystem at the bottom of every mount namespace: empty, and covered by what a process sees as `/`. @module */
import { ENOENT } from "../abi/errno.ts";
import { S_IFDIR } from "../abi/mode.ts";
import type { Statfs } from "../abi/stat.ts";
import { Inode, SuperBlock } from "./inode.ts";
import type { DirStream } from "./open_file.ts";

const MAGIC = 0x858458f6; // ramfs, which is what Linux's rootfs says

class RootDirectory extends Inode {
  override lookup(): number {
    return -ENOENT;
  }
  override openDir(): DirStream {
    return { next: () => null, seek: () => {} };
  }
}

/** See the module's comment. */
export class RootfsSuper extends SuperBlock {
  /** See SuperBlock. */
  readonly type = "rootfs";
  /** See SuperBlock. */
  readonly root: Inode = new RootDirectory(this, 1, S_IFDIR | 0o755);

  /** See SuperBlock. */
  statfs(out: Statfs): number {
    out.type = MAGIC;
    out.bsize = 4096;
    out.namelen = 255;
    return 0;
  }
}
