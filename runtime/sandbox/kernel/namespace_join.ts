/** Changing namespaces: unshare(2) and setns(2). @module */
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import {
  CLONE_FILES,
  CLONE_FS,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VM,
} from "../../abi/linux/clone.ts";
import { commitCredentials } from "./commit_cred.ts";
import type { Namespace, NamespaceName } from "./namespace.ts";
import { copyNamespaces, NAMESPACE_FLAGS } from "./namespace_copy.ts";
import { MntNamespace, type NsProxy } from "./namespaces.ts";
import { PidNamespace } from "./pid_namespace.ts";
import type { Task } from "./task.ts";
import { isChrooted } from "./task_clone.ts";
import { TimeNamespace } from "./time_namespace.ts";
import { UserNamespace } from "./user_namespace.ts";

const CAP_SYS_CHROOT = 18, CAP_SYS_ADMIN = 21;

/** Flags by the type of the namespace. */
export const NAMESPACE_FLAG: Readonly<Record<NamespaceName, number>> = {
  cgroup: CLONE_NEWCGROUP,
  ipc: CLONE_NEWIPC,
  mnt: CLONE_NEWNS,
  net: CLONE_NEWNET,
  pid: CLONE_NEWPID,
  time: CLONE_NEWTIME,
  user: CLONE_NEWUSER,
  uts: CLONE_NEWUTS,
};

/** What a task of one thread may leave unshared without an effect. */
const SINGLE_THREAD = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;

/** unshare(2). */
export function unshare(task: Task, flags: number): number {
  if ((flags & ~(NAMESPACE_FLAGS | CLONE_NEWUSER | CLONE_FS | CLONE_FILES | SINGLE_THREAD)) !== 0) {
    return -EINVAL;
  }
  let { cred } = task;
  if ((flags & CLONE_NEWUSER) !== 0) {
    if (isChrooted(task)) return -EPERM;
    const userNs = UserNamespace.create(cred);
    if (typeof userNs === "number") return userNs;
    cred = cred.entering(userNs);
  }
  // A user or mount namespace of one's own needs a root and working directory of one's own (unshare(2)).
  const ownFs = (flags & (CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER)) !== 0;
  const fs = ownFs ? task.fs.copy() : task.fs;
  const next = copyNamespaces(task.nsproxy, flags & NAMESPACE_FLAGS, cred, fs, task);
  if (typeof next === "number") return next;
  if (ownFs) {
    task.fs.release();
    task.fs = fs;
  }
  if ((flags & CLONE_FILES) !== 0) task.files = task.files.unshare();
  task.switchNamespaces(next);
  if (cred !== task.cred) commitCredentials(task, cred);
  return 0;
}

/** May the task enter: CAP_SYS_ADMIN in its own user namespace and in the one that owns the target (setns(2)). */
function mayEnter(task: Task, namespace: Namespace): boolean {
  return task.cred.nsCapable(namespace.owner!, CAP_SYS_ADMIN) && task.cred.capable(CAP_SYS_ADMIN);
}

/** setns(2): `flags` is 0 or the type that the namespace must have. */
export function setns(task: Task, namespace: Namespace, flags: number): number {
  if (flags !== 0 && flags !== NAMESPACE_FLAG[namespace.kind]) return -EINVAL;
  if (namespace instanceof UserNamespace) return enterUser(task, namespace);
  if (!mayEnter(task, namespace)) return -EPERM;
  if (namespace instanceof MntNamespace) return enterMounts(task, namespace);
  if (namespace instanceof PidNamespace) {
    // "A process can only change to its own namespace or one that is below it" (setns(2)): its children will be there.
    return namespace.isWithin(task.pidNs) ? change(task, { pid: namespace }) : -EINVAL;
  }
  if (namespace instanceof TimeNamespace) {
    namespace.frozen = true;
    return change(task, { time: namespace, timeForChildren: namespace });
  }
  return change(task, { [namespace.kind]: namespace });
}

function change(task: Task, fields: Partial<NsProxy>): number {
  task.switchNamespaces({ ...task.nsproxy, ...fields });
  return 0;
}

/** Not the own one again, not with a shared root and working directory; CAP_SYS_ADMIN in the target (setns(2)). */
function enterUser(task: Task, namespace: UserNamespace): number {
  if (namespace === task.cred.userNs || task.fs.users > 1) return -EINVAL;
  if (!task.cred.nsCapable(namespace, CAP_SYS_ADMIN)) return -EPERM;
  commitCredentials(task, task.cred.entering(namespace));
  return 0;
}

/** Root and working directory become the namespace's root. */
function enterMounts(task: Task, namespace: MntNamespace): number {
  if (!task.cred.capable(CAP_SYS_CHROOT)) return -EPERM;
  if (task.fs.users > 1) return -EINVAL;
  change(task, { mnt: namespace });
  task.root = task.cwd = namespace.tree.rootPath;
  return 0;
}
