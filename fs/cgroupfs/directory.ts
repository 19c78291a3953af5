/** What cgroupfs asks a kernel: control groups as directories with interface files (Linux: Documentation/admin-guide/cgroup-v2). @module */
import type { Caller } from "../vfs/vfs.ts";
import type { WaitQueue } from "../vfs/wait_queue.ts";

/** Owner and permission bits of a directory or a file; chown(2) and chmod(2) change them (delegation). */
export interface CgroupOwner {
  /** User. */
  uid: number;
  /** Group. */
  gid: number;
  /** Permission bits. */
  mode: number;
}

/** An interface file. */
export interface CgroupFile {
  /** Owner and permission bits. */
  readonly owner: CgroupOwner;
  /** Its content for a reader; absent in files that are only written. */
  read?(opener: Caller): string;
  /** Takes what was written, without white space around it. `opener` opened the file. 0 or a negative errno. */
  write?(text: string, opener: Caller): number;
  /** Told when the content has changed on its own (cgroup.events). */
  readonly changed?: WaitQueue;
  /** How often it has changed. */
  changes?(): number;
}

/** A control group. */
export interface CgroupDirectory {
  /** Its own owner and permission bits. */
  readonly owner: CgroupOwner;
  /** A group below, or undefined. */
  child(name: string): CgroupDirectory | undefined;
  /** Groups below, oldest first. */
  names(): Iterable<string>;
  /** The interface file of a name, or undefined. The same object as long as it exists. */
  file(name: string): CgroupFile | undefined;
  /** Names of the interface files. */
  fileNames(): Iterable<string>;
  /** Makes a group below. */
  mkdir(name: string, mode: number, uid: number, gid: number): CgroupDirectory | number;
  /** Removes an empty group below. */
  rmdir(name: string): number;
}
