/** Who uses IPC objects. @module */
import type { FsCred } from "../../../../fs/vfs/cred.ts";
import { inGroup } from "../../../../fs/vfs/permission.ts";
import type { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";

/** A process that makes a call. */
export interface IpcCaller {
  /** Its effective user and group (fsuid and fsgid follow them), groups and capabilities. */
  readonly cred: FsCred;
  /** Its process id, as objects note it. */
  readonly pid: number;
  /** Identity, for SEM_UNDO. */
  readonly identity: object;
  /** Seconds since 1970. */
  now(): number;
  /** Waits until the queue is told, a signal comes (-EINTR) or the deadline passes (-ETIMEDOUT; monotonic milliseconds). */
  wait(queue: WaitQueue, deadline?: number): Promise<number>;
}

/** Bypass permission checks of System V IPC objects. */
const CAP_IPC_OWNER = 15;

/** Owner, creator and permission bits (struct ipc_perm). */
export interface IpcPermissions {
  /** Key; 0 is IPC_PRIVATE. */
  readonly key: number;
  /** Owner. */
  uid: number;
  /** Group. */
  gid: number;
  /** Creator. */
  readonly cuid: number;
  /** Creator's group. */
  readonly cgid: number;
  /** Permission bits. */
  mode: number;
}

/** May the caller read (4) or alter (2) an object? (man 7 sysvipc, "Permissions") */
export function mayAccess(caller: IpcCaller, perm: IpcPermissions, want: number): boolean {
  const { cred } = caller;
  const shift = cred.fsuid === perm.uid || cred.fsuid === perm.cuid
    ? 6
    : inGroup(cred, perm.gid) || inGroup(cred, perm.cgid)
    ? 3
    : 0;
  return ((perm.mode >>> shift) & want) === want || cred.capable(CAP_IPC_OWNER);
}
