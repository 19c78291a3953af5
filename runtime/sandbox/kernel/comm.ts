/** Names of tasks (man 5 proc_pid_comm). @module */
import { bytesToName, nameToBytes } from "../../../fs/abi/name.ts";

/** Bytes of a name (TASK_COMM_LEN without the final zero). */
const COMM_LENGTH = 15;

/** The part of a name that is kept: 15 bytes. */
export function commOf(name: string): string {
  const bytes = nameToBytes(name);
  return bytes.length <= COMM_LENGTH ? name : bytesToName(bytes.subarray(0, COMM_LENGTH));
}
