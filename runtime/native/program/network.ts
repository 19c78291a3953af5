/** The loopback interface of a new network namespace: it is there, and down (man 7 netdevice). @module */
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM } from "../../abi/linux/socket.ts";
import { struct } from "../table/structs.ts";
import { type NativeStep, ref } from "../table/types.ts";

const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1, IFF_RUNNING = 0x40;
/** struct ifreq: 16 bytes of name, and 24 of everything else. */
const IFREQ_SIZE = 40, IFR_FLAGS = 16;

/** Sets it up. */
export function loopbackUp(): NativeStep[] {
  const what = "setting the loopback interface up";
  const request = struct(IFREQ_SIZE, (view) => view.setUint16(IFR_FLAGS, IFF_UP | IFF_RUNNING, true));
  request.set(new TextEncoder().encode("lo"));
  return [
    { native: "socket", args: [AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0], what, result: "lo" },
    { native: "ioctl", args: [ref("lo"), SIOCSIFFLAGS, { bytes: request }], what },
    { call: "close", args: [ref("lo")], what },
  ];
}
