/** System V message queues (man 2 msgget, msgop, msgctl). @module */
import { E2BIG, EAGAIN, EIDRM, EINVAL, ENOMSG, EPERM } from "../../../../fs/abi/errno.ts";
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import type { IpcCaller, IpcPermissions } from "./caller.ts";
import { IdTable, IPC_NOWAIT, type IpcObject, type IpcSettings } from "./id_table.ts";
import type { IpcLimits } from "./limits.ts";

/** A message longer than the buffer is cut. */
export const MSG_NOERROR = 0o10000;
/** The first message that is not of the type. */
export const MSG_EXCEPT = 0o20000;
/** A copy of the message at a place; it stays in the queue. */
export const MSG_COPY = 0o40000;

const CAP_SYS_RESOURCE = 24;

/** A message. */
export interface Message {
  /** Above 0. */
  readonly type: number;
  /** Content. */
  readonly bytes: Uint8Array;
}

/** A queue. */
export class MessageQueueV implements IpcObject {
  /** See IpcObject. */
  removed = false;
  /** Messages, oldest first. */
  readonly messages: Message[] = [];
  /** Bytes of all of them (msg_cbytes). */
  bytes = 0;
  /** Process that sent last. */
  lastSender = 0;
  /** Process that received last. */
  lastReceiver = 0;
  /** Time of the last send, in seconds. */
  sentAt = 0;
  /** Time of the last receive. */
  receivedAt = 0;
  /** Told when a message or room appears, and at the end. */
  readonly changed: WaitQueue = new WaitQueue();

  /** An empty queue of at most `maxBytes` bytes (msg_qbytes). */
  constructor(
    readonly perm: IpcPermissions,
    readonly id: number,
    public maxBytes: number,
    public changedAt: number,
  ) {}
}

/** The queues of a namespace. */
export class MessageQueues {
  /** By key and identifier. */
  readonly table: IdTable<MessageQueueV> = new IdTable();

  /** No queues. */
  constructor(readonly limits: IpcLimits) {}

  /** msgget(2). */
  get(caller: IpcCaller, key: number, flags: number): number {
    const { msgmnb, msgmni } = this.limits;
    return this.table.get(
      caller,
      key,
      flags,
      msgmni,
      () => 0,
      (perm, id) => new MessageQueueV(perm, id, msgmnb, caller.now()),
    );
  }

  /** msgsnd(2): 0, after a wait for room; -EAGAIN in its place with IPC_NOWAIT. */
  async send(caller: IpcCaller, id: number, message: Message, flags: number): Promise<number> {
    if (message.type < 1 || message.bytes.length > this.limits.msgmax) return -EINVAL;
    const queue = this.table.find(caller, id, 2);
    if (typeof queue === "number") return queue;
    for (;;) {
      if (queue.removed) return -EIDRM;
      const { length } = message.bytes;
      if (length + queue.bytes <= queue.maxBytes && 1 + queue.messages.length <= queue.maxBytes) break;
      if ((flags & IPC_NOWAIT) !== 0) return -EAGAIN;
      const error = await caller.wait(queue.changed);
      if (error < 0) return error;
    }
    queue.messages.push(message);
    queue.bytes += message.bytes.length;
    queue.lastSender = caller.pid;
    queue.sentAt = caller.now();
    queue.changed.wake(POLLIN);
    return 0;
  }

  /** msgrcv(2): a message, after a wait for one; -ENOMSG in its place with IPC_NOWAIT. `size` is the room for its bytes. */
  async receive(
    caller: IpcCaller,
    id: number,
    size: number,
    type: number,
    flags: number,
  ): Promise<Message | number> {
    const copy = (flags & MSG_COPY) !== 0;
    if (copy && ((flags & MSG_EXCEPT) !== 0 || (flags & IPC_NOWAIT) === 0)) return -EINVAL;
    const queue = this.table.find(caller, id, 4);
    if (typeof queue === "number") return queue;
    for (;;) {
      if (queue.removed) return -EIDRM;
      const at = copy ? (type < queue.messages.length ? type : -1) : choose(queue.messages, type, flags);
      if (at >= 0) return this.#take(caller, queue, at, size, flags, copy);
      if ((flags & IPC_NOWAIT) !== 0) return -ENOMSG;
      const error = await caller.wait(queue.changed);
      if (error < 0) return error;
    }
  }

  #take(
    caller: IpcCaller,
    queue: MessageQueueV,
    at: number,
    size: number,
    flags: number,
    copy: boolean,
  ): Message | number {
    const message = queue.messages[at]!;
    if (message.bytes.length > size && (flags & MSG_NOERROR) === 0) return -E2BIG;
    if (!copy) {
      queue.messages.splice(at, 1);
      queue.bytes -= message.bytes.length;
      queue.lastReceiver = caller.pid;
      queue.receivedAt = caller.now();
      queue.changed.wake(POLLOUT);
    }
    return { type: message.type, bytes: message.bytes.subarray(0, size) };
  }

  /** msgctl(2) with IPC_STAT. */
  stat(caller: IpcCaller, id: number): MessageQueueV | number {
    return this.table.find(caller, id, 4);
  }
  /** msgctl(2) with IPC_SET. More bytes than kernel.msgmnb need CAP_SYS_RESOURCE. */
  set(caller: IpcCaller, id: number, settings: IpcSettings & { readonly maxBytes: number }): number {
    const queue = this.table.owned(caller, id);
    if (typeof queue === "number") return queue;
    if (settings.maxBytes > this.limits.msgmnb && !caller.cred.capable(CAP_SYS_RESOURCE)) return -EPERM;
    queue.maxBytes = settings.maxBytes;
    Object.assign(queue.perm, { uid: settings.uid, gid: settings.gid, mode: settings.mode & 0o777 });
    queue.changedAt = caller.now();
    queue.changed.wake(POLLIN | POLLOUT);
    return 0;
  }
  /** msgctl(2) with IPC_RMID: waiters get EIDRM. */
  remove(caller: IpcCaller, id: number): number {
    const queue = this.table.owned(caller, id);
    if (typeof queue === "number") return queue;
    this.table.remove(queue);
    queue.changed.wake(-1);
    return 0;
  }
}

/** Which message msgrcv takes; -1 for none. */
function choose(messages: readonly Message[], type: number, flags: number): number {
  if (type === 0) return messages.length > 0 ? 0 : -1;
  if (type > 0) return messages.findIndex((each) => (each.type === type) !== ((flags & MSG_EXCEPT) !== 0));
  let found = -1;
  messages.forEach((each, i) => {
    if (each.type <= -type && (found < 0 || each.type < messages[found]!.type)) found = i;
  });
  return found;
}
