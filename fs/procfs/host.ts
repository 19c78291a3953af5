/** What procfs asks a kernel. @module */
import type { VPath } from "../vfs/dentry.ts";
import type { MountNamespace } from "../vfs/mount_namespace.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import type { BoundFileOptions } from "../pseudo/mod.ts";

/** A task, as /proc/PID shows it. */
export interface ProcTask {
  /** Process id in the namespace of the procfs. */
  readonly pid: number;
  /** The parent's process id; 0 if that is outside of the namespace. */
  readonly ppid: number;
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
  /** Capability sets by their name in /proc/PID/status, as 16 hexadecimal digits. */
  readonly capabilities: Readonly<Record<"CapInh" | "CapPrm" | "CapEff" | "CapBnd" | "CapAmb", string>>;
  /** No exec gives more privileges. */
  readonly noNewPrivs: boolean;
  /** Milliseconds of CPU. */
  readonly cpuMs: number;
  /** Milliseconds from boot to its start. */
  readonly startMs: number;
  /** Namespaces: type to inode number. */
  readonly namespaces: Readonly<Record<string, number>>;
  /** The lines of /proc/PID/cgroup, for whoever is walking. */
  cgroup(): string;
  /** Limits by the name in /proc/PID/limits: soft, hard (Infinity: unlimited), unit. */
  readonly limits: readonly (readonly [name: string, soft: number, hard: number, unit: string])[];
  /** Open descriptors, ascending. */
  fds(): readonly number[];
  /** The file of a descriptor. */
  file(fd: number): OpenFile | undefined;
}

/** A file whose content is that of the opener's namespaces. */
export interface ProcEntry extends BoundFileOptions {
  /** Path below /proc. */
  readonly path: string;
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
