/**
 * A SyscallProgram: what a config.json means, as a list of Linux system calls with their arguments. Plain data, so that it
 * can be printed, pinned by a golden test, and run by either kernel. The names and argument orders are those of man 2;
 * a structure is written as an object, a descriptor that an earlier call returned as `{ ref: "name" }`.
 * @module
 */
import type { DeviceRule, IdMapping, Seccomp } from "../spec/types.ts";

/** System calls a program may contain. */
export type SyscallName =
  | "bpf"
  | "capset"
  | "chdir"
  | "chroot"
  | "close"
  | "close_range"
  | "dup3"
  | "execve"
  | "faccessat2"
  | "fchdir"
  | "fchmodat"
  | "fchownat"
  | "fsconfig"
  | "fsetxattr"
  | "fsmount"
  | "fsopen"
  | "fspick"
  | "fstatfs"
  | "getcwd"
  | "ioprio_set"
  | "ioctl"
  | "mkdirat"
  | "mknodat"
  | "mount"
  | "mount_setattr"
  | "move_mount"
  | "newfstatat"
  | "open_tree"
  | "openat2"
  | "personality"
  | "pivot_root"
  | "prctl"
  | "prlimit64"
  | "sched_setattr"
  | "seccomp"
  | "set_mempolicy"
  | "setdomainname"
  | "setgroups"
  | "sethostname"
  | "setns"
  | "setresgid"
  | "setresuid"
  | "setsid"
  | "symlinkat"
  | "umask"
  | "umount2"
  | "unlinkat"
  | "unshare"
  | "write";

/** The value an earlier step stored with `result`. */
export interface Ref {
  /** Name of the slot. */
  readonly ref: string;
}

/** A path: /proc/PID/NAME of the init, whose process id is known only when it is there. */
export interface ChildFile {
  /** The name in /proc/PID. */
  readonly child: string;
}

/** The child's process id as the runtime sees it, in decimal. */
export interface ChildPid {
  /** Whose. */
  readonly pidOf: "child";
}

/** A BPF program of a cgroup, by what it decides: the attach of bpf(2), whose instructions are made where they are loaded. */
export interface DeviceProgram {
  /** Where it is attached. */
  readonly attach_type: "BPF_CGROUP_DEVICE";
  /** Allowed devices: the last rule that fits decides, what no rule is about is denied. */
  readonly rules: readonly DeviceRule[];
}

/** struct open_how (man 2 openat2). */
export interface OpenHow {
  /** O_* flags. */
  readonly flags: number;
  /** Mode for O_CREAT. */
  readonly mode: number;
  /** RESOLVE_* flags. */
  readonly resolve: number;
}

/** struct mount_attr (man 2 mount_setattr). */
export interface MountAttr {
  /** MOUNT_ATTR_* to set. */
  readonly attr_set: number;
  /** MOUNT_ATTR_* to clear. */
  readonly attr_clr: number;
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0. */
  readonly propagation: number;
  /** A user namespace for id maps: its descriptor (0 if none), or the maps of one that is made for it. */
  readonly userns_fd: number | Ref | IdMappings;
}

/** The maps of a user namespace. */
export interface IdMappings {
  /** User ids. */
  readonly uidMappings: readonly IdMapping[];
  /** Group ids. */
  readonly gidMappings: readonly IdMapping[];
}

/** struct rlimit64; `null` is RLIM_INFINITY. */
export interface Rlimit {
  /** Soft limit; a bigint where a number would not be exact. */
  readonly rlim_cur: number | bigint | null;
  /** Hard limit. */
  readonly rlim_max: number | bigint | null;
}

/** Capability sets for capset, as lists of capability numbers. */
export interface CapSets {
  /** Effective. */
  readonly effective: readonly number[];
  /** Permitted. */
  readonly permitted: readonly number[];
  /** Inheritable. */
  readonly inheritable: readonly number[];
}

/** struct winsize (man 2 ioctl_tty). */
export interface WindowSize {
  /** Lines. */
  readonly rows: number;
  /** Columns. */
  readonly cols: number;
  /** Pixels across. */
  readonly xpixel: number;
  /** Pixels down. */
  readonly ypixel: number;
}

