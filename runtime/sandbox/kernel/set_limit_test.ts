import assert from "node:assert/strict";
import { EFBIG, EINTR, EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import { O_APPEND, O_CREAT, O_RDWR } from "../../../fs/abi/open.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { openAt, parsePath, type PathName } from "../../../fs/vfs/mod.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { type KernelClock, PortableClock } from "./clock.ts";
import type { Credentials } from "./credentials.ts";
import { fileSizeRoom, mayExtend } from "./file_size_limit.ts";
import { Kernel } from "./kernel.ts";
import { setresgid, setresuid } from "./set_ids.ts";
import { getLimit, setLimit } from "./set_limit.ts";
import { DEFAULT_ACTION, SIG_IGN } from "./sigaction.ts";
import type { Task } from "./task.ts";
import { child } from "./testing.ts";

const { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE } = RLIMIT;

function user(task: Task, uid: number): Task {
  task.cred = setresgid(task.cred, uid, uid, uid) as Credentials;
  task.cred = setresuid(task.cred, uid, uid, uid) as Credentials;
  return task;
}

Deno.test("prlimit(2): the soft limit up to the hard, the hard one down; up with CAP_SYS_RESOURCE", () => {
  const root = new Kernel().spawn();
  const task = user(child(root), 1000);
  assert.equal(setLimit(task, task, 99, { soft: 1, hard: 1 }), -EINVAL);
  assert.equal(setLimit(task, task, RLIMIT_FSIZE, { soft: 2, hard: 1 }), -EINVAL);
  assert.equal(setLimit(task, task, RLIMIT_FSIZE, { soft: 5, hard: 10 }), 0);
  assert.equal(setLimit(task, task, RLIMIT_FSIZE, { soft: 10, hard: 10 }), 0);
  assert.equal(setLimit(task, task, RLIMIT_FSIZE, { soft: 10, hard: 11 }), -EPERM);
  assert.equal(setLimit(root, task, RLIMIT_FSIZE, { soft: 10, hard: 11 }), 0);
  assert.deepEqual(getLimit(task, task, RLIMIT_FSIZE), { soft: 10, hard: 11 });
  assert.equal(setLimit(root, root, RLIMIT_NOFILE, { soft: 5, hard: 2 ** 21 }), -EPERM, "above fs.nr_open");
});

Deno.test("prlimit(2): another process's only with all of its ids, or CAP_SYS_RESOURCE", () => {
  const root = new Kernel().spawn();
  const task = user(child(root), 1000);
  assert.ok(typeof getLimit(user(child(root), 1000), task, RLIMIT_FSIZE) !== "number");
  assert.equal(getLimit(user(child(root), 1001), task, RLIMIT_FSIZE), -EPERM);
});

Deno.test("RLIMIT_NOFILE takes effect at once, and children have it", () => {
  const task = child();
  assert.equal(setLimit(task, task, RLIMIT_NOFILE, { soft: 7, hard: 7 }), 0);
  assert.equal(child(task).files.limit, 7);
});

function fileOf(task: Task, flags: number, size: number): OpenFile {
  const file = openAt(task, null, parsePath("/f") as PathName, O_RDWR | O_CREAT | flags, 0o600) as OpenFile;
  file.write(new Uint8Array(size), 0, size);
  return file;
}

Deno.test("RLIMIT_FSIZE: writes up to the limit are short, beyond it SIGXFSZ, and EFBIG if that is ignored", () => {
  const task = child();
  setLimit(task, task, RLIMIT_FSIZE, { soft: 10, hard: 10 });
  const file = fileOf(task, 0, 4);
  assert.equal(fileSizeRoom(task, file, -1), 6);
  assert.equal(fileSizeRoom(task, file, 9), 1);
  task.signals.setAction(SIGNAL.SIGXFSZ, { ...DEFAULT_ACTION, handler: SIG_IGN });
  assert.equal(fileSizeRoom(task, file, 10), -EFBIG);
  assert.equal(mayExtend(task, file, 10), 0);
  assert.equal(mayExtend(task, file, 11), -EFBIG);
  assert.equal(fileSizeRoom(task, fileOf(task, O_APPEND, 2), 0), 4, "O_APPEND writes at the end");
  const heir = child(task);
  heir.signals.setAction(SIGNAL.SIGXFSZ, DEFAULT_ACTION);
  assert.equal(fileSizeRoom(heir, file, 10), -EFBIG);
  assert.equal(heir.exitStatus, SIGNAL.SIGXFSZ);
});

Deno.test("RLIMIT_CPU: SIGXCPU at the soft limit and each second after, SIGKILL at the hard", async () => {
  let now = 0;
  class Clock extends PortableClock {
    override monotonic(): number {
      return now;
    }
  }
  const clock: KernelClock = new Clock();
  const task = child(new Kernel({ clock }).spawn());
  task.driven = true;
  task.signals.setAction(SIGNAL.SIGXCPU, { ...DEFAULT_ACTION, handler: 100 });
  setLimit(task, task, RLIMIT_CPU, { soft: 1, hard: 3 });
  assert.equal(child(task).rlimits.cpuMs, 1000);
  const at = async (ms: number): Promise<number | undefined> => {
    now = ms;
    await task.waitFor([], 0, 0);
    return task.signals.take()?.info.signal;
  };
  assert.equal(await at(900), undefined);
  assert.equal(await at(1000), SIGNAL.SIGXCPU);
  task.signals.setMask(task.signals.blocked.without(task.signals.blocked));
  assert.equal(await at(1900), undefined);
  assert.equal(await at(2000), SIGNAL.SIGXCPU);
  task.signals.setMask(task.signals.blocked.without(task.signals.blocked));
  now = 3000;
  assert.equal(await task.waitFor([], 0, 0), -EINTR);
  assert.equal(task.exitStatus, SIGNAL.SIGKILL);
});
