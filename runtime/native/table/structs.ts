/** Structures of system calls as bytes: the same on x86_64 and aarch64, which are little-endian and have 64 bits. @module */
import { O_DIRECTORY, O_NOFOLLOW } from "../../../fs/abi/open.ts";
import type { CapSets, MountAttr, OpenHow, Rlimit, SchedAttr, WindowSize } from "../../program/types.ts";
import type { Architecture } from "../asm/machine.ts";

/** Makes a structure: `fill` writes into it. */
export function struct(size: number, fill: (view: DataView) => void = () => {}): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  fill(new DataView(bytes.buffer));
  return bytes;
}

/** Flags of openat(2) that have numbers of their own on Arm (arch/arm64/include/uapi/asm/fcntl.h). */
const ARM_DIRECTORY = 0x4000, ARM_NOFOLLOW = 0x8000;

/** Flags of openat(2) on an architecture. */
export function openFlags(flags: number, architecture: Architecture): number {
  if (architecture === "x86_64") return flags;
  return flags & ~(O_DIRECTORY | O_NOFOLLOW) | (flags & O_DIRECTORY ? ARM_DIRECTORY : 0) |
    (flags & O_NOFOLLOW ? ARM_NOFOLLOW : 0);
}

/** struct open_how (man 2 openat2). */
export function openHow({ flags, mode, resolve }: OpenHow, architecture: Architecture): Uint8Array {
  return struct(24, (view) => {
    view.setBigUint64(0, BigInt(openFlags(flags, architecture) >>> 0), true);
    view.setBigUint64(8, BigInt(mode), true);
    view.setBigUint64(16, BigInt(resolve), true);
  });
}

/** struct mount_attr (man 2 mount_setattr), with `userns` in the place of its descriptor. */
export function mountAttrBytes(attr: MountAttr, userns: number): Uint8Array {
  return struct(32, (view) => {
    view.setBigUint64(0, BigInt(attr.attr_set >>> 0), true);
    view.setBigUint64(8, BigInt(attr.attr_clr >>> 0), true);
    view.setBigUint64(16, BigInt(attr.propagation >>> 0), true);
    view.setBigUint64(24, BigInt(userns), true);
  });
}

/** struct rlimit64 (man 2 prlimit). */
export function rlimitBytes({ rlim_cur, rlim_max }: Rlimit): Uint8Array {
  const infinity = 2n ** 64n - 1n;
  return struct(16, (view) => {
    view.setBigUint64(0, BigInt(rlim_cur ?? infinity), true);
    view.setBigUint64(8, BigInt(rlim_max ?? infinity), true);
  });
}

/** _LINUX_CAPABILITY_VERSION_3. */
const CAPABILITY_VERSION_3 = 0x20080522;

/** struct __user_cap_header_struct for the caller itself (man 2 capset). */
export function capHeader(): Uint8Array {
  return struct(8, (view) => view.setUint32(0, CAPABILITY_VERSION_3, true));
}

/** Two struct __user_cap_data_struct (man 2 capset). */
export function capData({ effective, permitted, inheritable }: CapSets): Uint8Array {
  return struct(24, (view) => {
    [effective, permitted, inheritable].forEach((set, i) => {
      for (const cap of set) {
        const at = (cap >> 5) * 12 + 4 * i;
        view.setUint32(at, (view.getUint32(at, true) | 1 << (cap & 31)) >>> 0, true);
      }
    });
  });
}

/** Numbers of 32 bits, one after the other. */
export function words32(values: readonly number[]): Uint8Array {
  return struct(
    4 * values.length,
    (view) => values.forEach((value, i) => view.setUint32(4 * i, value, true)),
  );
}

/** struct winsize (man 2 ioctl_tty). */
export function winsize({ rows, cols, xpixel, ypixel }: WindowSize): Uint8Array {
  return struct(
    8,
    (view) => [rows, cols, xpixel, ypixel].forEach((value, i) => view.setUint16(2 * i, value, true)),
  );
}

/** struct sched_attr (man 2 sched_setattr), as it was first: 48 bytes. */
export function schedAttr(attr: SchedAttr): Uint8Array {
  return struct(48, (view) => {
    view.setUint32(0, 48, true);
    view.setUint32(4, attr.sched_policy, true);
    view.setBigUint64(8, BigInt(attr.sched_flags), true);
    view.setInt32(16, attr.sched_nice, true);
    view.setUint32(20, attr.sched_priority, true);
    [attr.sched_runtime, attr.sched_deadline, attr.sched_period].forEach((value, i) => {
      view.setBigUint64(24 + 8 * i, value, true);
    });
  });
}

/** Bits that a mask of memory nodes has (MAX_NUMNODES), and one more, which the kernel takes off. */
export const NODE_BITS = 1025;

/** A mask of memory nodes (man 2 set_mempolicy). */
export function nodeMask(nodes: readonly number[]): Uint8Array {
  return struct(128, (view) => {
    for (const node of nodes) view.setUint8(node >> 3, view.getUint8(node >> 3) | 1 << (node & 7));
  });
}

/** A mask of CPUs (man 2 sched_setaffinity) from a list such as "0-3,7". */
export function cpuMask(list: string): Uint8Array {
  const ranges = list.split(",").filter((part) => part !== "").map((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return [first, last] as const;
  });
  const size = 8 * Math.ceil((Math.max(0, ...ranges.map(([, last]) => last)) + 1) / 64);
  return struct(size, (view) => {
    for (const [first, last] of ranges) {
      for (let cpu = first; cpu <= last; cpu++) {
        view.setUint8(cpu >> 3, view.getUint8(cpu >> 3) | 1 << (cpu & 7));
      }
    }
  });
}

/** What clone3(2) is asked for. */
export interface CloneArgs {
  /** CLONE_*; one above 32 bits is a number all the same. */
  readonly flags: number;
  /** Signal for the parent at the end; 0 with CLONE_PARENT. */
  readonly exitSignal: number;
  /** With CLONE_INTO_CGROUP: where to. */
  readonly cgroup?: number;
}

/** Bytes of struct clone_args, with the cgroup. */
export const CLONE_ARGS_SIZE = 88;
/** Where its address of a pidfd is. */
export const CLONE_ARGS_PIDFD = 8;

/** struct clone_args (man 2 clone3). */
export function cloneArgs({ flags, exitSignal, cgroup = 0 }: CloneArgs): Uint8Array<ArrayBuffer> {
  return struct(CLONE_ARGS_SIZE, (view) => {
    view.setBigUint64(0, BigInt(flags), true);
    view.setBigUint64(32, BigInt(exitSignal), true);
    view.setBigUint64(80, BigInt(cgroup), true);
  });
}