/** struct sched_attr (man 2 sched_setattr). */
export interface SchedAttr {
  /** One of SCHED. */
  readonly sched_policy: number;
  /** Of SCHED_FLAG. */
  readonly sched_flags: number;
  /** Nice value. */
  readonly sched_nice: number;
  /** Static priority of real-time policies. */
  readonly sched_priority: number;
  /** Nanoseconds, of SCHED_DEADLINE. */
  readonly sched_runtime: bigint;
  /** Nanoseconds, of SCHED_DEADLINE. */
  readonly sched_deadline: bigint;
  /** Nanoseconds, of SCHED_DEADLINE. */
  readonly sched_period: bigint;
}

/** A filter of system calls, by what it decides: its instructions are made where they are loaded. */
export interface FilterProgram {
  /** The rules. */
  readonly filter: Seccomp;
}

/** What newfstatat must find: where something else is, the step fails with EEXIST. */
export interface NodeWanted {
  /** The type, S_IF*. */
  readonly st_fmt: number;
  /** The device number; it does not count for types that have none. */
  readonly st_rdev: number;
}

/** An argument: number, string (path, name, value), list (argv, groups), structure, earlier result, or NULL. */
export type Arg =
  | number
  | string
  | null
  | Ref
  | ChildFile
  | ChildPid
  | DeviceProgram
  | OpenHow
  | MountAttr
  | Rlimit
  | CapSets
  | SchedAttr
  | NodeWanted
  | FilterProgram
  | WindowSize
  | readonly string[]
  | readonly number[];

/** One system call. */
export interface CallStep {
  /** Which. */
  readonly call: SyscallName;
  /** Its arguments in man 2's order. */
  readonly args: readonly Arg[];
  /** Slot that receives the return value. */
  readonly result?: string;
  /** Errnos (positive) that count as success, e.g. EEXIST of a mkdirat. */
  readonly ok?: readonly number[];
  /** Label to continue at when it fails, in place of ending the program. "ignore" goes on with the next step. */
  readonly onError?: string;
  /** Errnos that `onError` is for: every other one ends the program. All by default. */
  readonly errors?: readonly number[];
  /** What is being done, to what: the start of the error message ("mount tmpfs on /dev"). */
  readonly what: string;
  /** Where the rule comes from ("config.md#mounts"). */
  readonly spec?: string;
}

/** A target of jumps. */
export interface LabelStep {
  /** Its name, unique in the program. */
  readonly label: string;
}

/** Continues at a label. */
export interface JumpStep {
  /** The label. */
  readonly jump: string;
}

/** Ends the program with an error of its own, e.g. after a failed PATH search. */
export interface FailStep {
  /** The errno (positive). */
  readonly fail: number;
  /** The message: what was being done, to what, why. */
  readonly what: string;
}

/**
 * A point at which both sides of the runtime meet (runtime.md#lifecycle): at `network` the host's devices move into it; at `environment`, before
 * the root changes, prestart, createRuntime and createContainer hooks run; at `terminal` the runtime takes the terminal's master; `filter` is
 * before a filter with a listener, which the runtime takes at `listener` and sends to whom it is for; `created` waits for `start`.
 */
export interface StageStep {
  /** Which point. */
  readonly stage: "network" | "environment" | "terminal" | "filter" | "listener" | "created";
  /** At `terminal` the descriptor of the master, at `listener` the listener's. It is closed afterwards. */
  readonly fd?: Ref;
}

/**
 * Copies what is below one directory into another, with owners, permissions, times and attributes: tmpcopyup of a mount. Not a system call: a
 * loop over many.
 */
export interface CopyStep {
  /** Descriptors of the two directories. */
  readonly copy: { readonly from: Ref; readonly to: Ref };
  /** What is being done: the start of the error message. */
  readonly what: string;
}

/** Any step. */
export type Step = CallStep | LabelStep | JumpStep | FailStep | StageStep | CopyStep;

/** The program of a container's init (or of an exec). */
export interface SyscallProgram {
  /** What the runtime does in a process of its own, whose child the init then is: joining namespaces. */
  readonly before?: readonly Step[];
  /** CLONE_NEW* flags the init process is made with. */
  readonly cloneFlags: number;
  /** What the runtime does once the init is there, and before that takes its first step: the maps of a user namespace. */
  readonly parent?: readonly Step[];
  /** What the init does, in order; the last call is execve. */
  readonly init: readonly Step[];
}
