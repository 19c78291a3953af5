/** What control groups ask the kernel about processes. @module */
import type { Caller } from "../../../../fs/vfs/vfs.ts";

/** A process, as control groups know it: by identity only. */
export type Member = object;

/** The kernel. */
export interface CgroupHost {
  /** A process's id as `reader` sees it; 0 if its pid namespace does not show it. */
  pidOf(member: Member, reader: Caller): number;
  /** The process with an id as `reader` sees it; 0 is the reader's own. undefined if there is none. */
  find(pid: number, reader: Caller): Member | undefined;
  /** Sends SIGKILL. */
  kill(member: Member): void;
  /** Stops a process where it stands, or lets it go on (cgroup.freeze). */
  freeze(member: Member, frozen: boolean): void;
  /** Microseconds of CPU it has used. */
  cpuTime(member: Member): number;
  /** Bytes of memory it has: what its guest's memories hold. */
  memory(member: Member): number;
}
