/** The queues of an IPC namespace as files: a sticky directory that anybody may make queues in. @module */
import { EEXIST, EINVAL, ENOENT, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import { isReg, S_IFDIR, S_IFREG } from "../abi/mode.ts";
import { nameToBytes } from "../abi/name.ts";
import type { Statfs } from "../abi/stat.ts";
import type { Clock } from "../vfs/clock.ts";
import { Inode, type SetAttr, SuperBlock } from "../vfs/inode.ts";
import { type DirStream, type OpenFile, RegularFile } from "../vfs/open_file.ts";
import type { Caller, FsType } from "../vfs/vfs.ts";
import type { WaitQueue } from "../vfs/wait_queue.ts";
import { Directory as Names } from "../tmpfs/directory.ts";
import { MessageQueue } from "./queue.ts";

const MAGIC = 0x19800202;
/** Size of a queue's file, as Linux says it. */
const FILE_SIZE = 80;
const NAME_SIZE = 20;

/** Attributes of a new queue (man 3 mq_getattr). */
export interface QueueAttributes {
  /** mq_maxmsg. */
  readonly maxMessages: number;
  /** mq_msgsize. */
  readonly messageSize: number;
}

/** What a namespace allows. */
export interface QueueLimits {
  /** Attributes of a queue that is made without any. */
  defaults(): QueueAttributes;
  /** A queue is to be made by a user: 0, or -ENOSPC, -EMFILE. */
  charge(uid: number, attributes: QueueAttributes): number;
  /** A queue is gone. */
  uncharge(uid: number, attributes: QueueAttributes): void;
}

/** The queues of an IPC namespace. */
export class MqueueSuper extends SuperBlock {
  /** See SuperBlock. */
  readonly type = "mqueue";
  /** See SuperBlock. */
  override readonly allowsIdmap = false;
  /** See SuperBlock. */
  readonly root: Inode;
  /** Attributes for the next queue that is made; null for the namespace's defaults. mq_open sets it around its open. */
  attributes: QueueAttributes | null = null;
  #nextIno = 2;

  /** No queues. */
  constructor(readonly limits: QueueLimits, clock: Clock) {
    super(clock);
    this.root = new QueueDirectory(this);
  }

  /** A fresh inode number. */
  nextIno(): number {
    return this.#nextIno++;
  }

  /** See SuperBlock. */
  statfs(out: Statfs): number {
    out.type = MAGIC;
    out.bsize = 4096;
    out.namelen = 255;
    return 0;
  }
}

/** Owner and permission bits can be changed, as of any file. */
export abstract class MqueueInode extends Inode {
  /** See Inode. */
  override setattr(attr: SetAttr): number {
    if (attr.mode !== undefined) this.mode = this.mode & ~0o7777 | attr.mode & 0o7777;
    if (attr.uid !== undefined) this.uid = attr.uid;
    if (attr.gid !== undefined) this.gid = attr.gid;
    this.touch(this.sb.clock.now(), false, true);
    return 0;
  }
}

class QueueDirectory extends MqueueInode {
  readonly #names = new Names();

  constructor(readonly queues: MqueueSuper) {
    super(queues, 1, S_IFDIR | 0o1777);
    this.nlink = 2;
    this.setTimes(queues.clock.now());
  }

  override lookup(name: string): Inode | number {
    return this.#names.get(name) ?? -ENOENT;
  }
  override create(name: string, mode: number, uid: number, gid: number): Inode | number {
    if (!isReg(mode)) return -EPERM;
    if (this.#names.get(name) !== undefined) return -EEXIST;
    const attributes = this.queues.attributes ?? this.queues.limits.defaults();
    const error = this.queues.limits.charge(uid, attributes);
    if (error < 0) return error;
    const inode = new QueueInode(this.queues, mode, attributes, uid, gid);
    this.#names.set(name, inode);
    this.#changed();
    return inode;
  }
  override unlink(name: string): number {
    const inode = this.#names.get(name);
    if (inode === undefined) return -ENOENT;
    this.#names.delete(name);
    inode.nlink--;
    this.#changed();
    return 0;
  }
  override mkdir(): number {
    return -EPERM;
  }
  override symlink(): number {
    return -EPERM;
  }
  override link(): number {
    return -EPERM;
  }
  override rename(): number {
    return -EPERM;
  }
  override tmpfile(): number {
    return -EOPNOTSUPP;
  }
  override openDir(): DirStream {
    return this.#names.stream();
  }
  #changed(): void {
    this.size = this.#names.size * NAME_SIZE;
    this.touch(this.sb.clock.now(), true, true);
  }
}

/** A queue's file. */
export class QueueInode extends MqueueInode {
  /** The queue. */
  readonly queue: MessageQueue;
  readonly #maker: number;

  /** A file around a new queue. */
  constructor(
    readonly queues: MqueueSuper,
    mode: number,
    readonly attributes: QueueAttributes,
    uid: number,
    gid: number,
  ) {
    super(queues, queues.nextIno(), S_IFREG | mode & 0o7777);
    this.queue = new MessageQueue(attributes.maxMessages, attributes.messageSize);
    this.uid = this.#maker = uid;
    this.gid = gid;
    this.size = FILE_SIZE;
    this.setTimes(queues.clock.now());
  }

  /** See Inode. */
  override setattr(attr: SetAttr): number {
    return attr.size !== undefined ? -EINVAL : super.setattr(attr);
  }
  /** See Inode. */
  override open(flags: number): OpenFile {
    return new QueueFile(this, flags);
  }
  /** See Inode. */
  override evict(): void {
    this.queues.limits.uncharge(this.#maker, this.attributes);
  }
}

/** An open queue: a read describes it; messages go through mq_send and mq_receive. */
export class QueueFile extends RegularFile {
  /** The queue. */
  readonly queue: MessageQueue;

  /** An open file. */
  constructor(inode: QueueInode, flags: number) {
    super(inode, flags);
    this.queue = inode.queue;
  }
  /** See RegularFile. */
  protected override readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    const text = nameToBytes(this.queue.describe());
    const n = Math.max(0, Math.min(len, text.length - pos));
    buf.set(text.subarray(pos, pos + n), off);
    return n;
  }
  /** See RegularFile. */
  protected override writeAt(): number {
    return -EINVAL;
  }
  /** See RegularFile. */
  protected override currentSize(): number {
    return FILE_SIZE;
  }
  /** See OpenFile. */
  override truncate(): number {
    return -EINVAL;
  }
  /** See OpenFile. */
  override poll(): number {
    return this.queue.poll();
  }
  /** See OpenFile. */
  override waitQueue(): WaitQueue {
    return this.queue.changed;
  }
}

/** mount -t mqueue: the queues of the caller's IPC namespace; all its mounts are of one superblock. */
export function mqueueType(superOf: (caller: Caller) => MqueueSuper): FsType {
  return {
    name: "mqueue",
    nodev: true,
    create: (options, _source, caller) => options.length === 0 ? superOf(caller) : -EINVAL,
  };
}
