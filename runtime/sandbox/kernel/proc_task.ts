/** One task as /proc/PID shows it to a reader. @module */
import { EACCES, EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import type { VPath } from "../../../fs/vfs/dentry.ts";
import type { MountNamespace } from "../../../fs/vfs/mount_namespace.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import type { ProcControl, ProcTask } from "../../../fs/procfs/mod.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import { netFiles } from "../net/proc/tables.ts";
import { guestMemory } from "./cgroup_host.ts";
import { commOf } from "./comm.ts";
import type { Namespace } from "./namespace.ts";
import type { PidNamespace } from "./pid_namespace.ts";
import type { Pid } from "./pid.ts";
import { mayInspect } from "./ptrace_access.ts";
import type { Task } from "./task.ts";

const CAP_SYS_RESOURCE = 24;

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

/** See the module's comment. What is read is the task as it is now; `reader` is who was walking when the view was made. */
export class TaskView implements ProcTask {
  /** See ProcTask. */
  readonly pid: number;

  /** `task`, seen in a pid namespace by `reader`. */
  constructor(readonly task: Task, readonly namespace: PidNamespace, readonly reader: Task) {
    this.pid = task.id.in(namespace);
  }

  #seen(id: Pid | undefined): number {
    return id?.in(this.namespace) ?? 0;
  }
  /** Numbers of an id in the procfs's namespace and those below, to the task's own. */
  #numbers(id: Pid): readonly number[] {
    const own = id.numbers.slice(this.namespace.level);
    return own.length > 0 && this.#seen(id) !== 0 ? own : [0];
  }
  #user(id: number): number {
    return this.reader.cred.userNs.uids.shown(id);
  }
  #groupId(id: number): number {
    return this.reader.cred.userNs.gids.shown(id);
  }

  /** See ProcTask. */
  get ppid(): number {
    return this.#seen(this.task.parent?.id);
  }
  /** See ProcTask. */
  get pgid(): number {
    return this.#seen(this.task.group.pid);
  }
  /** See ProcTask. */
  get sid(): number {
    return this.#seen(this.task.group.session.pid);
  }
  /** See ProcTask. */
  get tty(): number {
    return this.task.group.session.tty?.device ?? 0;
  }
  /** See ProcTask. */
  get foreground(): number {
    const { tty } = this.task.group.session;
    return tty === null ? -1 : this.#seen(tty.foreground?.pid) || -1;
  }
  /** See ProcTask. */
  get nsPids(): readonly number[] {
    return this.#numbers(this.task.id);
  }
  /** See ProcTask. */
  get nsPgids(): readonly number[] {
    return this.#numbers(this.task.group.pid);
  }
  /** See ProcTask. */
  get nsSids(): readonly number[] {
    return this.#numbers(this.task.group.session.pid);
  }
  /** See ProcTask. */
  get comm(): string {
    return this.task.comm;
  }
  /** See ProcTask. */
  get state(): string {
    const { task } = this;
    return task.isZombie ? "Z" : task.stopped ? "T" : task.isWaiting && task !== this.reader ? "S" : "R";
  }
  /** See ProcTask. */
  get argv(): readonly string[] {
    return this.task.isZombie ? [] : this.task.argv;
  }
  /** See ProcTask. */
  get envp(): readonly string[] {
    return this.task.isZombie ? [] : this.task.envp;
  }
  /** See ProcTask. */
  get exe(): VPath | null {
    return this.task.isZombie ? null : this.task.exe;
  }
  /** See ProcTask. */
  get root(): VPath {
    return this.task.root;
  }
  /** See ProcTask. */
  get cwd(): VPath {
    return this.task.cwd;
  }
  /** See ProcTask. */
  get mountNs(): MountNamespace {
    return this.task.mountNs;
  }
  /** See ProcTask. */
  get umask(): number {
    return this.task.umask;
  }
  /** See ProcTask. */
  get uids(): ProcTask["uids"] {
    const { uid, euid, suid, fsuid } = this.task.cred.fields;
    return [this.#user(uid), this.#user(euid), this.#user(suid), this.#user(fsuid)];
  }
  /** See ProcTask. */
  get gids(): ProcTask["gids"] {
    const { gid, egid, sgid, fsgid } = this.task.cred.fields;
    return [this.#groupId(gid), this.#groupId(egid), this.#groupId(sgid), this.#groupId(fsgid)];
  }
  /** See ProcTask. */
  get groups(): readonly number[] {
    return this.task.cred.groups.map((gid) => this.#groupId(gid));
  }
  /** See ProcTask. */
  get owner(): ProcTask["owner"] {
    const { euid, egid } = this.task.cred.fields;
    if (this.task.dumpable) return [euid, egid];
    const { userNs, rootUid } = this.task.cred;
    return [Math.max(0, rootUid), Math.max(0, userNs.gids.toKernel(0))];
  }
  /** See ProcTask. */
  get user(): ProcTask["owner"] {
    const { euid, egid } = this.task.cred.fields;
    return [euid, egid];
  }
  /** See ProcTask. */
  mayInspect(): boolean {
    return mayInspect(this.reader, this.task);
  }
  /** See ProcTask. */
  get capabilities(): ProcTask["capabilities"] {
    const f = this.task.cred.fields;
    return {
      CapInh: f.inheritable.toString(),
      CapPrm: f.permitted.toString(),
      CapEff: f.effective.toString(),
      CapBnd: f.bounding.toString(),
      CapAmb: f.ambient.toString(),
    };
  }
  /** See ProcTask. */
  get noNewPrivs(): boolean {
    return this.task.cred.fields.noNewPrivs;
  }
  /** See ProcTask. */
  get seccomp(): ProcTask["seccomp"] {
    return this.task.seccomp;
  }
  /** See ProcTask. */
  get signals(): ProcTask["signals"] {
    const { signals, rlimits } = this.task;
    return {
      queued: signals.queued,
      limit: rlimits.get(RLIMIT.RLIMIT_SIGPENDING)!.soft,
      pending: signals.pending().toString(),
      blocked: signals.blocked.toString(),
      ignored: signals.ignored().toString(),
      caught: signals.caught().toString(),
    };
  }
  /** See ProcTask. */
  get memory(): number {
    return guestMemory.get(this.task)?.() ?? 0;
  }
  /** See ProcTask. */
  get exitSignal(): number {
    return this.task.exitSignal;
  }
  /** See ProcTask. */
  get exitCode(): number {
    return this.mayInspect() ? this.task.exitStatus ?? 0 : 0;
  }
  /** See ProcTask. */
  get scheduling(): ProcTask["scheduling"] {
    return this.task.scheduling;
  }
  /** See ProcTask. */
  get personality(): number {
    return this.task.scheduling.personality;
  }
  /** See ProcTask. */
  get oomScoreAdj(): number {
    return this.task.oomScoreAdj;
  }
  /** See ProcTask. */
  get cpuMs(): number {
    return this.task.cpuTime();
  }
  /** See ProcTask. */
  get childrenCpuMs(): number {
    return this.task.childrenCpu;
  }
  /** See ProcTask. */
  get startMs(): number {
    const { task } = this;
    return task.startedAt - task.kernel.bootedAt + this.reader.nsproxy.time.boottimeMs;
  }
  /** See ProcTask. */
  get startedAt(): number {
    return this.task.startedAt;
  }
  /** See ProcTask. */
  get net(): ProcTask["net"] {
    return netFiles(this.task.nsproxy.net);
  }
  /** See ProcTask. */
  get namespaces(): ProcTask["namespaces"] {
    const { task } = this;
    const ns = task.nsproxy;
    const file = (namespace: Namespace): ProcTask["namespaces"][string] => ({
      text: `${namespace.kind}:[${namespace.ino}]`,
      place: () => task.kernel.nsfs.place(namespace),
    });
    return {
      cgroup: file(ns.cgroup),
      ipc: file(ns.ipc),
      mnt: file(ns.mnt),
      net: file(ns.net),
      pid: file(task.pidNs),
      pid_for_children: file(ns.pid),
      time: file(ns.time),
      time_for_children: file(ns.timeForChildren),
      user: file(task.cred.userNs),
      uts: file(ns.uts),
    };
  }
  /** See ProcTask. */
  cgroup(): string {
    return this.task.kernel.cgroups.describe(this.task, this.reader.nsproxy.cgroup.top);
  }
  /** See ProcTask. */
  get limits(): ProcTask["limits"] {
    return LIMITS.map(([name, resource, unit]) => {
      const { soft, hard } = this.task.rlimits.get(resource)!;
      return [name, soft, hard, unit] as const;
    });
  }
  /** See ProcTask. */
  get children(): readonly number[] {
    return [...this.task.children].map((child) => this.#seen(child.id)).filter((pid) => pid !== 0);
  }
  /** See ProcTask. */
  fds(): readonly number[] {
    return this.task.isZombie ? [] : this.task.files.list();
  }
  /** See ProcTask. */
  file(fd: number): OpenFile | undefined {
    return this.task.isZombie ? undefined : this.task.files.get(fd)?.file;
  }
  /** See ProcTask. */
  closesOnExec(fd: number): boolean {
    return this.task.files.get(fd)?.cloexec ?? false;
  }

  /** See ProcTask. */
  control(name: string): ProcControl {
    const { task, reader } = this;
    const { cred } = reader;
    const userNs = task.cred.userNs;
    const map = (which: "uids" | "gids"): ProcControl => ({
      read: () => userNs.showMap(which, cred.userNs),
      write: (text) => userNs.writeMap(which, text, cred, cred),
    });
    switch (name) {
      case "uid_map":
        return map("uids");
      case "gid_map":
        return map("gids");
      case "setgroups":
        return {
          read: () => userNs.setgroupsAllowed ? "allow\n" : "deny\n",
          write: (text) => userNs.writeSetgroups(text, cred),
        };
      case "timens_offsets":
        return {
          read: () => task.nsproxy.timeForChildren.showOffsets(),
          write: (text) => {
            const { clock } = task.kernel;
            return task.nsproxy.timeForChildren.writeOffsets(text, cred, clock.monotonic());
          },
        };
      case "comm":
        return {
          read: () => `${task.comm}\n`,
          write(text) {
            if (reader !== task) return -EINVAL; // threads of the same process only
            task.comm = commOf(text);
            return 0;
          },
        };
      case "oom_score_adj":
        return { read: () => `${task.oomScoreAdj}\n`, write: (text) => setOomScoreAdj(task, reader, text) };
    }
    return { read: () => "", write: () => -EPERM };
  }
}

/** From -1000 to 1000; below what a privileged process has set only with CAP_SYS_RESOURCE (man 5 proc_pid_oom_score_adj). */
function setOomScoreAdj(task: Task, writer: Task, text: string): number {
  const word = text.trim();
  const value = Number(word);
  if (!/^-?\d+$/.test(word) || value < -1000 || value > 1000) return -EINVAL;
  const privileged = writer.cred.globallyCapable(CAP_SYS_RESOURCE);
  if (value < task.oomScoreAdjMin && !privileged) return -EACCES;
  task.oomScoreAdj = value;
  if (privileged) task.oomScoreAdjMin = value;
  return 0;
}
