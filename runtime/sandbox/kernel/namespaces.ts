/** Namespaces of tasks (man 7 namespaces). @module */
import type { MountNamespace } from "../../../fs/vfs/mount_namespace.ts";
import type { Task } from "./task.ts";

let nextInode = 0xf0000000;

/** What every namespace has: an identity, seen as the inode of /proc/PID/ns/TYPE. */
export class Namespace {
  /** Inode number in nsfs. */
  readonly ino: number = nextInode++;
}

/** Host and domain name (man 7 uts_namespaces). */
export class UtsNamespace extends Namespace {
  /** A namespace with these names. */
  constructor(public hostname: string, public domainname: string) {
    super();
  }
}

/** Process ids (man 7 pid_namespaces). A task has an id in its own namespace and in every one above. */
export class PidNamespace extends Namespace {
  /** Tasks by their id here. */
  readonly tasks: Map<number, Task> = new Map();
  #last = 0;

  /** A namespace below `parent`, or the initial one. */
  constructor(readonly parent: PidNamespace | null) {
    super();
  }

  /** Gives a task the next free id. */
  allocate(task: Task): number {
    do this.#last = this.#last >= PID_MAX ? RESERVED_PIDS : this.#last + 1; while (
      this.tasks.has(this.#last)
    );
    this.tasks.set(this.#last, task);
    return this.#last;
  }

  /** The id given last: the fifth field of /proc/loadavg. */
  get lastPid(): number {
    return this.#last;
  }
}

/** Highest process id plus one (/proc/sys/kernel/pid_max). */
export const PID_MAX = 4194304;
const RESERVED_PIDS = 300;

/** The namespaces of a task, as Linux's nsproxy. Immutable: unshare makes a new one. */
export interface NsProxy {
  /** Mounts. */
  readonly mnt: MountNamespace;
  /** Identity of the mount namespace. */
  readonly mntId: Namespace;
  /** Host name. */
  readonly uts: UtsNamespace;
  /** Process ids. */
  readonly pid: PidNamespace;
  /** System V IPC and POSIX message queues. */
  readonly ipc: Namespace;
  /** Network. */
  readonly net: Namespace;
  /** User ids. */
  readonly user: Namespace;
  /** Cgroups. */
  readonly cgroup: Namespace;
  /** Clock offsets. */
  readonly time: Namespace;
}
