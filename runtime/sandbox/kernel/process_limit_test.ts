import assert from "node:assert/strict";
import { EAGAIN } from "../../../fs/abi/errno.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import { commitCredentials } from "./commit_cred.ts";
import type { Credentials } from "./credentials.ts";
import { Kernel } from "./kernel.ts";
import { mayExecute, mayFork } from "./process_limit.ts";
import { setresuid } from "./set_ids.ts";
import type { Task } from "./task.ts";
import { child } from "./testing.ts";

function become(task: Task, uid: number): Task {
  commitCredentials(task, setresuid(task.cred, uid, uid, uid) as Credentials);
  return task;
}

Deno.test("RLIMIT_NPROC counts the processes of the real user id: EAGAIN for the next one", () => {
  const root = new Kernel().spawn();
  root.rlimits.set(RLIMIT.RLIMIT_NPROC, { soft: 2, hard: 2 }, false);
  const first = become(child(root), 1000), second = become(child(root), 1000);
  assert.deepEqual([mayFork(first), mayFork(root), mayFork(become(child(root), 1001))], [-EAGAIN, 0, 0]);
  second.exit(0);
  assert.equal(mayFork(first), -EAGAIN, "a zombie still counts");
});

Deno.test("execve(2), EAGAIN: a process that has become a user with too many processes, as long as there are", () => {
  const root = new Kernel().spawn();
  root.rlimits.set(RLIMIT.RLIMIT_NPROC, { soft: 1, hard: 1 }, false);
  const first = become(child(root), 1000);
  const second = become(child(root), 1000);
  assert.deepEqual([mayExecute(first), mayExecute(second)], [0, -EAGAIN]);
  become(first, 1000);
  root.kernel.swapper.children.add(first);
  first.parent = root.kernel.swapper;
  first.exit(0);
  assert.equal(mayExecute(second), 0);
});
