/** What an IPC namespace holds (man 7 ipc_namespaces): System V objects, POSIX queues, and their limits. @module */
import type { Vfs } from "../../../../fs/vfs/vfs.ts";
import type { IpcPermissions } from "./caller.ts";
import { IpcLimits } from "./limits.ts";
import { MessageQueues } from "./message_queues.ts";
import { PosixQueues } from "./posix_queues.ts";
import { Semaphores } from "./semaphores.ts";

const octal = (mode: number): string => mode.toString(8);
const column = (value: string | number, width: number): string => String(value).padStart(width);

function row(perm: IpcPermissions, id: number): string {
  return `${column(perm.key | 0, 10)} ${column(id, 10)}  ${octal(perm.mode).padStart(4)} `;
}
const owners = ({ uid, gid, cuid, cgid }: IpcPermissions): string =>
  [uid, gid, cuid, cgid].map((id) => column(id, 5)).join(" ");

/** See the module's comment. */
export class IpcObjects {
  /** Limits, which /proc/sys changes. */
  readonly limits: IpcLimits = new IpcLimits();
  /** System V message queues. */
  readonly messages: MessageQueues = new MessageQueues(this.limits);
  /** System V semaphores. */
  readonly semaphores: Semaphores = new Semaphores(this.limits);
  #queues: PosixQueues | null = null;

  /** Nothing yet. */
  constructor(readonly vfs: Vfs) {}

  /** POSIX message queues; made when they are first asked for. */
  get queues(): PosixQueues {
    return this.#queues ??= new PosixQueues(this.limits, this.vfs);
  }

  /** /proc/sysvipc/msg. */
  describeMessages(): string {
    return "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n" +
      this.messages.table.all().map((queue) =>
        `${row(queue.perm, queue.id)} ${column(queue.bytes, 10)} ${column(queue.messages.length, 10)} ` +
        `${column(queue.lastSender, 5)} ${column(queue.lastReceiver, 5)} ${owners(queue.perm)} ` +
        `${column(queue.sentAt, 10)} ${column(queue.receivedAt, 10)} ${column(queue.changedAt, 10)}\n`
      ).join("");
  }
  /** /proc/sysvipc/sem. */
  describeSemaphores(): string {
    return "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n" +
      this.semaphores.table.all().map((set) =>
        `${row(set.perm, set.id)} ${column(set.semaphores.length, 10)} ${owners(set.perm)} ` +
        `${column(set.operatedAt, 10)} ${column(set.changedAt, 10)}\n`
      ).join("");
  }
  /** /proc/sysvipc/shm: guests cannot map memory, so there are no segments. */
  describeSharedMemory(): string {
    return "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n";
  }
}
