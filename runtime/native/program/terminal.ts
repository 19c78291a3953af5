/** Handing out the master of a terminal, through a socket (man 7 unix, SCM_RIGHTS). @module */
import type { Ref } from "../../program/types.ts";
import { struct } from "../table/structs.ts";
import type { NativeStep } from "../table/types.ts";

const SOL_SOCKET = 1, SCM_RIGHTS = 1;
/** Sizes on 64-bit Linux: struct msghdr, struct iovec, a struct cmsghdr with one descriptor, with and without padding. */
const MSGHDR_SIZE = 56, IOVEC_SIZE = 16, CMSG_LEN = 20, CMSG_SPACE = 24;
/** Where the descriptor is in its message. */
const CMSG_FD = 16;
/** Callers get the name that the master has, as runc sends it. */
const NAME = "/dev/ptmx";

/** Sends `fd` through `socket`. */
export function sendDescriptor(socket: number, fd: Ref): NativeStep[] {
  const what = "sending the terminal to the console socket";
  const name = new TextEncoder().encode(NAME);
  const iovec = struct(IOVEC_SIZE, (view) => view.setBigUint64(8, BigInt(name.length), true));
  const control = struct(CMSG_SPACE, (view) => {
    view.setBigUint64(0, BigInt(CMSG_LEN), true);
    view.setInt32(8, SOL_SOCKET, true);
    view.setInt32(12, SCM_RIGHTS, true);
  });
  const message = struct(MSGHDR_SIZE, (view) => {
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(40, BigInt(CMSG_SPACE), true);
  });
  return [
    { op: "ST", args: [{ bytes: control, name: "control" }, CMSG_FD, fd], width: 4 },
    { op: "MOV", args: [{ struct: iovec, pointers: [[0, { bytes: name }]], name: "iovec" }] },
    {
      native: "sendmsg",
      args: [socket, {
        struct: message,
        pointers: [[16, { place: "iovec" }], [32, { place: "control" }]],
      }, 0],
      what,
    },
    { call: "close", args: [socket], what },
  ];
}
