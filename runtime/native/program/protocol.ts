/**
 * What an init and the runtime tell each other. The init writes messages of 16 bytes, two numbers, to its report: an errno and the record that
 * failed, or one of SAYS and a number. The runtime answers with a byte; if it ends instead, so does the init.
 * @module
 */
import { SLOT } from "../table/record.ts";
import { type NativeStep, ref } from "../table/types.ts";
import { struct } from "../table/structs.ts";

/** What an init says beside errnos, which are smaller. */
export const SAYS = {
  /** The process that has been made; its number follows. */
  pid: 0x10000,
  /** Its namespaces are there (stage `network`). */
  network: 0x10005,
  /** The environment is there (stage `environment`). */
  environment: 0x10001,
  /** It waits for start (stage `created`). */
  created: 0x10002,
  /** It wants a directory copied, and has sent descriptors of the two. */
  copy: 0x10003,
  /** The listener of its filter has been sent. */
  listener: 0x10004,
} as const;

/** Bytes of a message. */
export const MESSAGE_SIZE = 16;

/** A message. */
export type Message =
  | { readonly failed: number; readonly record: number }
  | { readonly says: number; readonly number: number };

/** Decodes a message. */
export function parseMessage(bytes: Uint8Array<ArrayBuffer>): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const first = Number(view.getBigUint64(0, true)), second = Number(view.getBigUint64(8, true));
  return first >= SAYS.pid ? { says: first, number: second } : { failed: first, record: second };
}

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
