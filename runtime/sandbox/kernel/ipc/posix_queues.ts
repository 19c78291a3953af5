/** POSIX message queues of an IPC namespace (man 3 mq_open and its kin): names are files of its mqueue filesystem. @module */
import {
  EACCES,
  EAGAIN,
  EBADF,
  EINVAL,
  EMFILE,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
} from "../../../../fs/abi/errno.ts";
import { NAME_MAX } from "../../../../fs/abi/limits.ts";
import { nameByteLength } from "../../../../fs/abi/name.ts";
import { O_CREAT, O_EXCL, O_NONBLOCK } from "../../../../fs/abi/open.ts";
import { MqueueSuper, type QueueAttributes, QueueFile, type QueueLimits } from "../../../../fs/mqueue/mod.ts";
import type { Mount, VPath } from "../../../../fs/vfs/dentry.ts";
import { openAt, type OpenFile, parsePath, unlinkAt } from "../../../../fs/vfs/mod.ts";
import type { Caller, Vfs } from "../../../../fs/vfs/vfs.ts";
import type { IpcCaller } from "./caller.ts";
import type { IpcLimits } from "./limits.ts";

const CAP_SYS_RESOURCE = 24;
/** Hard limits, also for the privileged. */
const HARD_MESSAGES = 65536, HARD_MESSAGE_SIZE = 16 * 1024 * 1024;
/** Highest priority plus one. */
export const MQ_PRIO_MAX = 32768;
/** What a queue costs its maker beside its messages (struct msg_msg and a node of the tree, each message). */
const MESSAGE_OVERHEAD = 48 + 48;

/** What RLIMIT_MSGQUEUE counts. */
const cost = ({ maxMessages, messageSize }: QueueAttributes): number =>
  maxMessages * (messageSize + MESSAGE_OVERHEAD);

/** See the module's comment. */
export class PosixQueues implements QueueLimits {
  /** The filesystem. */
  readonly sb: MqueueSuper;
  /** Bytes by user. */
  readonly #used: Map<number, number> = new Map();
  #count = 0;
  #mount: Mount | null = null;
  /** Limits of whoever is opening a queue now. */
  #opener: { readonly limit: number; readonly privileged: boolean } = { limit: Infinity, privileged: true };

  /** No queues. */
  constructor(readonly limits: IpcLimits, readonly vfs: Vfs) {
    this.sb = new MqueueSuper(this, vfs.clock);
  }

  /** See QueueLimits. */
  defaults(): QueueAttributes {
    const { queueMessages, queueMessageSize, defaultMessages, defaultMessageSize } = this.limits;
    return {
      maxMessages: Math.min(queueMessages, defaultMessages),
      messageSize: Math.min(queueMessageSize, defaultMessageSize),
    };
  }
  /** See QueueLimits. */
  charge(uid: number, attributes: QueueAttributes): number {
    const { limit, privileged } = this.#opener;
    if (this.#count >= this.limits.queuesMax && !privileged) return -ENOSPC;
    const used = (this.#used.get(uid) ?? 0) + cost(attributes);
    if (used > limit) return -EMFILE;
    this.#used.set(uid, used);
    this.#count++;
    return 0;
  }
  /** See QueueLimits. */
  uncharge(uid: number, attributes: QueueAttributes): void {
    this.#used.set(uid, (this.#used.get(uid) ?? 0) - cost(attributes));
    this.#count--;
  }

  get #root(): VPath {
    const mount = this.#mount ??= this.vfs.newMount(this.sb, { source: "mqueue" });
    return { mount, dentry: mount.root };
  }

  /** A name without its slash, or a negative errno (man 7 mq_overview: "/somename"). */
  #name(name: string): string | number {
    if (!name.startsWith("/")) return -EINVAL;
    const rest = name.slice(1);
    if (rest === "") return -ENOENT;
    if (rest.includes("/")) return -EACCES;
    return nameByteLength(rest) > NAME_MAX ? -ENAMETOOLONG : rest;
  }

  /** mq_open(3): the open queue. `limit` is RLIMIT_MSGQUEUE; without attributes a new queue has the namespace's. */
  open(
    c: Caller,
    name: string,
    flags: number,
    mode: number,
    attributes: QueueAttributes | null,
    limit: number,
  ): OpenFile | number {
    const rest = this.#name(name);
    if (typeof rest === "number") return rest;
    const privileged = c.cred.capable(CAP_SYS_RESOURCE);
    const known = this.#root.dentry.inode!.lookup(rest);
    if (attributes !== null && (flags & O_CREAT) !== 0 && typeof known === "number") {
      const error = this.#judge(attributes, privileged);
      if (error < 0) return error;
    }
    const path = parsePath(rest);
    if (typeof path === "number") return path;
    this.#opener = { limit, privileged };
    this.sb.attributes = attributes;
    try {
      return openAt(c, this.#root, path, flags & (3 | O_CREAT | O_EXCL | O_NONBLOCK), mode);
    } finally {
      this.sb.attributes = null;
      this.#opener = { limit: Infinity, privileged: true };
    }
  }

  #judge({ maxMessages, messageSize }: QueueAttributes, privileged: boolean): number {
    const most = privileged ? HARD_MESSAGES : this.limits.queueMessages;
    const size = privileged ? HARD_MESSAGE_SIZE : this.limits.queueMessageSize;
    return maxMessages < 1 || messageSize < 1 || maxMessages > most || messageSize > size ? -EINVAL : 0;
  }

  /** mq_unlink(3). */
  unlink(c: Caller, name: string): number {
    const rest = this.#name(name);
    if (typeof rest === "number") return rest;
    const path = parsePath(rest);
    return typeof path === "number" ? path : unlinkAt(c, this.#root, path, 0);
  }

  /** mq_timedsend(3). */
  async send(
    caller: IpcCaller,
    file: OpenFile,
    bytes: Uint8Array,
    priority: number,
    deadline?: number,
  ): Promise<number> {
    if (priority < 0 || priority >= MQ_PRIO_MAX) return -EINVAL;
    if (!(file instanceof QueueFile) || !file.writable) return -EBADF;
    for (;;) {
      const result = file.queue.send({ priority, bytes });
      if (result !== -EAGAIN || file.nonblocking) return result;
      const error = await caller.wait(file.queue.changed, deadline);
      if (error < 0) return error;
    }
  }

  /** mq_timedreceive(3): the message; `room` is the size of the caller's buffer. */
  async receive(
    caller: IpcCaller,
    file: OpenFile,
    room: number,
    deadline?: number,
  ): Promise<{ readonly priority: number; readonly bytes: Uint8Array } | number> {
    if (!(file instanceof QueueFile) || !file.readable) return -EBADF;
    for (;;) {
      const result = file.queue.receive(room);
      if (result !== -EAGAIN || file.nonblocking) return result;
      file.queue.waiting(1);
      const error = await caller.wait(file.queue.changed, deadline);
      file.queue.waiting(-1);
      if (error < 0) return error;
    }
  }
}
