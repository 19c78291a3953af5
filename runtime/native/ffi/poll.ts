/**
 * Waiting for descriptors (man 2 poll). One thread waits for all of them: Deno has few, 32, for calls that take long, and as many containers
 * that are waited for would leave none to make, end or read from another. @module
 */
import { EINTR } from "../../../fs/abi/errno.ts";
import { type Descriptor, makePipe, writeAll } from "./descriptors.ts";
import { must, sys, sysBlocking } from "./kernel.ts";

const POLLIN = 1;
/** struct pollfd: a descriptor, 16 bits of what is waited for, 16 bits of what is there. */
const POLLFD = 8, REVENTS = 6;
const WHAT = "waiting for descriptors";
/** Nanoseconds. A process that has just begun would need another thread for it, and more time. */
const MOMENT = 1_000_000n;

interface Waiter {
  readonly fds: readonly number[];
  readonly resolve: (ready: number[]) => void;
  readonly reject: (error: unknown) => void;
}

const waiters = new Set<Waiter>();
/** A byte in it ends the wait, for another with more descriptors. */
let bell: [hear: Descriptor, ring: Descriptor] | undefined;
let isPolling = false, isRung = false;

/** Descriptors as poll takes them. */
function pollfds(fds: readonly number[]): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(POLLFD * fds.length));
  fds.forEach((fd, i) => {
    view.setInt32(POLLFD * i, fd, true);
    view.setUint32(POLLFD * i + 4, POLLIN, true);
  });
  return view;
}

function isReadableWithin(fd: number, nanoseconds: bigint): boolean {
  const timeout = new Uint8Array(BigInt64Array.of(0n, nanoseconds).buffer);
  return sys("ppoll", new Uint8Array(pollfds([fd]).buffer), 1, timeout, 0, 0) > 0;
}

/** True if there is something to read, or never will be. */
export const isReadable = (fd: number): boolean => isReadableWithin(fd, 0n);

/** The same in a moment: this thread waits for it, where nothing else is waited for. */
const isReadableSoon = (fd: number): boolean => waiters.size === 0 && isReadableWithin(fd, MOMENT);

/** What is ready of some descriptors, as soon as it is one of them. Whoever waits keeps them open. */
export function awaitAny(fds: readonly number[]): Promise<number[]> {
  return new Promise((resolve, reject) => {
    waiters.add({ fds, resolve, reject });
    if (!isPolling) void pollAll();
    else if (!isRung) {
      isRung = true;
      writeAll(bell![1].fd, Uint8Array.of(1), WHAT);
    }
  });
}

/** Waits until there is something to read, or will never be: of a pidfd, the end of its process, whoever's child that is. */
export async function awaitReadable(fd: number): Promise<void> {
  if (!isReadableSoon(fd)) await awaitAny([fd]);
}

/** Reads what is there, at most the buffer's size; waits until there is something. How many bytes; 0 at the end. */
export async function readSome(fd: number, buffer: Uint8Array<ArrayBuffer>, what: string): Promise<number> {
  for (;;) {
    await awaitReadable(fd);
    const n = sys("read", fd, buffer, buffer.length);
    if (n !== -EINTR) return must(n, what);
  }
}

async function pollAll(): Promise<void> {
  isPolling = true;
  try {
    const [hear] = bell ??= makePipe(WHAT);
    while (waiters.size > 0) await pollOnce([...waiters], hear);
  } catch (error) {
    for (const { reject } of waiters) reject(error);
    waiters.clear();
  } finally {
    isPolling = false;
  }
}

async function pollOnce(polled: readonly Waiter[], hear: Descriptor): Promise<void> {
  const fds = [hear.fd, ...polled.flatMap((waiter) => waiter.fds)], view = pollfds(fds);
  const count = await sysBlocking("ppoll", new Uint8Array(view.buffer), fds.length, 0, 0, 0);
  if (count === -EINTR) return;
  must(count, WHAT);
  const isReady = (i: number): boolean => view.getUint16(POLLFD * i + REVENTS, true) !== 0;
  if (isReady(0)) {
    must(sys("read", hear.fd, new Uint8Array(1), 1), WHAT);
    isRung = false;
  }
  let at = 1;
  for (const waiter of polled) {
    const ready = waiter.fds.filter((_, k) => isReady(at + k));
    at += waiter.fds.length;
    if (ready.length === 0) continue;
    waiters.delete(waiter);
    waiter.resolve(ready);
  }
}
