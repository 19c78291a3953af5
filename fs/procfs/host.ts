/** What procfs asks a kernel. @module */
import type { VPath } from "../vfs/dentry.ts";
import type { MountNamespace } from "../vfs/mount_namespace.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import type { BoundContent, BoundFileOptions } from "../pseudo/mod.ts";

/** A task, as /proc/PID shows it. */
export interface ProcTask {
  /** Process id in the namespace of the procfs. */
  readonly pid: number;
  /** The parent's process id; 0 if that is outside of the namespace. */
  readonly ppid: number;
  /** Process group. */
  readonly pgid: number;
  /** Session. */
  readonly sid: number;
  /** Device number of the controlling terminal; 0 for none. */
  readonly tty: number;
  /** The terminal's foreground process group; -1 for none. */
  readonly foreground: number;
  /** Its ids in the namespace of the procfs and in those below, to its own. */
  readonly nsPids: readonly number[];
  /** The same of its process group. */
  readonly nsPgids: readonly number[];
  /** The same of its session. */
  readonly nsSids: readonly number[];
  /** Name. */
  readonly comm: string;
  /** R, S, T or Z (man 5 proc_pid_stat). */
  readonly state: string;
  /** Arguments. */
  readonly argv: readonly string[];
  /** Environment it began with. */
  readonly envp: readonly string[];
  /** Its program; null for a kernel's own task. */
  readonly exe: VPath | null;
  /** Root directory. */
  readonly root: VPath;
  /** Working directory. */
  readonly cwd: VPath;
  /** Mount namespace. */
  readonly mountNs: MountNamespace;
  /** File mode creation mask. */
  readonly umask: number;
  /** Real, effective, saved and filesystem user ids. */
  readonly uids: readonly [number, number, number, number];
  /** Real, effective, saved and filesystem group ids. */
  readonly gids: readonly [number, number, number, number];
  /** Further groups. */
  readonly groups: readonly number[];
  /** Owner and group of its files in /proc, in the kernel's ids. */
  readonly owner: readonly [uid: number, gid: number];
  /** Its effective ids, the kernel's. */
  readonly user: readonly [uid: number, gid: number];
  /** May whoever is walking look into it (man 2 ptrace, PTRACE_MODE_READ_FSCREDS)? */
  mayInspect(): boolean;
  /** Capability sets by their name in /proc/PID/status, as 16 hexadecimal digits. */
  readonly capabilities: Readonly<Record<"CapInh" | "CapPrm" | "CapEff" | "CapBnd" | "CapAmb", string>>;
  /** No exec gives more privileges. */
  readonly noNewPrivs: boolean;
  /** Seccomp mode (0 off, 1 strict, 2 filter) and number of filters. */
  readonly seccomp: { readonly mode: number; readonly filters: number };
  /** Signals: how many are pending of how many, and sets as 16 hexadecimal digits. */
  readonly signals: Readonly<
    Record<"queued" | "limit", number> & Record<"pending" | "blocked" | "ignored" | "caught", string>
  >;
  /** Bytes of memory. */
  readonly memory: number;
  /** Signal for its parent at its end. */
  readonly exitSignal: number;
  /** Wait status, for those who may inspect it. */
  readonly exitCode: number;
  /** Scheduling policy and nice value. */
  readonly scheduling: { readonly policy: number; readonly nice: number };
  /** Execution domain and its flags. */
  readonly personality: number;
  /** Preference of the OOM killer, -1000 to 1000. */
  readonly oomScoreAdj: number;
  /** Milliseconds of CPU. */
  readonly cpuMs: number;
  /** Milliseconds of CPU of children that were waited for. */
  readonly childrenCpuMs: number;
  /** Milliseconds from boot to its start, by the clock of whoever is walking. */
  readonly startMs: number;
  /** When it started: tells it from another task with its id. */
  readonly startedAt: number;
  /** Files of its namespaces, by their name in /proc/PID/ns. */
  readonly namespaces: Readonly<Record<string, { readonly text: string; place(): VPath }>>;
  /** Files of its network namespace, by their name in /proc/PID/net. */
  readonly net: Readonly<Record<string, () => string>>;
  /** Process ids of its children. */
  readonly children: readonly number[];
  /** The lines of /proc/PID/cgroup, for whoever is walking. */
  cgroup(): string;
  /** Limits by the name in /proc/PID/limits: soft, hard (Infinity: unlimited), unit. */
  readonly limits: readonly (readonly [name: string, soft: number, hard: number, unit: string])[];
  /** Open descriptors, ascending. */
  fds(): readonly number[];
  /** The file of a descriptor. */
  file(fd: number): OpenFile | undefined;
  /** Is a descriptor closed by execve? */
  closesOnExec(fd: number): boolean;
  /** What is behind a file that can be written, for whoever is opening it: comm, uid_map, gid_map, setgroups, timens_offsets, oom_score_adj. */
  control(name: string): ProcControl;
}

/** What is behind a file that can be written. */
export type ProcControl = BoundContent;

/** A file whose content is that of the opener's namespaces. */
export interface ProcEntry extends BoundFileOptions {
  /** Path below /proc. */
  readonly path: string;
}

/** A kernel, seen from one pid namespace. */
export interface ProcHost {
  /** Process id of whoever is walking a path now; undefined if it is not in the namespace. */
  current(): number | undefined;
  /** Is whoever is walking a member of a group (the kernel's id)? */
  isMember(gid: number): boolean;
  /** Root directory of whoever is walking. */
  root(): VPath;
  /** Process ids, ascending. */
  pids(): readonly number[];
  /** A task. */
  task(pid: number): ProcTask | undefined;
  /** Names of filesystem types, and whether they need a device. */
  filesystems(): readonly (readonly [name: string, nodev: boolean])[];
  /** Milliseconds since the boot, by the clock of whoever is walking. */
  uptimeMs(): number;
  /** Seconds since 1970 at the boot. */
  readonly bootTime: number;
  /** Memory in bytes: all there is, and what is free. */
  memory(): { readonly total: number; readonly free: number };
  /** Processors shown. */
  readonly cpus: number;
  /** Release, as uname -r. */
  readonly release: string;
  /** Version, as uname -v. */
  readonly version: string;
  /** Files below /proc whose content depends on the namespaces of whoever opens them: parameters, /proc/sysvipc. */
  readonly entries: readonly ProcEntry[];
  /** The last process id given. */
  lastPid(): number;
  /** A place for a file that has no path (a pipe, a socket, a host's stream). */
  placeOf(file: OpenFile): VPath;
  /** A random UUID. */
  uuid(): string;
}
