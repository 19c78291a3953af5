/** What every namespace has (man 7 namespaces). @module */
import type { UserNamespace } from "./user_namespace.ts";

/** Types by their name in /proc/PID/ns. */
export type NamespaceName = "cgroup" | "ipc" | "mnt" | "net" | "pid" | "time" | "user" | "uts";

let nextInode = 0xf0000000;

/** Inode numbers of a kernel's initial namespaces: they are the same on every machine (include/linux/proc_ns.h). */
export const INITIAL_INODES: Readonly<Record<NamespaceName, number>> = {
  ...{ ipc: 0xefffffff, uts: 0xeffffffe, user: 0xeffffffd, pid: 0xeffffffc },
  ...{ cgroup: 0xeffffffb, time: 0xeffffffa, net: 0xeffffff9, mnt: 0xeffffff8 },
};

/** An identity, seen as the inode of /proc/PID/ns/TYPE, and the user namespace that owns it. */
export abstract class Namespace {
  /** Its type. */
  abstract readonly kind: NamespaceName;
  /** Inode number in nsfs; an initial namespace gets another before anybody sees it. */
  ino: number = nextInode++;

  /** A namespace that `owner` owns; null for the initial user namespace, which nothing owns. */
  constructor(readonly owner: UserNamespace | null) {}
}
