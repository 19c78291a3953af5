/** What a container's program does to its cgroup beside writing files. @module */
import { EBADF, EINVAL, EPERM } from "../../../../fs/abi/errno.ts";
import { groupOf } from "../../../../fs/cgroupfs/mod.ts";
import { CAP_SYS_ADMIN } from "../../../../fs/vfs/cred.ts";
import { Cgroup } from "../cgroup/group.ts";
import type { Syscall } from "./file.ts";

/** bpf(2): attach a program. */
const BPF_PROG_ATTACH = 8;

/** By name. */
export const cgroupCalls = {
  /** bpf(2) with BPF_PROG_ATTACH of a program for the devices of a cgroup. Further ones are all asked: here they replace each other. */
  bpf(task, a) {
    if (!task.cred.globallyCapable(CAP_SYS_ADMIN)) return -EPERM;
    if (a.number(0) !== BPF_PROG_ATTACH) return -EINVAL;
    const file = task.files.get(a.number(1))?.file;
    if (file === undefined) return -EBADF;
    const group = groupOf(file.inode);
    if (!(group instanceof Cgroup)) return -EINVAL;
    group.deviceRules = a.deviceProgram(2).rules;
    return 0;
  },
} satisfies Record<string, Syscall>;
