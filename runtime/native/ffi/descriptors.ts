/** Descriptors of this process: pipes, FIFOs, and their end. @module */
import { EINVAL } from "../../../fs/abi/errno.ts";
import { AT_FDCWD, O_CLOEXEC } from "../../../fs/abi/open.ts";
import { openFlags } from "../table/structs.ts";
import { must, sys, thisMachine } from "./kernel.ts";

/** fcntl(2): the flags of a descriptor. */
const F_GETFD = 1;

/** A descriptor that is closed once. */
export class Descriptor {
  #open = true;

  /** Owns `fd`. */
  constructor(readonly fd: number) {}

  /** Closes it, once. */
  close(): void {
    if (this.#open) sys("close", this.fd);
    this.#open = false;
  }
}

/** Says that a descriptor is to be closed; returns it. */
export type Own = (descriptor: Descriptor) => Descriptor;

/** Runs `body`, and closes in the end what it has owned. */
export function whileOpen<T>(body: (own: Own) => T): T {
  const open: Descriptor[] = [];
  try {
    return body((descriptor) => (open.push(descriptor), descriptor));
  } finally {
    for (const descriptor of open.reverse()) descriptor.close();
  }
}

/** Runs `body`, and closes these descriptors if it throws. */
export function closingOnError<T>(descriptors: readonly Descriptor[], body: () => T): T {
  try {
    return body();
  } catch (error) {
    for (const descriptor of descriptors) descriptor.close();
    throw error;
  }
}

/** Runs `body`, and closes in the end what it has owned. */
export async function whileOpenAsync<T>(body: (own: Own) => Promise<T>): Promise<T> {
  const open: Descriptor[] = [];
  try {
    return await body((descriptor) => (open.push(descriptor), descriptor));
  } finally {
    for (const descriptor of open.reverse()) descriptor.close();
  }
}

/** A pipe: where it is read, and where it is written. */
export function makePipe(what: string): [read: Descriptor, write: Descriptor] {
  const fds = new Uint8Array(8), view = new DataView(fds.buffer);
  must(sys("pipe2", fds, O_CLOEXEC), what);
  return [new Descriptor(view.getInt32(0, true)), new Descriptor(view.getInt32(4, true))];
}

const MFD_CLOEXEC = 1, MFD_NOEXEC_SEAL = 8;

/** A file in memory that has a text, to be read from its beginning. */
export function memoryFile(text: string, what: string): Descriptor {
  const fd = sys("memfd_create", "umiak", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  // Before Linux 6.3 nobody could say that it is not to be executed.
  const file = new Descriptor(must(fd === -EINVAL ? sys("memfd_create", "umiak", MFD_CLOEXEC) : fd, what));
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) {
      at += must(sys("pwrite64", file.fd, bytes.slice(at), bytes.length - at, at), what);
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Opens a name in an open directory. */
export function openAt(dir: number, name: string, flags: number, what: string, mode = 0): Descriptor {
  const all = openFlags(flags | O_CLOEXEC, thisMachine().architecture);
  return new Descriptor(must(sys("openat", dir, name, all, mode), what));
}

/** Opens a path. */
export function openPath(path: string, flags: number, what: string): Descriptor {
  return openAt(AT_FDCWD, path, flags, what);
}

/** Writes all of some bytes. Throws, too, if the reader has gone. */
export function writeAll(fd: number, bytes: Uint8Array<ArrayBuffer>, what: string): void {
  for (let at = 0; at < bytes.length;) {
    at += must(sys("write", fd, bytes.slice(at), bytes.length - at), what);
  }
}

/** True if a descriptor was open when this process was executed: its own are all closed by exec. */
export function isInherited(fd: number): boolean {
  return sys("fcntl", fd, F_GETFD) === 0;
}
