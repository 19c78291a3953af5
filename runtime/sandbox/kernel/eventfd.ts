/** eventfd(2): a counter as a file. @module */
import { EAGAIN, EINVAL } from "../../../fs/abi/errno.ts";
import { O_NONBLOCK, O_RDWR } from "../../../fs/abi/open.ts";
import { POLLIN, POLLOUT } from "../../../fs/abi/poll.ts";
import type { Statfs } from "../../../fs/abi/stat.ts";
import { Inode, SuperBlock } from "../../../fs/vfs/inode.ts";
import { OpenFile } from "../../../fs/vfs/open_file.ts";
import { WaitQueue } from "../../../fs/vfs/wait_queue.ts";

class AnonInode extends Inode {}

/** Files without a name have one inode for all (anon_inodefs). */
class AnonSuper extends SuperBlock {
  readonly type = "anon_inodefs";
  readonly root: Inode = new AnonInode(this, 1, 0o600);
  statfs(out: Statfs): number {
    out.type = 0x09041934;
    return 0;
  }
}
/** The inode of files that have none of their own: eventfd, epoll. */
export const anonInode: Inode = new AnonSuper().root;

/** Largest value: one less than what reading and writing have room for. */
const MAX = 2n ** 64n - 2n;
const SIZE = 8;

/** See the module's comment. */
class EventFile extends OpenFile {
  readonly #queue = new WaitQueue();

  constructor(public count: bigint, readonly semaphore: boolean, flags: number) {
    super(anonInode, O_RDWR | flags);
  }

  override read(buf: Uint8Array, off: number, len: number): number {
    if (len < SIZE) return -EINVAL;
    if (this.count === 0n) return -EAGAIN;
    const value = this.semaphore ? 1n : this.count;
    this.count -= value;
    new DataView(buf.buffer, buf.byteOffset + off, SIZE).setBigUint64(0, value, true);
    this.#queue.wake(POLLOUT);
    return SIZE;
  }

  override write(buf: Uint8Array, off: number, len: number): number {
    if (len < SIZE) return -EINVAL;
    const value = new DataView(buf.buffer, buf.byteOffset + off, SIZE).getBigUint64(0, true);
    if (value > MAX) return -EINVAL;
    if (this.count + value > MAX) return -EAGAIN;
    this.count += value;
    this.#queue.wake(POLLIN);
    return SIZE;
  }

  override poll(): number {
    return (this.count > 0n ? POLLIN : 0) | (this.count < MAX ? POLLOUT : 0);
  }
  override waitQueue(): WaitQueue {
    return this.#queue;
  }
}

/** eventfd(2). `semaphore`: each read takes one (EFD_SEMAPHORE). */
export function makeEventFile(initial: bigint, semaphore: boolean, nonblocking = false): OpenFile {
  return new EventFile(initial > MAX ? MAX : initial, semaphore, nonblocking ? O_NONBLOCK : 0);
}
