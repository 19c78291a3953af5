/** The FIFOs of a container that waits: by one it is told to start, by the other it says why it could not. @module */
import { EAGAIN, ENOENT, ENXIO } from "../../../fs/abi/errno.ts";
import { S_IFIFO } from "../../../fs/abi/mode.ts";
import { AT_FDCWD, O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from "../../../fs/abi/open.ts";
import { Descriptor, openPath } from "../ffi/descriptors.ts";
import { must, sys } from "../ffi/kernel.ts";
import { awaitReadable } from "../ffi/poll.ts";
import { type Message, MESSAGE_SIZE, parseMessage } from "../program/protocol.ts";

const START = "start", RESULT = "result";
const WHAT = "starting the container";

/** Makes both in the container's directory. They are open for reading and writing, so that nobody has to wait for anybody. */
export function makeFifos(directory: string): [start: Descriptor, result: Descriptor] {
  const make = (name: string): Descriptor => {
    const path = `${directory}/${name}`, what = `making ${path}`;
    must(sys("mknodat", AT_FDCWD, path, S_IFIFO | 0o600, 0), what);
    return openPath(path, O_RDWR, what);
  };
  const start = make(START);
  try {
    return [start, make(RESULT)];
  } catch (error) {
    start.close();
    throw error;
  }
}

/** Removes them: they have done their work. */
export function removeFifos(directory: string): void {
  for (const name of [START, RESULT]) sys("unlinkat", AT_FDCWD, `${directory}/${name}`, 0);
}

/** Both ends for whoever starts; undefined if nobody waits at the other. */
export function openFifos(directory: string): { start: Descriptor; result: Descriptor } | undefined {
  const open = (name: string, flags: number): Descriptor | undefined => {
    const fd = sys("openat", AT_FDCWD, `${directory}/${name}`, flags | O_NONBLOCK | O_CLOEXEC, 0);
    return fd === -ENXIO || fd === -ENOENT ? undefined : new Descriptor(must(fd, WHAT));
  };
  const result = open(RESULT, O_RDONLY);
  if (result === undefined) return undefined;
  const start = open(START, O_WRONLY);
  if (start !== undefined) return { start, result };
  result.close();
  return undefined;
}

/** Waits until the program runs, or the init has said why it does not: the failure, or null. */
export async function awaitResult(result: Descriptor): Promise<Message | null> {
  const bytes = new Uint8Array(MESSAGE_SIZE);
  for (;;) {
    await awaitReadable(result.fd);
    const n = sys("read", result.fd, bytes, MESSAGE_SIZE);
    if (n === -EAGAIN) continue;
    return must(n, WHAT) === MESSAGE_SIZE ? parseMessage(bytes) : null;
  }
}
