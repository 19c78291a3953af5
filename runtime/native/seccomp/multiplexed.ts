/** Calls that i386 has as parts of socketcall(2) and ipc(2), too. @module */

const SOCKETCALL = 102, IPC = 117;

const SOCKET_PARTS =
  ("socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown setsockopt " +
    "getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg").split(" ");

const IPC_PARTS: Readonly<Record<string, number>> = {
  ...{ semop: 1, semget: 2, semctl: 3, semtimedop: 4, msgsnd: 11, msgrcv: 12, msgget: 13, msgctl: 14 },
  ...{ shmat: 21, shmdt: 22, shmget: 23, shmctl: 24 },
};

/** A call with what its first argument must be. */
export interface Part {
  /** Number of the call. */
  readonly number: number;
  /** The first argument. */
  readonly part: number;
  /** Bits of it that count: above them is ipc(2)'s version. */
  readonly mask: number;
}

/** How else a call can be made. */
export function partOf(name: string): Part | undefined {
  const socket = SOCKET_PARTS.indexOf(name);
  if (socket >= 0) return { number: SOCKETCALL, part: socket + 1, mask: 0xffffffff };
  const ipc = IPC_PARTS[name];
  return ipc === undefined ? undefined : { number: IPC, part: ipc, mask: 0xffff };
}
