/** Putting new credentials in place (Linux's commit_creds). @module */
import type { Credentials } from "./credentials.ts";
import { userChanged } from "./process_limit.ts";
import type { Task } from "./task.ts";
import type { UserNamespace } from "./user_namespace.ts";

/** Fewer capabilities in the same user namespace, or any in one below that its own user made: that user had them all there before. */
function gainsNothing(old: Credentials, next: Credentials): boolean {
  if (old.userNs === next.userNs) return old.holdsAllOf(next);
  for (let at: UserNamespace | null = next.userNs; at !== null; at = at.parent) {
    if (at.parent === old.userNs && at.ownerUid === old.fields.euid) return true;
  }
  return false;
}

/**
 * Gives a task its new credentials. One that becomes somebody else, or gains capabilities, may not be looked at by its like any more
 * and hears nothing of its parent's death (PR_SET_DUMPABLE, PR_SET_PDEATHSIG of prctl(2)).
 */
export function commitCredentials(task: Task, next: Credentials): void {
  const old = task.cred;
  const before = old.fields, after = next.fields;
  const other = before.euid !== after.euid || before.egid !== after.egid ||
    before.fsuid !== after.fsuid || before.fsgid !== after.fsgid;
  if (other || !gainsNothing(old, next)) {
    task.dumpable = false;
    task.parentDeathSignal = 0;
  }
  task.cred = next;
  if (before.uid !== after.uid) userChanged(task);
}

/** The same for an execve, after which a process may be looked at again, unless it was somebody else in effect, or becomes it (PR_SET_DUMPABLE). */
export function commitExecCredentials(task: Task, next: Credentials): void {
  const { uid, euid, gid, egid } = task.cred.fields;
  task.dumpable = uid === euid && gid === egid;
  commitCredentials(task, next);
}
