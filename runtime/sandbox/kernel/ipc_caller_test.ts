/** Ipc namespaces of tasks, and what a task's end takes back (man 7 ipc_namespaces, man 2 semop). @module */
import assert from "node:assert/strict";
import { EINTR, EINVAL, ENOENT } from "../../../fs/abi/errno.ts";
import { Files } from "../../../fs/testing/files.ts";
import { ProcfsSuper } from "../../../fs/mod.ts";
import { CLONE_NEWIPC } from "../../abi/linux/clone.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { IPC_CREAT, SEM_UNDO } from "./ipc/mod.ts";
import { ipcCaller } from "./ipc_caller.ts";
import { Kernel } from "./kernel.ts";
import { setns, unshare } from "./namespace_join.ts";
import { procHost } from "./proc_host.ts";
import type { Task } from "./task.ts";
import { child } from "./testing.ts";

const KEY = 0x5eed;

/** The set of two semaphores that a task's namespace has under KEY, with the first at `value`. */
function semaphores(task: Task, value: number): number {
  const { objects } = task.nsproxy.ipc;
  const id = objects.semaphores.get(ipcCaller(task), KEY, 2, IPC_CREAT | 0o600);
  assert.equal(objects.semaphores.setValues(ipcCaller(task), id, 0, [value, 0]), 0);
  return id;
}

const operate = (task: Task, id: number, ...changes: number[]): Promise<number> =>
  task.nsproxy.ipc.objects.semaphores.operate(
    ipcCaller(task),
    id,
    changes.map((change, index) => ({ index, change, flags: SEM_UNDO })).filter(({ change }) => change !== 0),
  );

/** Values of a set, and who has changed the first last. */
function look(task: Task, id: number): [number[], number] {
  const set = task.nsproxy.ipc.objects.semaphores.stat(ipcCaller(task), id);
  assert.ok(typeof set === "object");
  return [set.semaphores.map(({ value }) => value), set.semaphores[0]!.pid];
}

Deno.test("semop(2): what was done with SEM_UNDO is taken back when the process exits, and when it is killed; it wakes who waits", async () => {
  const ends: ((task: Task) => void)[] = [(task) => task.exit(0), (task) => task.raise(SIGNAL.SIGKILL)];
  for (const end of ends) {
    const root = new Kernel().spawn(), id = semaphores(root, 1);
    const holder = child(root), waiter = child(root);
    assert.equal(await operate(holder, id, -1, 2), 0);
    const waits = operate(waiter, id, -1);
    assert.deepEqual(look(root, id), [[0, 2], holder.pid]);
    end(holder);
    assert.equal(await waits, 0, "it has been given back");
    assert.deepEqual(look(root, id), [[0, 0], waiter.pid]);
  }
});

Deno.test("semop(2): a task that waits when it is killed has changed nothing", async () => {
  const root = new Kernel().spawn(), id = semaphores(root, 0), waiter = child(root);
  const waits = operate(waiter, id, -1, 5);
  waiter.driven = true; // whoever runs it is told when its call is over
  waiter.raise(SIGNAL.SIGKILL);
  assert.equal(await waits, -EINTR);
  waiter.exit(waiter.exitStatus!);
  assert.deepEqual(look(root, id)[0], [0, 0]);
});

Deno.test("unshare(2) of the ipc namespace, and setns(2) into another, take SEM_UNDO back (CLONE_SYSVSEM)", async () => {
  const root = new Kernel().spawn(), id = semaphores(root, 3);
  const leaver = child(root), joiner = child(root), other = child(root, { flags: CLONE_NEWIPC });
  for (const task of [leaver, joiner]) assert.equal(await operate(task, id, -1), 0);
  assert.equal(look(root, id)[0][0], 1);
  assert.equal(unshare(leaver, CLONE_NEWIPC), 0);
  assert.equal(look(root, id)[0][0], 2);
  assert.equal(setns(joiner, other.nsproxy.ipc, CLONE_NEWIPC), 0);
  assert.equal(look(root, id)[0][0], 3);
  assert.equal(setns(joiner, other.nsproxy.ipc, CLONE_NEWIPC), 0);
});

Deno.test("ipc_namespaces(7): objects are those of the namespace, by key, by id, in /proc/sysvipc, and as message queues", () => {
  const kernel = new Kernel(), root = kernel.spawn();
  kernel.mountHost(
    "/proc",
    new ProcfsSuper({ host: procHost(kernel, kernel.swapper, () => ({ total: 1, free: 1 })) }),
    "proc",
  );
  const inside = child(root, { flags: CLONE_NEWIPC }), together = child(inside);
  const id = semaphores(inside, 4);
  assert.deepEqual(look(together, id)[0], [4, 0]);
  const { semaphores: outer, queues } = root.nsproxy.ipc.objects;
  assert.equal(outer.get(ipcCaller(root), KEY, 2, 0), -ENOENT);
  assert.equal(outer.stat(ipcCaller(root), id), -EINVAL);
  const rows = (task: Task): number =>
    new Files(task).text("/proc/sysvipc/sem").trimEnd().split("\n").length - 1;
  assert.deepEqual([rows(root), rows(inside), rows(together)], [0, 1, 1]);
  assert.notEqual(queues.sb, inside.nsproxy.ipc.objects.queues.sb);
  assert.equal(together.nsproxy.ipc.objects.queues.sb, inside.nsproxy.ipc.objects.queues.sb);
});
