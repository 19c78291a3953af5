/** Where the inodes of sockets live: a filesystem without a tree (Linux's sockfs). @module */
import { S_IFSOCK } from "../../../fs/abi/mode.ts";
import type { Statfs } from "../../../fs/abi/stat.ts";
import { hostClock } from "../../../fs/vfs/clock.ts";
import { Inode, SuperBlock } from "../../../fs/vfs/inode.ts";

const MAGIC = 0x534f434b;

/** The inode of a socket: it has no place in the tree. */
export class SocketInode extends Inode {
  /** A socket inode with a number of its own. */
  constructor(sb: SuperBlock, ino: number) {
    super(sb, ino, S_IFSOCK | 0o777);
  }
}

class Sockfs extends SuperBlock {
  readonly type = "sockfs";
  readonly root: Inode = new SocketInode(this, 1);
  #next = 2;

  statfs(out: Statfs): number {
    out.type = MAGIC;
    return 0;
  }
  make(uid: number, gid: number): SocketInode {
    const inode = new SocketInode(this, this.#next++);
    inode.uid = uid;
    inode.gid = gid;
    inode.setTimes(this.clock.now());
    return inode;
  }
}

const sockfs = new Sockfs(hostClock);

/** An inode for a new socket of this owner. */
export function socketInode(uid: number, gid: number): SocketInode {
  return sockfs.make(uid, gid);
}
