/** config.json (config.md, config-linux.md): the fields that are understood. @module */

/** Resource limit of a process. */
export interface PosixRlimit {
  /** "RLIMIT_NOFILE". */
  readonly type: string;
  /** The limit that is enforced; Infinity is RLIM_INFINITY. */
  readonly soft: number;
  /** How far the process may raise it; Infinity is RLIM_INFINITY. */
  readonly hard: number;
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

/** The container's process. */
export interface Process {
  /** It has a terminal. */
  readonly terminal: boolean;
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
}

/** A mount. */
export interface MountSpec {
  /** Where, in the container; absolute. */
  readonly destination: string;
  /** Filesystem type. */
  readonly type: string;
  /** Device, host path or name. */
  readonly source: string;
  /** Options as fstab(5) has them. */
  readonly options: readonly string[];
}

/** A device node. */
export interface DeviceSpec {
  /** c, u, b or p. */
  readonly type: string;
  /** Path in the container. */
  readonly path: string;
  /** Major number. */
  readonly major: number;
  /** Minor number. */
  readonly minor: number;
  /** Permission bits. */
  readonly fileMode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
}

/** Types of namespaces. */
export type NamespaceType = "pid" | "network" | "mount" | "ipc" | "uts" | "user" | "cgroup" | "time";

/** A namespace to make, or with a path to join. */
export interface NamespaceSpec {
  /** Which. */
  readonly type: NamespaceType;
  /** File of the namespace to join; without it a new one is made. */
  readonly path?: string;
}

/** What concerns Linux. */
export interface LinuxSpec {
  /** Namespaces. */
  readonly namespaces: readonly NamespaceSpec[];
  /** Device nodes beside the default ones. */
  readonly devices: readonly DeviceSpec[];
  /** Kernel parameters by name (`net.core.somaxconn`). */
  readonly sysctl: Readonly<Record<string, string>>;
  /** Paths that cannot be read. */
  readonly maskedPaths: readonly string[];
  /** Paths that cannot be written. */
  readonly readonlyPaths: readonly string[];
  /** Propagation of the root mount. */
  readonly rootfsPropagation?: string;
}

/** A container. */
export interface Spec {
  /** Version of the specification. */
  readonly ociVersion: string;
  /** The root filesystem: its directory, and whether it is read-only. */
  readonly root?: { readonly path: string; readonly readonly: boolean };
  /** The process; a container that is only created needs none. */
  readonly process?: Process;
  /** Host name. */
  readonly hostname?: string;
  /** NIS domain name. */
  readonly domainname?: string;
  /** Mounts, in order. */
  readonly mounts: readonly MountSpec[];
  /** Annotations. */
  readonly annotations: Readonly<Record<string, string>>;
  /** What concerns Linux; empty if the file has no such part. */
  readonly linux: LinuxSpec;
}
