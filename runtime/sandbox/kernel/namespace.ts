/** What every namespace has (man 7 namespaces). @module */
import type { UserNamespace } from "./user_namespace.ts";

/** Types by their name in /proc/PID/ns. */
export type NamespaceName = "cgroup" | "ipc" | "mnt" | "net" | "pid" | "time" | "user" | "uts";

let nextInode = 0xf0000000;

/** An identity, seen as the inode of /proc/PID/ns/TYPE, and the user namespace that owns it. */
export abstract class Namespace {
  /** Its type. */
  abstract readonly kind: NamespaceName;
  /** Inode number in nsfs. */
  readonly ino: number = nextInode++;

  /** A namespace that `owner` owns; null for the initial user namespace, which nothing owns. */
  constructor(readonly owner: UserNamespace | null) {}
}
