/** The namespaces of tasks (man 7 namespaces). @module */
import type { MountNamespace } from "../../../fs/vfs/mount_namespace.ts";
import type { NetNamespace } from "../net/namespace.ts";
import { Namespace, type NamespaceName } from "./namespace.ts";
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

/** A namespace whose content is elsewhere, or which has none. */
export class PlainNamespace extends Namespace {
  /** A namespace of a type. */
  constructor(owner: UserNamespace, readonly kind: NamespaceName) {
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
  readonly ipc: Namespace;
  /** Network. */
  readonly net: NetNamespace;
  /** Cgroups. */
  readonly cgroup: Namespace;
  /** Clock offsets. */
  readonly time: TimeNamespace;
  /** Clock offsets of children, and of the task itself after execve. */
  readonly timeForChildren: TimeNamespace;
}
