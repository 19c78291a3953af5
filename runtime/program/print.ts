/** Programs as text, one call a line: what `umiak spec explain` shows and golden tests pin. @module */
import { major, minor } from "../../fs/abi/device.ts";
import { errnoName } from "../../fs/abi/errno.ts";
import * as mount from "../../fs/abi/mount.ts";
import * as open from "../../fs/abi/open.ts";
import * as clone from "../abi/linux/clone.ts";
import * as prctl from "../abi/linux/prctl.ts";
import { SECCOMP_FILTER_FLAG } from "../abi/linux/seccomp.ts";
import { TTY_IOCTL } from "../abi/linux/tty_ioctl.ts";
import type { DeviceRule, IdMapping, Seccomp } from "../spec/types.ts";
import type { Arg, CallStep, IdMappings, Ref, Step, SyscallProgram } from "./types.ts";

type Names = readonly (readonly [name: string, bits: number])[];

/** Constants whose names begin with a prefix, the widest first, so that combined flags win over their parts. */
function named(module: object, prefix: string | RegExp): Names {
  return Object.entries(module)
    .filter(([name, bits]) =>
      typeof bits === "number" && bits !== 0 &&
      (typeof prefix === "string" ? name.startsWith(prefix) : prefix.test(name))
    )
    .map(([name, bits]): [string, number] => [name, bits as number])
    .sort(([, a], [, b]) => b - a);
}

const OPEN = named(open, "O_"), RESOLVE = named(open, "RESOLVE_"), AT = named(open, "AT_");
const ATTR = named(mount, "MOUNT_ATTR_"), MS = named(mount, "MS_"), MOVE = named(mount, "MOVE_MOUNT_");
const CLONE = named(clone, "CLONE_");
const TREE: Names = [["AT_RECURSIVE", open.AT_RECURSIVE], ["AT_EMPTY_PATH", open.AT_EMPTY_PATH], [
  "OPEN_TREE_CLOEXEC",
  open.O_CLOEXEC,
], ["OPEN_TREE_CLONE", mount.OPEN_TREE_CLONE]];
const PICK: Names = [["FSPICK_EMPTY_PATH", mount.FSPICK_EMPTY_PATH], ["FSPICK_CLOEXEC", 1]];
const UMOUNT: Names = [["MNT_DETACH", mount.MNT_DETACH], ["UMOUNT_NOFOLLOW", mount.UMOUNT_NOFOLLOW]];
const SECCOMP = named(SECCOMP_FILTER_FLAG, "SECCOMP_");
const PRCTL = new Map(
  Object.entries(prctl).filter(([name]) => !/^PR_CAP_AMBIENT_/.test(name)).map((
    [name, value],
  ) => [value as number, name]),
);
const REQUESTS = new Map(Object.entries(TTY_IOCTL).map(([name, value]) => [value as number, name]));
const COMMANDS = new Map(named(mount, "FSCONFIG_").map(([name, value]) => [value, name]));

function flags(value: number, names: Names): string {
  const parts: string[] = [];
  let rest = value;
  for (const [name, bits] of names) {
    if ((rest & bits) !== bits) continue;
    parts.push(name);
    rest &= ~bits;
  }
  if (rest !== 0 || parts.length === 0) parts.push(rest === 0 ? "0" : `0x${(rest >>> 0).toString(16)}`);
  return parts.join("|");
}

const octal = (mode: number): string => mode === 0 ? "0" : `0${mode.toString(8)}`;

/** How arguments of a call are shown, by position; others by their type. */
const SHOWN: Readonly<Record<string, Readonly<Record<number, (value: number) => string>>>> = {
  open_tree: { 2: (v) => flags(v, TREE) },
  move_mount: { 4: (v) => flags(v, MOVE) },
  mount_setattr: { 2: (v) => flags(v, AT) },
  fsmount: { 1: (v) => v === 1 ? "FSMOUNT_CLOEXEC" : String(v), 2: (v) => flags(v, ATTR) },
  fsopen: { 1: (v) => v === 1 ? "FSOPEN_CLOEXEC" : String(v) },
  fsconfig: {
    1: (v) => COMMANDS.get(v) ?? (v === mount.FSCONFIG_SET_FLAG ? "FSCONFIG_SET_FLAG" : String(v)),
  },
  umount2: { 1: (v) => flags(v, UMOUNT) },
  mkdirat: { 2: octal },
  umask: { 0: octal },
  mknodat: { 2: octal, 3: (v) => `makedev(${major(v)}, ${minor(v)})` },
  prctl: { 0: (v) => PRCTL.get(v) ?? String(v) },
  setns: { 1: (v) => flags(v, CLONE) },
  bpf: { 0: (v) => v === 8 ? "BPF_PROG_ATTACH" : String(v) },
  fspick: { 2: (v) => flags(v, PICK) },
  newfstatat: { 3: (v) => flags(v, AT) },
  fchownat: { 4: (v) => flags(v, AT) },
  seccomp: { 0: (v) => v === 1 ? "SECCOMP_SET_MODE_FILTER" : String(v), 1: (v) => flags(v, SECCOMP) },
  unlinkat: { 2: (v) => flags(v, AT) },
  ioctl: { 1: (v) => REQUESTS.get(v) ?? `0x${v.toString(16)}` },
  unshare: { 0: (v) => flags(v, CLONE) },
};

