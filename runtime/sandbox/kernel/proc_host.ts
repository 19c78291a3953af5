/** The kernel as procfs sees it. @module */
import { inGroup } from "../../../fs/vfs/permission.ts";
import { Dentry, type VPath } from "../../../fs/vfs/dentry.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import type { Caller } from "../../../fs/vfs/vfs.ts";
import type { ProcHost } from "../../../fs/procfs/mod.ts";
import type { Kernel } from "./kernel.ts";
import type { PidNamespace } from "./pid_namespace.ts";
import { procEntries } from "./proc_entries.ts";
import { TaskView } from "./proc_task.ts";
import { Task } from "./task.ts";

/** What uname says: a version whose system calls the kernel's are like. */
const RELEASE = "6.1.0-umiak";
const VERSION = "#1 umiak";

/** Memory figures of the host, from whoever can tell. */
export type MemoryInfo = () => { readonly total: number; readonly free: number };

/** The view of one pid namespace. */
export function procHost(kernel: Kernel, caller: Caller, memory: MemoryInfo): ProcHost {
  const namespace: PidNamespace = caller instanceof Task ? caller.pidNs : kernel.initial.pid;
  const walking = (): Task | undefined => {
    const { caller: now } = kernel.vfs.walk;
    return now instanceof Task ? now : undefined;
  };
  const reader = (): Task => walking() ?? kernel.swapper;
  const pidOf = (task: Task | null): number => task?.id.in(namespace) ?? 0;
  return {
    current: () => pidOf(walking() ?? null) || undefined,
    pids: () => [...namespace.tasks()].map(pidOf).sort((a, b) => a - b),
    isMember: (gid) => inGroup(reader().cred, gid),
    root: () => reader().root,
    task(pid) {
      const task = namespace.task(pid);
      return task === undefined ? undefined : new TaskView(task, namespace, reader());
    },
    filesystems: () => [...kernel.vfs.filesystems.values()].map((type) => [type.name, type.nodev] as const),
    uptimeMs: () => kernel.clock.monotonic() - kernel.bootedAt + reader().nsproxy.time.boottimeMs,
    bootTime: (kernel.clock.realtime() - (kernel.clock.monotonic() - kernel.bootedAt)) / 1000,
    memory,
    cpus: 1,
    release: RELEASE,
    version: VERSION,
    entries: procEntries(reader),
    lastPid: () => namespace.lastPid,
    placeOf: (file) => anonymousPlace(kernel, file),
    uuid: () => crypto.randomUUID(),
  };
}

/** A place for a file without a path: a mount of its own, in no namespace. */
function anonymousPlace(kernel: Kernel, file: OpenFile): VPath {
  const dentry = new Dentry(file.inode.sb, `anon:[${file.inode.ino}]`, null, file.inode);
  return { mount: kernel.vfs.newMount(file.inode.sb, { root: dentry }), dentry };
}
