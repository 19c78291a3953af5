/** The kernel as procfs sees it. @module */
import { Dentry, type VPath } from "../../../fs/vfs/dentry.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import type { Caller } from "../../../fs/vfs/vfs.ts";
import type { ProcHost, ProcTask } from "../../../fs/procfs/mod.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import type { Kernel } from "./kernel.ts";
import type { PidNamespace } from "./pid_namespace.ts";
import { procEntries } from "./proc_entries.ts";
import { Task } from "./task.ts";

/** What uname says: a version whose system calls the kernel's are like. */
const RELEASE = "6.1.0-umiak";
const VERSION = "#1 umiak";

const LIMITS: readonly (readonly [name: string, resource: number, unit: string])[] = [
  ["Max cpu time", RLIMIT.RLIMIT_CPU, "seconds"],
  ["Max file size", RLIMIT.RLIMIT_FSIZE, "bytes"],
  ["Max data size", RLIMIT.RLIMIT_DATA, "bytes"],
  ["Max stack size", RLIMIT.RLIMIT_STACK, "bytes"],
  ["Max core file size", RLIMIT.RLIMIT_CORE, "bytes"],
  ["Max resident set", RLIMIT.RLIMIT_RSS, "bytes"],
  ["Max processes", RLIMIT.RLIMIT_NPROC, "processes"],
  ["Max open files", RLIMIT.RLIMIT_NOFILE, "files"],
  ["Max locked memory", RLIMIT.RLIMIT_MEMLOCK, "bytes"],
  ["Max address space", RLIMIT.RLIMIT_AS, "bytes"],
  ["Max file locks", RLIMIT.RLIMIT_LOCKS, "locks"],
  ["Max pending signals", RLIMIT.RLIMIT_SIGPENDING, "signals"],
  ["Max msgqueue size", RLIMIT.RLIMIT_MSGQUEUE, "bytes"],
  ["Max nice priority", RLIMIT.RLIMIT_NICE, ""],
  ["Max realtime priority", RLIMIT.RLIMIT_RTPRIO, ""],
  ["Max realtime timeout", RLIMIT.RLIMIT_RTTIME, "us"],
];

function namespaceInodes(task: Task): Record<string, number> {
  const ns = task.nsproxy;
  return {
    cgroup: ns.cgroup.ino,
    ipc: ns.ipc.ino,
    mnt: ns.mnt.ino,
    net: ns.net.ino,
    pid: task.pidNs.ino,
    time: ns.time.ino,
    user: task.cred.userNs.ino,
    uts: ns.uts.ino,
  };
}

function describe(task: Task, pid: number, ppid: number, reader: () => Task): ProcTask {
  const f = task.cred.fields;
  return {
    pid,
    ppid,
    comm: task.comm,
    state: task.isZombie ? "Z" : task.stopped ? "T" : "R",
    argv: task.argv,
    envp: task.envp,
    exe: task.exe,
    root: task.root,
    cwd: task.cwd,
    mountNs: task.mountNs,
    umask: task.umask,
    uids: [f.uid, f.euid, f.suid, f.fsuid],
    gids: [f.gid, f.egid, f.sgid, f.fsgid],
    groups: f.groups,
    capabilities: {
      CapInh: f.inheritable.toString(),
      CapPrm: f.permitted.toString(),
      CapEff: f.effective.toString(),
      CapBnd: f.bounding.toString(),
      CapAmb: f.ambient.toString(),
    },
    noNewPrivs: f.noNewPrivs,
    cpuMs: task.cpuTime(),
    startMs: task.startedAt - task.kernel.bootedAt,
    namespaces: namespaceInodes(task),
    cgroup: () => task.kernel.cgroups.describe(task, reader().nsproxy.cgroup.top),
    limits: LIMITS.map(([name, resource, unit]) => {
      const { soft, hard } = task.rlimits.get(resource)!;
      return [name, soft, hard, unit] as const;
    }),
    fds: () => task.files.list(),
    file: (fd) => task.files.get(fd)?.file,
  };
}

/** Memory figures of the host, from whoever can tell. */
export type MemoryInfo = () => { readonly total: number; readonly free: number };

/** The view of one pid namespace. */
export function procHost(kernel: Kernel, caller: Caller, memory: MemoryInfo): ProcHost {
  const namespace: PidNamespace = caller instanceof Task ? caller.pidNs : kernel.initial.pid;
  const walking = (): Task | undefined => {
    const { caller: now } = kernel.vfs.walk;
    return now instanceof Task ? now : undefined;
  };
  const pidOf = (task: Task | null): number => task?.id.in(namespace) ?? 0;
  return {
    current: () => pidOf(walking() ?? null) || undefined,
    pids: () => [...namespace.tasks()].map(pidOf).sort((a, b) => a - b),
    task(pid) {
      const task = namespace.task(pid);
      return task === undefined
        ? undefined
        : describe(task, pid, pidOf(task.parent), () => walking() ?? kernel.swapper);
    },
    filesystems: () => [...kernel.vfs.filesystems.values()].map((type) => [type.name, type.nodev] as const),
    uptimeMs: () => kernel.clock.monotonic() - kernel.bootedAt,
    bootTime: (kernel.clock.realtime() - (kernel.clock.monotonic() - kernel.bootedAt)) / 1000,
    memory,
    cpus: 1,
    release: RELEASE,
    version: VERSION,
    entries: procEntries(() => walking() ?? kernel.swapper),
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
