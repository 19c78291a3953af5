/** Steps of programs that tell the runtime something, or wait for it. @module */
import { SLOT } from "../table/record.ts";
import { MESSAGE_SIZE, SAYS } from "./message.ts";
import { type NativeStep, ref } from "../table/types.ts";
import { struct } from "../table/structs.ts";

const REPORT = "report";
const WHAT = "talking to the runtime";

/** Where messages, and above all failures, go from here on. */
export function reportTo(fd: number): NativeStep {
  return { op: "MOV", args: [fd], result: REPORT };
}

/** Tells of a failure that nothing else is said about, and ends. */
export const FATAL_STEPS: readonly NativeStep[] = [
  { native: "write", args: [ref(REPORT), { slot: SLOT.ERRNO }, MESSAGE_SIZE], what: WHAT, onError: "ignore" },
  { native: "exit_group", args: [1], what: "ending" },
];

/** Says something. */
export function say(what: number): NativeStep {
  const bytes = struct(MESSAGE_SIZE, (view) => view.setBigUint64(0, BigInt(what), true));
  return { native: "write", args: [ref(REPORT), { bytes }, MESSAGE_SIZE], what: WHAT };
}

/** Says which process has been made. */
export function sayPid(pid: string): NativeStep[] {
  const bytes = struct(MESSAGE_SIZE, (view) => view.setBigUint64(0, BigInt(SAYS.pid), true));
  return [
    { op: "ST", args: [{ bytes, name: "pid message" }, 8, ref(pid)], width: 8 },
    { native: "write", args: [ref(REPORT), { place: "pid message" }, MESSAGE_SIZE], what: WHAT },
  ];
}

/** Waits for a byte; ends if there will be none. `at` says where in the program, once. */
export function awaitByte(fd: number, at: string): NativeStep[] {
  const go = `told ${at}`;
  return [
    { native: "read", args: [fd, { bytes: new Uint8Array(8), name: "byte" }, 1], what: WHAT, result: "told" },
    { op: "JEQ", args: [ref("told"), 1], target: go },
    { native: "exit_group", args: [1], what: "ending" },
    { label: go },
  ];
}
