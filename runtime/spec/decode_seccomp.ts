/** The filter of system calls of config.json (config-linux.md#seccomp). @module */
import type { Cursor } from "../../json/mod.ts";
import { SECCOMP_ACTIONS, SECCOMP_ARCHITECTURES, SECCOMP_FLAGS, SECCOMP_OPERATORS } from "./names.ts";
import type { Seccomp, SeccompArg, SeccompRule } from "./seccomp_types.ts";
import { absolutePath, oneOf, text, uint32, uint64 } from "./values.ts";

/** Actions that have an errno; to any other one it is an error. */
const WITH_ERRNO: readonly string[] = ["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"];

const action = (cursor: Cursor): string => oneOf(cursor, SECCOMP_ACTIONS, "seccomp action");

/** An errno that belongs to an action. podman writes 0 beside actions that have none: that is as if it were left out. */
function errnoOf(cursor: Cursor, owner: string): number | undefined {
  const errno = cursor.optional(uint32);
  if (errno === undefined || WITH_ERRNO.includes(owner)) return errno;
  if (errno !== 0) throw cursor.error(`${owner} has no errno`);
}

function arg(cursor: Cursor): SeccompArg {
  return {
    index: cursor.field("index").integer(0, 5),
    value: uint64(cursor.field("value")),
    valueTwo: cursor.field("valueTwo").optional(uint64) ?? 0n,
    op: oneOf(cursor.field("op"), SECCOMP_OPERATORS, "seccomp operator"),
  };
}

function rule(cursor: Cursor): SeccompRule {
  const names = cursor.field("names").list(text);
  if (names.length === 0) throw cursor.field("names").error("at least one system call is required");
  const own = action(cursor.field("action"));
  const errnoRet = errnoOf(cursor.field("errnoRet"), own);
  return {
    names,
    action: own,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    args: cursor.field("args").list(arg),
  };
}

/** A filter. */
export function decodeSeccomp(cursor: Cursor): Seccomp {
  const defaultAction = action(cursor.field("defaultAction"));
  const defaultErrnoRet = errnoOf(cursor.field("defaultErrnoRet"), defaultAction);
  const flags = cursor.field("flags").optional((value) =>
    value.list((item) => oneOf(item, SECCOMP_FLAGS, "seccomp flag"))
  );
  const notEmpty = (name: string): Cursor | undefined => {
    const field = cursor.field(name);
    return field.optional(text) ? field : undefined;
  };
  const path = notEmpty("listenerPath"), metadata = notEmpty("listenerMetadata");
  if (metadata !== undefined && path === undefined) {
    throw metadata.error("it must not be set without listenerPath");
  }
  return {
    defaultAction,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    architectures: cursor.field("architectures").list((item) =>
      oneOf(item, SECCOMP_ARCHITECTURES, "architecture")
    ),
    ...(flags === undefined ? {} : { flags }),
    ...(path === undefined ? {} : { listenerPath: absolutePath(path) }),
    ...(metadata === undefined ? {} : { listenerMetadata: text(metadata) }),
    syscalls: cursor.field("syscalls").list(rule),
  };
}
