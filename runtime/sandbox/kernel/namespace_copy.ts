/** New namespaces for clone(2) and unshare(2). @module */
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import type { Mount, VPath } from "../../../fs/vfs/dentry.ts";
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUTS,
} from "../../abi/linux/clone.ts";
import { NetNamespace } from "../net/namespace.ts";
import type { Credentials } from "./credentials.ts";
import type { FsContext } from "./fs_context.ts";
import { CgroupNamespace, IpcNamespace, MntNamespace, type NsProxy } from "./namespaces.ts";
import { PidNamespace } from "./pid_namespace.ts";
import type { Task } from "./task.ts";
import { TimeNamespace } from "./time_namespace.ts";
import { UtsNamespace } from "./uts_namespace.ts";

const CAP_SYS_ADMIN = 21;

/** Every flag that makes a namespace but CLONE_NEWUSER. */
export const NAMESPACE_FLAGS: number = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |
  CLONE_NEWNET |
  CLONE_NEWCGROUP | CLONE_NEWTIME;

/**
 * The namespaces of `old`, with new ones as `flags` say, owned by the user namespace of `cred`. `fs`, which nobody else uses, moves to the
 * copies of the mounts it stands on; `task` makes the call. -EPERM without CAP_SYS_ADMIN in that user namespace, -ENOSPC for pid namespaces that nest too deep.
 */
export function copyNamespaces(
  old: NsProxy,
  flags: number,
  cred: Credentials,
  fs: FsContext,
  task: Task,
): NsProxy | number {
  if ((flags & NAMESPACE_FLAGS) === 0) return old;
  const owner = cred.userNs;
  const { kernel: { vfs, cgroups } } = task;
  const cgroup = cgroups.of(task);
  if (!cred.capable(CAP_SYS_ADMIN)) return -EPERM;
  // "CLONE_NEWPID … after setns or unshare with it": the caller must be in the namespace of its children.
  if ((flags & CLONE_NEWPID) !== 0 && old.pid !== task.pidNs) return -EINVAL;
  const pid = (flags & CLONE_NEWPID) !== 0 ? PidNamespace.below(old.pid, owner) : old.pid;
  if (typeof pid === "number") return pid;
  return {
    mnt: (flags & CLONE_NEWNS) !== 0 ? copyMounts(old.mnt, cred, fs) : old.mnt,
    uts: (flags & CLONE_NEWUTS) !== 0
      ? new UtsNamespace(owner, old.uts.hostname, old.uts.domainname)
      : old.uts,
    pid,
    ipc: (flags & CLONE_NEWIPC) !== 0 ? new IpcNamespace(owner, vfs) : old.ipc,
    net: (flags & CLONE_NEWNET) !== 0 ? NetNamespace.withLoopback(owner) : old.net,
    cgroup: (flags & CLONE_NEWCGROUP) !== 0 ? new CgroupNamespace(owner, cgroup) : old.cgroup,
    time: old.time,
    timeForChildren: (flags & CLONE_NEWTIME) !== 0 ? new TimeNamespace(owner, old.time) : old.timeForChildren,
  };
}

function copyMounts(old: MntNamespace, cred: Credentials, fs: FsContext): MntNamespace {
  const { namespace, mapping } = old.tree.clone(cred.userNs);
  fs.root = moved(fs.root, mapping);
  fs.cwd = moved(fs.cwd, mapping);
  return new MntNamespace(cred.userNs, namespace);
}

function moved(place: VPath, mapping: ReadonlyMap<Mount, Mount>): VPath {
  return { mount: mapping.get(place.mount) ?? place.mount, dentry: place.dentry };
}
