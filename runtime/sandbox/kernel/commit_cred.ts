/** Putting new credentials in place (Linux's commit_creds). @module */
import type { Credentials } from "./credentials.ts";
import type { Task } from "./task.ts";

/**
 * Gives a task its new credentials. One that becomes somebody else, or gains capabilities, may not be looked at by its like any more
 * and hears nothing of its parent's death (PR_SET_DUMPABLE, PR_SET_PDEATHSIG of prctl(2)).
 */
export function commitCredentials(task: Task, next: Credentials): void {
  const old = task.cred;
  const before = old.fields, after = next.fields;
  const other = before.euid !== after.euid || before.egid !== after.egid ||
    before.fsuid !== after.fsuid || before.fsgid !== after.fsgid;
  if (other || next.userNs !== old.userNs || !old.holdsAllOf(next)) {
    task.dumpable = false;
    task.parentDeathSignal = 0;
  }
  task.cred = next;
}
