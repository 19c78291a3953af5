/** The namespaces of tasks (man 7 namespaces). @module */
import type { MountNamespace } from "../../../fs/vfs/mount_namespace.ts";
import type { NetNamespace } from "../net/namespace.ts";
import type { Vfs } from "../../../fs/vfs/vfs.ts";
import type { Cgroup } from "./cgroup/group.ts";
import { IpcObjects } from "./ipc/ipc_objects.ts";
import { Namespace } from "./namespace.ts";
import type { PidNamespace } from "./pid_namespace.ts";
import type { TimeNamespace } from "./time_namespace.ts";
import type { UserNamespace } from "./user_namespace.ts";
import type { UtsNamespace } from "./uts_namespace.ts";

/** Mounts (man 7 mount_namespaces). */
export class MntNamespace extends Namespace {
  /** See Namespace. */
  readonly kind = "mnt";
  /** Tasks that are in it. */
  users = 0;

  /** A namespace around a tree of mounts. */
  constructor(owner: UserNamespace, readonly tree: MountNamespace) {
    super(owner);
  }
}

/** System V IPC and POSIX message queues (man 7 ipc_namespaces). */
export class IpcNamespace extends Namespace {
  /** See Namespace. */
  readonly kind = "ipc";
  /** What is in it. */
  readonly objects: IpcObjects;

  /** An empty namespace. */
  constructor(owner: UserNamespace, vfs: Vfs) {
    super(owner);
    this.objects = new IpcObjects(vfs);
  }
}

/** Control groups from one down (man 7 cgroup_namespaces). */
export class CgroupNamespace extends Namespace {
  /** See Namespace. */
  readonly kind = "cgroup";

  /** A namespace whose root is `top`. */
  constructor(owner: UserNamespace, readonly top: Cgroup) {
    super(owner);
  }
}

/** The namespaces of a task but the user namespace, which is part of its credentials (Linux's nsproxy). Immutable: unshare makes a new one. */
export interface NsProxy {
  /** Mounts. */
  readonly mnt: MntNamespace;
  /** Host name. */
  readonly uts: UtsNamespace;
  /** Process ids of children: the task's own namespace is that of its Pid. */
  readonly pid: PidNamespace;
  /** System V IPC and POSIX message queues. */
  readonly ipc: IpcNamespace;
  /** Network. */
  readonly net: NetNamespace;
  /** Cgroups. */
  readonly cgroup: CgroupNamespace;
  /** Clock offsets. */
  readonly time: TimeNamespace;
  /** Clock offsets of children, and of the task itself after execve. */
  readonly timeForChildren: TimeNamespace;
}