/** "{uids 0:1000:10, gids 0:2000:10}": inside, outside, how many. */
function mappings(userns: Ref | IdMappings): string {
  if ("ref" in userns) return userns.ref;
  const lines = (each: readonly IdMapping[]): string =>
    each.map(({ containerID, hostID, size }) => `${containerID}:${hostID}:${size}`).join(" ");
  return `{uids ${lines(userns.uidMappings)}, gids ${lines(userns.gidMappings)}}`;
}

/** "allow c 1:3 rw", "deny a *:* rwm". */
function rule({ allow, type, major: maj, minor: min, access }: DeviceRule): string {
  return `${allow ? "allow" : "deny"} ${type} ${maj ?? "*"}:${min ?? "*"} ${access || "rwm"}`;
}

/** "SCMP_ACT_ALLOW, 2 rules". */
const filtered = ({ defaultAction, syscalls }: Seccomp): string =>
  `${defaultAction}, ${syscalls.length} rules`;

function struct(value: object): string {
  const field = (name: string, v: unknown): string => {
    if (name === "flags") return flags(v as number, OPEN);
    if (name === "resolve") return flags(v as number, RESOLVE);
    if (name === "attr_set" || name === "attr_clr") return flags(v as number, ATTR);
    if (name === "propagation") return flags(v as number, MS);
    if (name === "mode" || name === "st_fmt") return octal(v as number);
    if (name === "st_rdev") return `makedev(${major(v as number)}, ${minor(v as number)})`;
    if (name === "userns_fd") return typeof v === "number" ? String(v) : mappings(v as Ref | IdMappings);
    if (name === "filter") return filtered(v as Seccomp);
    if (name === "rules") return `[${(v as readonly DeviceRule[]).map(rule).join(", ")}]`;
    return Array.isArray(v) ? `[${v.join(" ")}]` : v === null ? "RLIM64_INFINITY" : String(v);
  };
  const shown = Object.entries(value).filter(([name, v]) => v !== 0 || name === "flags");
  return `{${shown.map(([name, v]) => `${name}=${field(name, v)}`).join(", ")}}`;
}

function argument(step: CallStep, value: Arg, i: number): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    const own = SHOWN[step.call]?.[i];
    return own !== undefined ? own(value) : value === open.AT_FDCWD ? "AT_FDCWD" : String(value);
  }
  if (Array.isArray(value)) return JSON.stringify(value);
  if ("pidOf" in value) return "CHILD";
  if ("child" in value) return `"/proc/CHILD/${value.child}"`;
  return "ref" in value ? value.ref : struct(value);
}

function line(step: Step): string {
  if ("label" in step) return `${step.label}:`;
  if ("jump" in step) return `    goto ${step.jump}`;
  if ("stage" in step) return `    -- ${step.stage}${step.fd === undefined ? "" : ` ${step.fd.ref}`} --`;
  if ("copy" in step) return `    copy ${step.copy.from.ref} to ${step.copy.to.ref}  # ${step.what}`;
  if ("fail" in step) return `    fail ${errnoName(step.fail)}  # ${step.what}`;
  const call = `${step.call}(${step.args.map((arg, i) => argument(step, arg, i)).join(", ")})`;
  const result = step.result === undefined ? "" : `${step.result} = `;
  const ok = step.ok === undefined ? "" : ` or ${step.ok.map(errnoName).join(", ")}`;
  const onError = step.onError === undefined
    ? ""
    : step.onError === "ignore"
    ? " else go on"
    : ` else ${
      step.errors === undefined ? "" : `if ${step.errors.map(errnoName).join(", ")} `
    }goto ${step.onError}`;
  return `    ${result}${call}${ok}${onError}  # ${step.what}${
    step.spec === undefined ? "" : ` (${step.spec})`
  }`;
}

/** The program as text. */
export function printProgram(program: SyscallProgram): string {
  const { before = [], cloneFlags, parent = [], init } = program;
  const part = (title: string, steps: readonly Step[]): string[] =>
    steps.length === 0 ? [] : [`${title}:`, ...steps.map(line)];
  return [
    ...part("before", before),
    `clone(${flags(cloneFlags, CLONE)})`,
    ...part("parent", parent),
    ...parent.length === 0 ? [] : ["init:"],
    ...init.map(line),
  ].join("\n") + "\n";
}
