/** Netlink sockets: of this process's network namespace, or of another one. @module */
import { EAGAIN, EINTR } from "../../../fs/abi/errno.ts";
import { CLONE_NEWNET } from "../../abi/linux/clone.ts";
import { MSG_DONTWAIT, MSG_TRUNC, SOCK_CLOEXEC, SOCK_RAW } from "../../abi/linux/socket.ts";
import { Descriptor, openPath, whileOpen } from "../ffi/descriptors.ts";
import { addressOf, must, runTable, sys, thisMachine } from "../ffi/kernel.ts";
import { compileTable, relocate } from "../table/compile_table.ts";
import { SLOT } from "../table/record.ts";
import { type NativeStep, ref } from "../table/types.ts";
import { type Netlink, netlink, type Transport } from "./conversation.ts";
import { NetlinkError } from "./error.ts";
import { AF_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK, SOL_NETLINK } from "./numbers.ts";

const RAW = SOCK_RAW | SOCK_CLOEXEC;
/** struct sockaddr_nl: family, padding, port, groups. The kernel's port is 0. */
const SOCKADDR_SIZE = 12, SOCKADDR_PORT = 4;
/** The kernel fills no datagram of a list above 32 kB. */
const RECEIVE_SIZE = 1 << 16;

/** The network namespace that this thread is in. */
export const OWN_NAMESPACE = "/proc/thread-self/ns/net";

/** Tells of a failure of the transport itself. */
function done(result: number, what: string): number {
  return must(result, `${what}: talking with the kernel's network`);
}

function transport(socket: Descriptor): Transport {
  const buffer = new Uint8Array(RECEIVE_SIZE);
  const kernel = new Uint8Array(SOCKADDR_SIZE);
  new DataView(kernel.buffer).setUint16(0, AF_NETLINK, true);
  return {
    send(datagram, what) {
      done(sys("sendto", socket.fd, datagram, datagram.length, 0, kernel, kernel.length), what);
    },
    receive(what) {
      const from = new Uint8Array(SOCKADDR_SIZE), view = new DataView(from.buffer);
      const size = new Uint8Array(Uint32Array.of(SOCKADDR_SIZE).buffer);
      for (;;) {
        const flags = MSG_DONTWAIT | MSG_TRUNC;
        const length = sys("recvfrom", socket.fd, buffer, buffer.length, flags, from, size);
        if (length === -EINTR) continue;
        if (length === -EAGAIN) return undefined;
        done(length, what);
        // Other processes can send to a netlink socket, too.
        if (view.getUint32(SOCKADDR_PORT, true) !== 0) continue;
        if (length > buffer.length) throw new Error(`${what}: a reply of ${length} bytes was cut`);
        return buffer.slice(0, length);
      }
    },
    close: () => socket.close(),
  };
}

/**
 * A socket of another namespace, which it stays with. Thread and namespace are parted again before anything else of this process runs; a
 * process that could not come back would do everything else in the wrong network, and ends.
 */
function socketIn(namespace: number, protocol: number, what: string): number {
  return whileOpen((own) => {
    const here = own(openPath(OWN_NAMESPACE, 0, what)).fd;
    const back: NativeStep = { native: "setns", args: [here, CLONE_NEWNET], what, onError: "lost" };
    const steps: NativeStep[] = [
      // In a user namespace that does not own the network there would be no way back.
      { ...back, onError: "refused" },
      { native: "setns", args: [namespace, CLONE_NEWNET], what },
      { native: "socket", args: [AF_NETLINK, RAW, protocol], what, result: "socket" },
      back,
      { op: "RET", args: [ref("socket")] },
      { label: "lost" },
      { native: "exit_group", args: [127], what },
      { label: "refused" },
      { op: "RET", args: [0] },
    ];
    const table = compileTable(steps, [back, { op: "RET", args: [0] }], thisMachine().architecture);
    const slots = new Uint8Array(8 * table.slots);
    relocate(table, addressOf(table.bytes), addressOf(slots));
    const fd = runTable(table.bytes, slots);
    const errno = Number(new DataView(slots.buffer).getBigUint64(8 * SLOT.ERRNO, true));
    return errno === 0 ? fd : -errno;
  });
}

/** Opens a socket for a protocol (NETLINK_…), in the namespace of a descriptor if one is given. `what` is what it is for. */
export function openNetlink(protocol: number, what: string, namespace?: Descriptor): Netlink {
  const fd = namespace === undefined
    ? sys("socket", AF_NETLINK, RAW, protocol)
    : socketIn(namespace.fd, protocol, what);
  if (fd < 0) throw new NetlinkError(`${what}: a netlink socket`, -fd);
  const socket = new Descriptor(fd);
  const on = new Uint8Array(Uint32Array.of(1).buffer);
  // Kernels that do not know them answer without.
  for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK]) {
    sys("setsockopt", fd, SOL_NETLINK, option, on, on.length);
  }
  return netlink(transport(socket));
}
