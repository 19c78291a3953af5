/** Cgroups of version 1, from inside: the process writes itself into them (cgroup-v1/cgroups.rst, 2.2). @module */
import type { NativeStep } from "../table/types.ts";

/** A cgroup that the process is to be in. */
export interface JoinedCgroup {
  /** Its directory. */
  readonly cgroup: string;
  /** Descriptor of its file `tasks`. */
  readonly fd: number;
}

/** Joins them: 0 is whoever writes it, who alone may do so without others having to wait. The descriptors are closed. */
export function joinCgroups(cgroups: readonly JoinedCgroup[]): NativeStep[] {
  const own = { bytes: Uint8Array.of("0".charCodeAt(0)), name: "own number" };
  return cgroups.flatMap(({ cgroup, fd }): NativeStep[] => {
    const what = `putting the process into the cgroup ${cgroup}`;
    return [
      { native: "write", args: [fd, own, 1], what },
      { native: "close", args: [fd], what },
    ];
  });
}
