/** config.json (config.md, config-linux.md): the fields that are understood. @module */

/** Resource limit of a process. */
export interface PosixRlimit {
  /** "RLIMIT_NOFILE". */
  readonly type: string;
  /** Limits; Infinity is RLIM_INFINITY. */
  readonly soft: number;
  readonly hard: number;
}

/** Capability sets, by name. */
export interface Capabilities {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly inheritable: readonly string[];
  readonly permitted: readonly string[];
  readonly ambient: readonly string[];
}

/** Who the process is. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly umask?: number;
  readonly additionalGids: readonly number[];
}

/** The container's process. */
export interface Process {
  readonly terminal: boolean;
  readonly cwd: string;
  readonly env: readonly string[];
  readonly args: readonly string[];
  readonly user: User;
  readonly capabilities?: Capabilities;
  readonly rlimits: readonly PosixRlimit[];
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj?: number;
}

/** A mount. */
export interface MountSpec {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** A device node. */
export interface DeviceSpec {
  /** c, u, b or p. */
  readonly type: string;
  readonly path: string;
  readonly major: number;
  readonly minor: number;
  readonly fileMode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Types of namespaces. */
export type NamespaceType = "pid" | "network" | "mount" | "ipc" | "uts" | "user" | "cgroup" | "time";

/** A namespace to make, or with a path to join. */
export interface NamespaceSpec {
  readonly type: NamespaceType;
  readonly path?: string;
}

/** What concerns Linux. */
export interface LinuxSpec {
  readonly namespaces: readonly NamespaceSpec[];
  readonly devices: readonly DeviceSpec[];
  readonly sysctl: Readonly<Record<string, string>>;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly rootfsPropagation?: string;
}

/** A container. */
export interface Spec {
  readonly ociVersion: string;
  readonly root?: { readonly path: string; readonly readonly: boolean };
  readonly process?: Process;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly mounts: readonly MountSpec[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly linux: LinuxSpec;
}
