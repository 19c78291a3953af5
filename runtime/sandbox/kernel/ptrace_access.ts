/** Who may look into a process (man 2 ptrace, "Ptrace access mode checking"). @module */
import type { Task } from "./task.ts";

const CAP_SYS_PTRACE = 19;

/**
 * PTRACE_MODE_READ_FSCREDS, which /proc/PID's links, descriptors and environment ask for: oneself; else the same ids and a target that is
 * dumpable and has no capability that the reader lacks, or CAP_SYS_PTRACE in the target's user namespace.
 */
export function mayInspect(reader: Task, target: Task): boolean {
  if (reader === target) return true;
  const { cred } = reader, to = target.cred;
  if (cred.nsCapable(to.userNs, CAP_SYS_PTRACE)) return true;
  const same = [to.fields.uid, to.fields.euid, to.fields.suid].every((id) => id === cred.fsuid) &&
    [to.fields.gid, to.fields.egid, to.fields.sgid].every((id) => id === cred.fsgid);
  return same && target.dumpable && cred.userNs === to.userNs &&
    to.fields.permitted.within(cred.fields.effective);
}
