/** Handing out the master of a terminal. @module */
import type { Ref } from "../../program/types.ts";
import type { NativeStep } from "../table/types.ts";
import { sendDescriptors } from "./send_descriptors.ts";

/** Callers get the name that the master has, as runc sends it. */
const NAME = "/dev/ptmx";

/** Sends `fd` through `socket`, which is closed. */
export function sendDescriptor(socket: number, fd: Ref): NativeStep[] {
  const what = "sending the terminal to the console socket";
  return [...sendDescriptors(socket, [fd], NAME, what), { call: "close", args: [socket], what }];
}
