/** Handing out the master of a terminal. @module */
import type { Ref } from "../../program/types.ts";
import type { NativeStep } from "../table/types.ts";
import { sendDescriptors } from "./send_descriptors.ts";

/** Callers get the name that the master has, as runc sends it. */
const NAME = "/dev/ptmx";

/** Sends `fd` through `socket`. */
export function sendDescriptor(socket: number, fd: Ref): NativeStep[] {
  return sendDescriptors(socket, [fd], NAME, "sending the terminal to the console socket");
}
