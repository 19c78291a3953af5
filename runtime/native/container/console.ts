/** Sockets by which an init hands out its terminal: the caller's, or one of this process. @module */
import { AF_UNIX, MSG_CMSG_CLOEXEC, SOCK_CLOEXEC, SOCK_STREAM } from "../../abi/linux/socket.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { Descriptor } from "../ffi/descriptors.ts";
import { addressOf, must, sys } from "../ffi/kernel.ts";
import { struct } from "../table/structs.ts";

/** struct sockaddr_un: the family, and 108 bytes of path. */
const SOCKADDR_SIZE = 110;
const MSGHDR_SIZE = 56, IOVEC_SIZE = 16, CMSG_SPACE = 24, CMSG_FD = 16;

/** Connects to the console socket of a caller. */
export function connectConsole(path: string): Descriptor {
  const what = `connecting to the console socket ${path}`;
  const name = new TextEncoder().encode(path);
  if (name.length > SOCKADDR_SIZE - 3) throw new LifecycleError(`${what}: its path is too long`, "invalid");
  const address = struct(SOCKADDR_SIZE, (view) => view.setUint16(0, AF_UNIX, true));
  address.set(name, 2);
  const socket = new Descriptor(must(sys("socket", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), what));
  try {
    must(sys("connect", socket.fd, address, address.length), what);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Two sockets: one for an init, one to receive its terminal. */
export function consolePair(): [init: Descriptor, own: Descriptor] {
  const fds = new Uint8Array(8), view = new DataView(fds.buffer);
  must(sys("socketpair", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "making a console socket");
  return [new Descriptor(view.getInt32(0, true)), new Descriptor(view.getInt32(4, true))];
}

/** Receives a terminal that has been sent. */
export function receiveTerminal(socket: Descriptor): Descriptor {
  const what = "receiving the container's terminal";
  const name = new Uint8Array(64), control = new Uint8Array(CMSG_SPACE);
  const iovec = struct(IOVEC_SIZE, (view) => {
    view.setBigUint64(0, addressOf(name), true);
    view.setBigUint64(8, BigInt(name.length), true);
  });
  const message = struct(MSGHDR_SIZE, (view) => {
    view.setBigUint64(16, addressOf(iovec), true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(32, addressOf(control), true);
    view.setBigUint64(40, BigInt(CMSG_SPACE), true);
  });
  must(sys("recvmsg", socket.fd, message, MSG_CMSG_CLOEXEC), what);
  // All of them are held until here: the kernel knows them by their addresses.
  const received = new DataView(message.buffer).getBigUint64(40, true);
  if (received < CMSG_FD + 4 || name.length + iovec.length === 0) throw new Error(`${what}: none came`);
  return new Descriptor(new DataView(control.buffer).getInt32(CMSG_FD, true));
}
