/** Arguments of a program's calls, typed: a wrong type is a mistake of whoever made the program, so it throws. @module */
import { parsePath, type PathName } from "../../../../fs/vfs/path_name.ts";
import { EBADF, EFAULT, ENOENT } from "../../../../fs/abi/errno.ts";
import { AT_EMPTY_PATH, AT_FDCWD } from "../../../../fs/abi/open.ts";
import { EMPTY_PATH } from "../../../../fs/vfs/path_name.ts";
import type { VPath } from "../../../../fs/vfs/dentry.ts";
import { lookupAt } from "../../../../fs/vfs/walk.ts";
import type {
  Arg,
  CapSets,
  DeviceProgram,
  FilterProgram,
  MountAttr,
  NodeWanted,
  OpenHow,
  Rlimit,
  SchedAttr,
  WindowSize,
} from "../../../program/types.ts";
import type { Task } from "../task.ts";

/** The arguments of one call; references are numbers by now. */
export class Arguments {
  /** Arguments of `call`. */
  constructor(readonly call: string, readonly values: readonly Arg[]) {}

  #wrong(i: number, wanted: string): TypeError {
    return new TypeError(
      `${this.call}: argument ${i + 1} should be ${wanted}, is ${JSON.stringify(this.values[i])}`,
    );
  }

  /** A number. */
  number(i: number): number {
    const value = this.values[i];
    if (typeof value !== "number") throw this.#wrong(i, "a number");
    return value;
  }
  /** A string. */
  string(i: number): string {
    const value = this.values[i];
    if (typeof value !== "string") throw this.#wrong(i, "a string");
    return value;
  }
  /** A string, or null for NULL. */
  optional(i: number): string | null {
    return this.values[i] === null ? null : this.string(i);
  }
  /** A list of strings. */
  strings(i: number): readonly string[] {
    const value = this.values[i];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw this.#wrong(i, "a list of strings");
    }
    return value;
  }
  /** A list of numbers. */
  numbers(i: number): readonly number[] {
    const value = this.values[i];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "number")) {
      throw this.#wrong(i, "a list of numbers");
    }
    return value;
  }
  #struct<T>(i: number, field: string, name: string): T {
    const value = this.values[i];
    if (typeof value !== "object" || value === null || !(field in value)) throw this.#wrong(i, name);
    return value as T;
  }
  /** A struct open_how. */
  openHow(i: number): OpenHow {
    return this.#struct(i, "resolve", "a struct open_how");
  }
  /** A struct mount_attr. */
  mountAttr(i: number): MountAttr {
    return this.#struct(i, "attr_set", "a struct mount_attr");
  }
  /** A struct rlimit64, or null. */
  rlimit(i: number): Rlimit | null {
    return this.values[i] === null ? null : this.#struct(i, "rlim_cur", "a struct rlimit64");
  }
  /** A program that decides about devices. */
  deviceProgram(i: number): DeviceProgram {
    return this.#struct(i, "rules", "a device program");
  }
  /** A number or a struct winsize. */
  winsizeOrNumber(i: number): number | WindowSize {
    return typeof this.values[i] === "number" ? this.number(i) : this.#struct(i, "rows", "a struct winsize");
  }
  /** A struct sched_attr. */
  schedAttr(i: number): SchedAttr {
    return this.#struct(i, "sched_policy", "a struct sched_attr");
  }
  /** A filter of system calls. */
  filterProgram(i: number): FilterProgram {
    return this.#struct(i, "filter", "a seccomp filter");
  }
  /** What a place must be. */
  nodeWanted(i: number): NodeWanted {
    return this.#struct(i, "st_fmt", "what a node must be");
  }
  /** Capability sets. */
  capSets(i: number): CapSets {
    return this.#struct(i, "permitted", "capability sets");
  }
}

/** The place a directory descriptor stands for: null for AT_FDCWD. */
export function baseOf(task: Task, fd: number): VPath | null | number {
  if (fd === AT_FDCWD) return null;
  const file = task.files.get(fd)?.file;
  return file === undefined
    ? -EBADF
    : file.mount === null || file.dentry === null
    ? -EBADF
    : file as unknown as VPath;
}

/** A path argument; the empty path is allowed with AT_EMPTY_PATH only. */
export function pathOfArgument(path: string, flags = 0): PathName | number {
  if (path === "") return (flags & AT_EMPTY_PATH) !== 0 ? EMPTY_PATH : -ENOENT;
  return path.includes("\0") ? -EFAULT : parsePath(path);
}

/** The place of a descriptor and a path; an empty path, where it is allowed, means the descriptor's own. */
export function place(
  task: Task,
  fd: number,
  path: string,
  emptyAllowed: boolean,
  follow: boolean,
): VPath | number {
  const base = baseOf(task, fd);
  if (typeof base === "number") return base;
  const name = pathOfArgument(path, emptyAllowed ? AT_EMPTY_PATH : 0);
  return typeof name === "number" ? name : lookupAt(task, base, name, follow);
}
