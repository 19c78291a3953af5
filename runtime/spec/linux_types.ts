/** What concerns Linux (config-linux.md). @module */
import type { Resources } from "./resource_types.ts";
import type { Seccomp } from "./seccomp_types.ts";

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

/** A range of ids (man 7 user_namespaces). */
export interface IdMapping {
  /** First id in the container. */
  readonly containerID: number;
  /** First id on the host. */
  readonly hostID: number;
  /** How many. */
  readonly size: number;
}

/** Clocks of a time namespace. */
export type OffsetClock = "monotonic" | "boottime";

/** What is added to a clock (man 7 time_namespaces). */
export interface TimeOffset {
  /** Seconds. */
  readonly secs: bigint;
  /** Nanoseconds, less than a second. */
  readonly nanosecs: number;
}

/** A network device of the host that moves into the container. */
export interface NetDevice {
  /** Its name on the host. */
  readonly hostName: string;
  /** Its name in the container; one that ends in "%d" is a template. */
  readonly name: string;
}

/** Intel Resource Director Technology. */
export interface IntelRdt {
  /** Class of service; without one the container's own. "/" is the default class. */
  readonly closID?: string;
  /** Lines for the schemata file, written last. */
  readonly schemata: readonly string[];
  /** Schema of the L3 cache, written first. */
  readonly l3CacheSchema?: string;
  /** Schema of the memory bandwidth, written after the L3 cache's. */
  readonly memBwSchema?: string;
  /** A monitoring group for the container. */
  readonly enableMonitoring: boolean;
}

/** NUMA memory policy (man 2 set_mempolicy). */
export interface MemoryPolicy {
  /** "MPOL_BIND". */
  readonly mode: string;
  /** Nodes as a list ("0-3,7"); "" for none. */
  readonly nodes: string;
  /** "MPOL_F_STATIC_NODES". */
  readonly flags: readonly string[];
}

/** Execution domain (man 2 personality). */
export type PersonalityDomain = "LINUX" | "LINUX32";

/** What concerns Linux. */
export interface LinuxSpec {
  /** Namespaces. */
  readonly namespaces: readonly NamespaceSpec[];
  /** User ids of the user namespace. */
  readonly uidMappings?: readonly IdMapping[];
  /** Group ids of the user namespace. */
  readonly gidMappings?: readonly IdMapping[];
  /** Offsets of the time namespace's clocks. */
  readonly timeOffsets?: Readonly<Partial<Record<OffsetClock, TimeOffset>>>;
  /** Device nodes beside the default ones. */
  readonly devices: readonly DeviceSpec[];
  /** Network devices that move into the container. */
  readonly netDevices?: readonly NetDevice[];
  /** Where the container's cgroup is: absolute from the hierarchy's root, or relative to the runtime's own place. */
  readonly cgroupsPath?: string;
  /** Limits. */
  readonly resources?: Resources;
  /** Kernel parameters by name (`net.core.somaxconn`). */
  readonly sysctl: Readonly<Record<string, string>>;
  /** Filter of system calls. */
  readonly seccomp?: Seccomp;
  /** Paths that cannot be read. */
  readonly maskedPaths: readonly string[];
  /** Paths that cannot be written. */
  readonly readonlyPaths: readonly string[];
  /** Propagation of the root mount. */
  readonly rootfsPropagation?: string;
  /** SELinux context of mounts. */
  readonly mountLabel?: string;
  /** Cache and memory bandwidth. */
  readonly intelRdt?: IntelRdt;
  /** NUMA memory policy. */
  readonly memoryPolicy?: MemoryPolicy;
  /** Execution domain; no flags exist. */
  readonly personality?: { readonly domain: PersonalityDomain };
}
