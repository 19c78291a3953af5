/** The hierarchy of control groups of a kernel, and what the rest of the kernel asks of it. @module */
import type { Caller } from "../../../../fs/vfs/vfs.ts";
import { Cgroup, type CgroupTree } from "./group.ts";
import type { CgroupHost, Member } from "./host.ts";

/** See the module's comment. A process that was never put anywhere is in the root. */
export class Hierarchy implements CgroupTree {
  /** See CgroupTree. */
  readonly groups: Map<Member, Cgroup> = new Map();
  /** The root. */
  readonly root: Cgroup;

  /** A tree with nothing but its root. */
  constructor(readonly host: CgroupHost) {
    this.root = new Cgroup(this, null, "", { uid: 0, gid: 0, mode: 0o755 });
  }

  /** The group of a process. */
  of(member: Member): Cgroup {
    return this.groups.get(member) ?? this.root;
  }
  /** A process is going to make another in its group: 0, or -EAGAIN for pids.max. `enter` or `release` follows. */
  reserve(parent: Member): number {
    return this.of(parent).pids.tryCharge();
  }
  /** It was not made after all. */
  release(parent: Member): void {
    this.of(parent).pids.uncharge();
  }
  /** A process that `reserve` was asked for is there. */
  enter(parent: Member, child: Member): void {
    this.of(parent).add(child);
  }
  /** A process has ended, or could not be made after all. */
  exit(member: Member): void {
    this.groups.get(member)?.exit(member);
  }
  /** The text of /proc/PID/cgroup for a reader whose cgroup namespace begins at `top`. */
  describe(member: Member, top: Cgroup): string {
    const group = this.of(member);
    return `0::${group.pathFrom(top)}${group.removed ? " (deleted)" : ""}\n`;
  }
  /** May a caller use a device? "r", "w", "m". */
  mayUse(caller: Caller, type: "c" | "b", major: number, minor: number, access: string): boolean {
    return this.of(caller).mayUse(type, major, minor, access);
  }
}
