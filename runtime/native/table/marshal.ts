/** Arguments of system calls as the kernel takes them: numbers, slots, and addresses in the data. @module */
import { TTY_IOCTL } from "../../abi/linux/tty_ioctl.ts";
import type {
  Arg,
  CallStep,
  CapSets,
  FilterProgram,
  MountAttr,
  OpenHow,
  Rlimit,
  SchedAttr,
} from "../../program/types.ts";
import type { Architecture } from "../asm/machine.ts";
import { filterProgram } from "../seccomp/sock_fprog.ts";
import type { Data } from "./data.ts";
import {
  capData,
  capHeader,
  mountAttrBytes,
  NODE_BITS,
  nodeMask,
  openHow,
  rlimitBytes,
  schedAttr,
  winsize,
  words32,
} from "./structs.ts";
import type { NativeArg } from "./types.ts";

/** An argument of a record. */
export type Word =
  | { readonly value: number | bigint }
  | { readonly slotOf: string | number }
  | { readonly data: number }
  | { readonly addressOfSlot: number };

const number = (value: number | bigint): Word => ({ value });
const utf8 = new TextEncoder();

/** An argument as it is, whatever the call. */
export function word(arg: NativeArg, data: Data): Word {
  if (arg === null) return number(0);
  if (typeof arg === "number" || typeof arg === "bigint") return number(arg);
  if (typeof arg === "string") return { data: data.string(arg) };
  if (Array.isArray(arg)) {
    return { data: typeof arg[0] === "string" ? data.strings(arg) : data.add(words32(arg)) };
  }
  if ("ref" in arg) return { slotOf: arg.ref };
  if ("slot" in arg) return { addressOfSlot: arg.slot };
  if ("bytes" in arg) return { data: data.bytes(arg) };
  if ("place" in arg) return { data: data.place(arg) };
  if ("struct" in arg) return { data: data.pointers(arg) };
  throw new TypeError(`table: no argument of a call can be ${JSON.stringify(arg)}`);
}

const isHow = (arg: Arg | undefined): arg is OpenHow =>
  typeof arg === "object" && arg !== null && "resolve" in arg;

/** Text as bytes and their number. */
function text(value: Arg | undefined, data: Data): Word[] {
  const bytes = utf8.encode(value as string);
  return [{ data: data.add(bytes) }, number(bytes.length)];
}

/** Calls whose arguments are not those of man 2's prototype one by one. */
const SPECIAL: Readonly<
  Partial<Record<string, (args: readonly Arg[], data: Data, architecture: Architecture) => Word[]>>
> = {
  openat2: ([dir, path, how], data, architecture) => {
    if (!isHow(how)) throw new TypeError("table: openat2 without its struct open_how");
    return [word(dir!, data), word(path!, data), { data: data.add(openHow(how, architecture)) }, number(24)];
  },
  mount_setattr: ([dir, path, flags, attr], data) => {
    const { userns_fd } = attr as MountAttr;
    if (typeof userns_fd !== "number") {
      throw new TypeError("table: the user namespace of an id map must be known");
    }
    const bytes = mountAttrBytes(attr as MountAttr, userns_fd);
    return [word(dir!, data), word(path!, data), word(flags!, data), { data: data.add(bytes) }, number(32)];
  },
  prlimit64: ([pid, resource, limit], data) => [
    ...[word(pid!, data), word(resource!, data), { data: data.add(rlimitBytes(limit as Rlimit)) }, number(0)],
  ],
  capset: (
    [_pid, sets],
    data,
  ) => [{ data: data.add(capHeader()) }, { data: data.add(capData(sets as CapSets)) }],
  setgroups: ([groups], data) => {
    const list = groups as readonly number[];
    return [number(list.length), { data: data.add(words32(list)) }];
  },
  execve: ([path, argv, env], data) => [
    word(path!, data),
    { data: data.strings(argv as readonly string[]) },
    { data: data.strings(env as readonly string[]) },
  ],
  fsetxattr: ([fd, name, value], data) => [
    ...[word(fd!, data), word(name!, data), ...text(value, data), number(0)],
  ],
  write: ([fd, value], data) => [word(fd!, data), ...text(value, data)],
  ioctl: ([fd, request, value], data) => [
    ...[word(fd!, data), word(request!, data)],
    typeof value === "object" && value !== null && "rows" in value
      ? { data: data.add(winsize(value)) }
      : request === TTY_IOCTL.TIOCSPTLCK
      ? { data: data.add(words32([value as number])) }
      : word(value!, data),
  ],
  sched_setattr: ([pid, attr, flags], data) => [
    ...[word(pid!, data), { data: data.add(schedAttr(attr as SchedAttr)) }, word(flags!, data)],
  ],
  set_mempolicy: ([mode, nodes], data) => [
    ...[word(mode!, data), { data: data.add(nodeMask(nodes as readonly number[])) }, number(NODE_BITS)],
  ],
  seccomp: ([operation, flags, program], data, architecture) => [
    ...[word(operation!, data), word(flags!, data)],
    word(filterProgram((program as FilterProgram).filter, architecture), data),
  ],
  sethostname: ([name], data) => text(name, data),
  setdomainname: ([name], data) => text(name, data),
};

/** The arguments of a program's call. */
export function marshal({ call, args }: CallStep, data: Data, architecture: Architecture): Word[] {
  return SPECIAL[call]?.(args, data, architecture) ?? args.map((arg) => word(arg, data));
}
