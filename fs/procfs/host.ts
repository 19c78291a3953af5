/** What procfs asks a kernel. @module */
import type { VPath } from "../vfs/dentry.ts";
import type { MountNamespace } from "../vfs/mount_namespace.ts";
import type { OpenFile } from "../vfs/open_file.ts";

/** A task, as /proc/PID shows it. */
export interface ProcTask {
  /** Process id in the namespace of the procfs, and the parent's (0 if it is outside). */
  readonly pid: number;
  readonly ppid: number;
  /** Name. */
  readonly comm: string;
  /** R, S, T or Z (man 5 proc_pid_stat). */
  readonly state: string;
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  readonly exe: VPath | null;
  readonly root: VPath;
  readonly cwd: VPath;
  readonly mountNs: MountNamespace;
  readonly umask: number;
  /** Real, effective, saved and filesystem ids. */
  readonly uids: readonly [number, number, number, number];
  readonly gids: readonly [number, number, number, number];
  readonly groups: readonly number[];
  /** Capability sets by their name in /proc/PID/status, as 16 hexadecimal digits. */
  readonly capabilities: Readonly<Record<"CapInh" | "CapPrm" | "CapEff" | "CapBnd" | "CapAmb", string>>;
  readonly noNewPrivs: boolean;
  /** Milliseconds of CPU, and milliseconds from boot to start. */
  readonly cpuMs: number;
  readonly startMs: number;
  /** Namespaces: type to inode number. */
  readonly namespaces: Readonly<Record<string, number>>;
  /** Limits by the name in /proc/PID/limits: soft, hard (Infinity: unlimited), unit. */
  readonly limits: readonly (readonly [name: string, soft: number, hard: number, unit: string])[];
  /** Open descriptors, ascending. */
  fds(): readonly number[];
  /** The file of a descriptor. */
  file(fd: number): OpenFile | undefined;
}

/** A kernel, seen from one pid namespace. */
export interface ProcHost {
  /** Process id of whoever is walking a path now; undefined if it is not in the namespace. */
  current(): number | undefined;
  /** Process ids, ascending. */
  pids(): readonly number[];
  /** A task. */
  task(pid: number): ProcTask | undefined;
  /** Names of filesystem types, and whether they need a device. */
  filesystems(): readonly (readonly [name: string, nodev: boolean])[];
  /** Milliseconds since the boot. */
  uptimeMs(): number;
  /** Seconds since 1970 at the boot. */
  readonly bootTime: number;
  /** Memory in bytes: all there is, and what is free. */
  memory(): { readonly total: number; readonly free: number };
  /** Processors shown. */
  readonly cpus: number;
  /** Release as uname -r, and version as uname -v. */
  readonly release: string;
  readonly version: string;
  /** Names of the UTS namespace of whoever is walking. */
  hostname(): string;
  domainname(): string;
  /** Sets the host name (by whoever is walking): 0 or a negative errno. */
  setHostname(name: string): number;
  setDomainname(name: string): number;
  /** The last process id given. */
  lastPid(): number;
  /** A place for a file that has no path (a pipe, a socket, a host's stream). */
  placeOf(file: OpenFile): VPath;
  /** A random UUID. */
  uuid(): string;
}
