/** Actions as values that a filter returns (man 2 seccomp). @module */
import { EPERM } from "../../../fs/abi/errno.ts";

/** SECCOMP_RET_*, by the names of libseccomp. */
const RETURNS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

const WITH_DATA: readonly string[] = ["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"];
/** SECCOMP_RET_DATA. */
const DATA = 0xffff;

/** What a filter returns; config-linux.md#seccomp: "If not specified its default value is EPERM". */
export function returnOf(action: string, errnoRet: number = EPERM): number {
  const value = RETURNS[action];
  if (value === undefined) throw new TypeError(`no seccomp action is ${JSON.stringify(action)}`);
  if (!WITH_DATA.includes(action)) return value;
  if (errnoRet > DATA) throw new RangeError(`${action} cannot return ${errnoRet}: ${DATA} is the most`);
  return value + errnoRet;
}
