/** The process of config.json, and process.json of exec (config.md#process). @module */
import { Cursor, parseJson } from "../../json/mod.ts";
import { RLIMIT } from "../abi/linux/rlimit.ts";
import { IO_PRIORITY_CLASSES, SCHEDULER_FLAGS, SCHEDULER_POLICIES } from "./names.ts";
import type {
  Capabilities,
  ConsoleSize,
  ExecCpuAffinity,
  IoPriority,
  PosixRlimit,
  Process,
  Scheduler,
  User,
} from "./process_types.ts";
import { absolutePath, boolean, cpuList, oneOf, optionalFields, text, uint32, uint64 } from "./values.ts";

const INT32_MIN = -(2 ** 31), INT32_MAX = 2 ** 31 - 1;

function user(cursor: Cursor): User {
  const umask = cursor.field("umask").optional((value) => value.integer(0, 0o777));
  return {
    uid: cursor.field("uid").optional(uint32) ?? 0,
    gid: cursor.field("gid").optional(uint32) ?? 0,
    ...(umask === undefined ? {} : { umask }),
    additionalGids: cursor.field("additionalGids").list(uint32),
  };
}

/** Names that no kernel interface has are kept: they are for a warning, not an error (config.md#linux-process). */
function capabilities(cursor: Cursor): Capabilities {
  const set = (name: keyof Capabilities): string[] => cursor.field(name).list(text);
  return {
    bounding: set("bounding"),
    effective: set("effective"),
    inheritable: set("inheritable"),
    permitted: set("permitted"),
    ambient: set("ambient"),
  };
}

function rlimits(cursor: Cursor): PosixRlimit[] {
  const seen = new Set<string>();
  return cursor.list((item) => {
    // config.md#posix-process: an error for what cannot be mapped to a kernel interface, and for duplicates.
    const type = oneOf(item.field("type"), Object.keys(RLIMIT), "limit");
    if (seen.has(type)) throw item.field("type").error(`${type} occurs twice`);
    seen.add(type);
    const soft = uint64(item.field("soft")), hard = uint64(item.field("hard"));
    if (soft > hard) throw item.error(`the soft limit ${soft} is above the hard limit ${hard}`);
    return { type, soft, hard };
  });
}

function scheduler(cursor: Cursor): Scheduler {
  const int32 = (name: string): number =>
    cursor.field(name).optional((value) => value.integer(INT32_MIN, INT32_MAX)) ?? 0;
  const nanoseconds = (name: string): bigint => cursor.field(name).optional(uint64) ?? 0n;
  return {
    policy: oneOf(cursor.field("policy"), SCHEDULER_POLICIES, "scheduling policy"),
    nice: int32("nice"),
    priority: int32("priority"),
    flags: cursor.field("flags").list((item) => oneOf(item, SCHEDULER_FLAGS, "scheduling flag")),
    runtime: nanoseconds("runtime"),
    deadline: nanoseconds("deadline"),
    period: nanoseconds("period"),
  };
}

function ioPriority(cursor: Cursor): IoPriority {
  return {
    class: oneOf(cursor.field("class"), IO_PRIORITY_CLASSES, "I/O class"),
    priority: cursor.field("priority").integer(0, 7),
  };
}

function consoleSize(cursor: Cursor): ConsoleSize {
  return { height: uint32(cursor.field("height")), width: uint32(cursor.field("width")) };
}

/** A process; a terminal's size counts only where there is a terminal. */
export function decodeProcess(cursor: Cursor): Process {
  const args = cursor.field("args").list(text);
  if (args.length === 0) throw cursor.field("args").error("at least one argument is required");
  const terminal = cursor.field("terminal").optional(boolean) ?? false;
  const own = cursor.field("user");
  return {
    terminal,
    ...(terminal ? optionalFields<{ consoleSize: ConsoleSize }>(cursor, { consoleSize }) : {}),
    cwd: absolutePath(cursor.field("cwd")),
    env: cursor.field("env").list(text),
    args,
    user: own.exists ? user(own) : { uid: 0, gid: 0, additionalGids: [] },
    rlimits: rlimits(cursor.field("rlimits")),
    noNewPrivileges: cursor.field("noNewPrivileges").optional(boolean) ?? false,
    ...optionalFields<
      Required<
        Pick<
          Process,
          | "capabilities"
          | "oomScoreAdj"
          | "apparmorProfile"
          | "selinuxLabel"
          | "scheduler"
          | "ioPriority"
          | "execCPUAffinity"
        >
      >
    >(cursor, {
      capabilities,
      oomScoreAdj: (value) => value.integer(-1000, 1000),
      apparmorProfile: text,
      selinuxLabel: text,
      scheduler,
      ioPriority,
      execCPUAffinity: (value) =>
        optionalFields<ExecCpuAffinity>(value, { initial: cpuList, final: cpuList }),
    }),
  };
}

/** Decodes the bytes of a process.json, which is what `exec --process` gets. */
export function parseProcess(bytes: Uint8Array | string, what = "process.json"): Process {
  return decodeProcess(new Cursor(parseJson(bytes, what, { exact: true }), what));
}
