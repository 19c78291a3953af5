/** Handing out descriptors through a socket (man 7 unix, SCM_RIGHTS). @module */
import { MSG_NOSIGNAL } from "../../abi/linux/socket.ts";
import type { Ref } from "../../program/types.ts";
import { struct } from "../table/structs.ts";
import type { NativeStep } from "../table/types.ts";

const SOL_SOCKET = 1, SCM_RIGHTS = 1;
/** Sizes on 64-bit Linux: struct msghdr, struct iovec, and what a struct cmsghdr has before its descriptors. */
const MSGHDR_SIZE = 56, IOVEC_SIZE = 16, CMSG_HEADER = 16;

/** Sends descriptors through `socket`, in one message with a text, which tells the steps from others. */
export function sendDescriptors(
  socket: number,
  fds: readonly Ref[],
  text: string,
  what: string,
): NativeStep[] {
  const bytes = new TextEncoder().encode(text), length = CMSG_HEADER + 4 * fds.length;
  const space = Math.ceil(length / 8) * 8;
  const iovec = struct(IOVEC_SIZE, (view) => view.setBigUint64(8, BigInt(bytes.length), true));
  const control = struct(space, (view) => {
    view.setBigUint64(0, BigInt(length), true);
    view.setInt32(8, SOL_SOCKET, true);
    view.setInt32(12, SCM_RIGHTS, true);
  });
  const message = struct(MSGHDR_SIZE, (view) => {
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(40, BigInt(space), true);
  });
  const place = (name: string): string => `${name} of ${text}`;
  return [
    ...fds.map((fd, i): NativeStep => ({
      ...{ op: "ST", args: [{ bytes: control, name: place("control") }, CMSG_HEADER + 4 * i, fd], width: 4 },
    })),
    { op: "MOV", args: [{ struct: iovec, pointers: [[0, { bytes }]], name: place("iovec") }] },
    {
      native: "sendmsg",
      args: [socket, {
        struct: message,
        pointers: [[16, { place: place("iovec") }], [32, { place: place("control") }]],
      }, MSG_NOSIGNAL],
      what,
    },
  ];
}
