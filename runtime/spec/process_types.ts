/** The process of a container (config.md#process). @module */

/** Resource limit of a process. */
export interface PosixRlimit {
  /** "RLIMIT_NOFILE". */
  readonly type: string;
  /** The limit that is enforced; 2^64 - 1 is RLIM_INFINITY. */
  readonly soft: bigint;
  /** How far the process may raise it; 2^64 - 1 is RLIM_INFINITY. */
  readonly hard: bigint;
}

/** Capability sets, by name. */
export interface Capabilities {
  /** What exec can give at most. */
  readonly bounding: readonly string[];
  /** What the kernel checks. */
  readonly effective: readonly string[];
  /** What files with inheritable capabilities may give. */
  readonly inheritable: readonly string[];
  /** What the process may make effective. */
  readonly permitted: readonly string[];
  /** What an exec without privileges keeps. */
  readonly ambient: readonly string[];
}

/** Who the process is. */
export interface User {
  /** User id in the container. */
  readonly uid: number;
  /** Group id in the container. */
  readonly gid: number;
  /** File mode creation mask; without one the runtime's (0022). */
  readonly umask?: number;
  /** Further groups. */
  readonly additionalGids: readonly number[];
}

/** Size of a terminal in characters. */
export interface ConsoleSize {
  /** Lines. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/** How a process is scheduled (man 2 sched_setattr). */
export interface Scheduler {
  /** "SCHED_FIFO". */
  readonly policy: string;
  /** Nice value; 0 if not set. */
  readonly nice: number;
  /** Static priority of real-time policies; 0 if not set. */
  readonly priority: number;
  /** "SCHED_FLAG_RESET_ON_FORK". */
  readonly flags: readonly string[];
  /** Of SCHED_DEADLINE: nanoseconds it may run in each period. */
  readonly runtime: bigint;
  /** Of SCHED_DEADLINE: nanoseconds until it must have run. */
  readonly deadline: bigint;
  /** Of SCHED_DEADLINE: the period in nanoseconds. */
  readonly period: bigint;
}

/** Priority of the process group's I/O (man 2 ioprio_set). */
export interface IoPriority {
  /** "IOPRIO_CLASS_BE". */
  readonly class: string;
  /** 0 (highest) to 7. */
  readonly priority: number;
}

/** CPUs of a process that exec starts, as lists ("0-3,7"). */
export interface ExecCpuAffinity {
  /** Before it moves into the container's cgroup. */
  readonly initial?: string;
  /** Afterwards. */
  readonly final?: string;
}

/** The container's process, or one that exec starts. */
export interface Process {
  /** It has a terminal. */
  readonly terminal: boolean;
  /** Size of the terminal; only if there is one. */
  readonly consoleSize?: ConsoleSize;
  /** Working directory, absolute. */
  readonly cwd: string;
  /** `NAME=value`. */
  readonly env: readonly string[];
  /** Program and arguments. */
  readonly args: readonly string[];
  /** Its ids. */
  readonly user: User;
  /** Its capabilities; without them it has none. */
  readonly capabilities?: Capabilities;
  /** Resource limits. */
  readonly rlimits: readonly PosixRlimit[];
  /** No exec gives more privileges (man 2 PR_SET_NO_NEW_PRIVS). */
  readonly noNewPrivileges: boolean;
  /** oom_score_adj, -1000 to 1000. */
  readonly oomScoreAdj?: number;
  /** AppArmor profile. */
  readonly apparmorProfile?: string;
  /** SELinux label. */
  readonly selinuxLabel?: string;
  /** Scheduling. */
  readonly scheduler?: Scheduler;
  /** Priority of its I/O. */
  readonly ioPriority?: IoPriority;
  /** CPUs; only of processes that exec starts. */
  readonly execCPUAffinity?: ExecCpuAffinity;
}
