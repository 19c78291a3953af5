/** Unix sockets, and the descriptors that go through them (man 7 unix, SCM_RIGHTS). @module */
import {
  AF_UNIX,
  MSG_CMSG_CLOEXEC,
  MSG_NOSIGNAL,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../abi/linux/socket.ts";
import { struct } from "../table/structs.ts";
import { Descriptor, writeAll } from "./descriptors.ts";
import { addressOf, must, sys } from "./kernel.ts";

const SCM_RIGHTS = 1;
/** struct sockaddr_un: the family, and 108 bytes of path. */
const SOCKADDR_SIZE = 110;
/** Sizes on 64-bit Linux, and where the number of bytes of control messages is in struct msghdr. */
const MSGHDR_SIZE = 56, IOVEC_SIZE = 16, CMSG_HEADER = 16, CONTROL_LENGTH = 40;

/** Connects to the socket of a path. */
export function connectTo(path: string, what: string): Descriptor {
  const name = new TextEncoder().encode(path);
  if (name.length > SOCKADDR_SIZE - 3) throw new Error(`${what}: its path is too long`);
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

/** Two sockets that are connected. */
export function socketPair(what: string): [Descriptor, Descriptor] {
  const fds = new Uint8Array(8), view = new DataView(fds.buffer);
  must(sys("socketpair", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), what);
  return [new Descriptor(view.getInt32(0, true)), new Descriptor(view.getInt32(4, true))];
}

/** struct msghdr of one buffer and one control message. What they point to must be kept by the caller. */
function messageOf(
  bytes: Uint8Array<ArrayBuffer>,
  control: Uint8Array<ArrayBuffer>,
): { readonly message: Uint8Array<ArrayBuffer>; readonly iovec: Uint8Array<ArrayBuffer> } {
  const iovec = struct(IOVEC_SIZE, (view) => {
    view.setBigUint64(0, addressOf(bytes), true);
    view.setBigUint64(8, BigInt(bytes.length), true);
  });
  const message = struct(MSGHDR_SIZE, (view) => {
    view.setBigUint64(16, addressOf(iovec), true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(32, addressOf(control), true);
    view.setBigUint64(CONTROL_LENGTH, BigInt(control.length), true);
  });
  return { message, iovec };
}

const spaceOf = (count: number): number => Math.ceil((CMSG_HEADER + 4 * count) / 8) * 8;

/** Receives `count` descriptors that have been sent in one message. */
export function receiveDescriptors(socket: Descriptor, count: number, what: string): Descriptor[] {
  const text = new Uint8Array(64), control = new Uint8Array(spaceOf(count));
  const { message, iovec } = messageOf(text, control);
  must(sys("recvmsg", socket.fd, message, MSG_CMSG_CLOEXEC), what);
  // All of them are held until here: the kernel knows them by their addresses.
  const held = text.length + iovec.length;
  const received = new DataView(message.buffer).getBigUint64(CONTROL_LENGTH, true);
  const view = new DataView(control.buffer);
  const length = received < CMSG_HEADER || held === 0 ? 0 : Number(view.getBigUint64(0, true));
  const fds = Array.from(
    { length: Math.max(0, length - CMSG_HEADER) >> 2 },
    (_, i) => new Descriptor(view.getInt32(CMSG_HEADER + 4 * i, true)),
  );
  if (fds.length === count) return fds;
  for (const fd of fds) fd.close();
  throw new Error(`${what}: none came`);
}

/** Sends descriptors with a text. All of the text is sent, the descriptors with its first part. */
export function sendDescriptors(
  socket: Descriptor,
  fds: readonly number[],
  text: string,
  what: string,
): void {
  const bytes = new TextEncoder().encode(text);
  const control = struct(spaceOf(fds.length), (view) => {
    view.setBigUint64(0, BigInt(CMSG_HEADER + 4 * fds.length), true);
    view.setInt32(8, SOL_SOCKET, true);
    view.setInt32(12, SCM_RIGHTS, true);
    fds.forEach((fd, i) => view.setInt32(CMSG_HEADER + 4 * i, fd, true));
  });
  const { message, iovec } = messageOf(bytes, control);
  const sent = must(sys("sendmsg", socket.fd, message, MSG_NOSIGNAL), what);
  if (control.length + iovec.length > 0) writeAll(socket.fd, bytes.slice(sent), what); // both are there until now
}
