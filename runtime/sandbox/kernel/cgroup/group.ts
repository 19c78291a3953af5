/** Control groups: the tree, its processes, and the rules by which both change (Linux: cgroup-v2, "Core"). @module */
import { EACCES, EAGAIN, EBUSY, EINVAL, ENOENT, EOPNOTSUPP } from "../../../../fs/abi/errno.ts";
import { W_OK } from "../../../../fs/abi/open.ts";
import type { CgroupDirectory, CgroupFile, CgroupOwner } from "../../../../fs/cgroupfs/directory.ts";
import type { FsCred } from "../../../../fs/vfs/cred.ts";
import { CAP_DAC_OVERRIDE } from "../../../../fs/vfs/cred.ts";
import { inGroup } from "../../../../fs/vfs/permission.ts";
import type { MemoryAccount } from "../../../../fs/vfs/vfs.ts";
import { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import { POLLPRI } from "../../../../fs/abi/poll.ts";
import { type ControllerName, CONTROLLERS, THREADED } from "./controllers.ts";
import { Cpu } from "./cpu.ts";
import { Cpuset } from "./cpuset.ts";
import { type DeviceRule, mayUseDevice } from "./devices.ts";
import { filesOf } from "./files.ts";
import type { CgroupHost, Member } from "./host.ts";
import { Io } from "./io.ts";
import { Memory } from "./memory.ts";
import { Pids } from "./pids.ts";
import { keyed } from "./values.ts";

/** What all groups of a tree share. */
export interface CgroupTree {
  /** The kernel. */
  readonly host: CgroupHost;
  /** Which group a process is in. */
  readonly groups: Map<Member, Cgroup>;
}

/** A control group. */
export class Cgroup implements CgroupDirectory {
  /** See CgroupDirectory. */
  readonly owner: CgroupOwner;
  /** Groups below. */
  readonly children: Map<string, Cgroup> = new Map();
  /** Processes in it. */
  readonly members: Set<Member> = new Set();
  /** Controllers enabled for the groups below (cgroup.subtree_control). */
  readonly enabled: Set<ControllerName> = new Set();
  /** cgroup.max.descendants. */
  maxDescendants = Infinity;
  /** cgroup.max.depth. */
  maxDepth = Infinity;
  /** cgroup.freeze. */
  freeze = false;
  /** It has been removed. */
  removed = false;
  /** Allowed devices; null: whatever the groups above allow. */
  deviceRules: readonly DeviceRule[] | null = null;
  /** Who pays for files in memory that its processes make. */
  readonly account: MemoryAccount = { charge: (bytes, needed) => this.memory.charge(bytes, needed) };
  /** Told when cgroup.events changes. */
  readonly eventsChanged: WaitQueue = new WaitQueue();
  /** How often cgroup.events has changed. */
  eventChanges = 0;
  /** Memory. */
  memory: Memory;
  /** Number of processes. */
  pids: Pids;
  /** CPU time. */
  cpu: Cpu;
  /** Block I/O. */
  io: Io = new Io();
  /** Processors and memory nodes. */
  cpuset: Cpuset;
  readonly #files: Map<string, CgroupFile> = new Map();
  #populated = false;
  #frozen = false;

  /** A group below `parent`, or the root. */
  constructor(
    readonly tree: CgroupTree,
    readonly parent: Cgroup | null,
    readonly name: string,
    owner: CgroupOwner,
  ) {
    this.owner = owner;
    this.memory = new Memory(this);
    this.pids = new Pids(this);
    this.cpu = new Cpu(this);
    this.cpuset = new Cpuset(this);
  }

  /** This group and all above. */
  *ancestry(): Iterable<Cgroup> {
    yield this;
    if (this.parent !== null) yield* this.parent.ancestry();
  }
  /** This group and all below. */
  *subtree(): Iterable<Cgroup> {
    yield this;
    for (const child of this.children.values()) yield* child.subtree();
  }
  /** True if it is `other` or below it. */
  isWithin(other: Cgroup): boolean {
    for (const each of this.ancestry()) if (each === other) return true;
    return false;
  }
  /** Its path from the root of the tree. */
  get path(): string {
    return this.parent === null ? "/" : `${this.parent.parent === null ? "" : this.parent.path}/${this.name}`;
  }
  /** Its path as a process whose cgroup namespace begins at `top` sees it (man 7 cgroup_namespaces). */
  pathFrom(top: Cgroup): string {
    let up = "";
    let at: Cgroup = top;
    for (; !this.isWithin(at); at = at.parent!) up += "/..";
    const below = this.path.slice(at.parent === null ? 0 : at.path.length);
    return up + (below === "/" || below === "" ? (up === "" ? "/" : "") : below);
  }

  /** Controllers it has: those its parent gives it; the root has all. */
  get controllers(): readonly ControllerName[] {
    const { parent } = this;
    return parent === null ? CONTROLLERS : CONTROLLERS.filter((name) => parent.enabled.has(name));
  }
  /** Controllers enabled for the groups below, in the order in which they are listed. */
  enabledInOrder(): ControllerName[] {
    return CONTROLLERS.filter((name) => this.enabled.has(name));
  }
  /** cpu.stat: what is used, and what the limit has done when there is a controller. */
  cpuStat(): string {
    const { cpu } = this;
    const usage = Math.floor(cpu.usage());
    const { periods, throttled, time } = cpu.throttling;
    return keyed({
      usage_usec: usage,
      user_usec: usage,
      system_usec: 0,
      ...this.parent !== null && this.controllers.includes("cpu")
        ? {
          nr_periods: periods,
          nr_throttled: throttled,
          throttled_usec: Math.floor(time),
          nr_bursts: 0,
          burst_usec: 0,
        }
        : {},
    });
  }
  /** There are processes in it or below. */
  get populated(): boolean {
    for (const each of this.subtree()) if (each.members.size > 0) return true;
    return false;
  }
  /** It or a group above is frozen. */
  get frozen(): boolean {
    for (const each of this.ancestry()) if (each.freeze) return true;
    return false;
  }

  /** Processes and threaded controllers together: groups below can only hold threads. */
  get #isThreadRoot(): boolean {
    return this.parent !== null && this.members.size > 0 && this.enabled.size > 0;
  }
  /** "domain", "domain threaded" or "domain invalid" (cgroup.type). */
  get type(): string {
    for (let at = this.parent; at !== null; at = at.parent) if (at.#isThreadRoot) return "domain invalid";
    return this.#isThreadRoot ? "domain threaded" : "domain";
  }

  // Files.

  /** See CgroupDirectory. */
  child(name: string): Cgroup | undefined {
    return this.children.get(name);
  }
  /** See CgroupDirectory. */
  names(): Iterable<string> {
    return this.children.keys();
  }
  /** See CgroupDirectory. */
  file(name: string): CgroupFile | undefined {
    this.#syncFiles();
    return this.#files.get(name);
  }
  /** See CgroupDirectory. */
  fileNames(): Iterable<string> {
    this.#syncFiles();
    return this.#files.keys();
  }
  /** Files come and go with controllers; one that stays is the same object. */
  #syncFiles(): void {
    const wanted = filesOf(this);
    for (const name of [...this.#files.keys()]) if (wanted[name] === undefined) this.#files.delete(name);
    for (const [name, make] of Object.entries(wanted)) {
      if (this.#files.has(name)) continue;
      const made = make(this);
      const mode = made.read === undefined ? 0o200 : made.write === undefined ? 0o444 : 0o644;
      // The owner of a new group owns its files too (cgroup_kn_set_ugid).
      this.#files.set(name, { ...made, owner: { uid: this.owner.uid, gid: this.owner.gid, mode } });
    }
  }

  // The tree.

  /** See CgroupDirectory. -EAGAIN where a group above limits how many or how deep groups may be, -ENOENT in a removed group. */
  mkdir(name: string, mode: number, uid: number, gid: number): Cgroup | number {
    if (this.removed) return -ENOENT;
    let level = 1;
    for (const each of this.ancestry()) {
      if (each.descendants() >= each.maxDescendants || level > each.maxDepth) return -EAGAIN;
      level++;
    }
    const made = new Cgroup(this.tree, this, name, { uid, gid, mode });
    this.children.set(name, made);
    return made;
  }
  /** See CgroupDirectory. -EBUSY while it has processes or groups below. */
  rmdir(name: string): number {
    const child = this.children.get(name);
    if (child === undefined) return -ENOENT;
    if (child.children.size > 0 || child.members.size > 0) return -EBUSY;
    this.children.delete(name);
    child.removed = true;
    this.cpu.inherit(child.cpu);
    return 0;
  }
  /** How many groups are below. */
  descendants(): number {
    let count = -1;
    for (const _ of this.subtree()) count++;
    return count;
  }

  // Processes.

  /** A process is gone. */
  exit(member: Member): void {
    this.cpu.leave(member);
    this.pids.uncharge();
    this.members.delete(member);
    this.tree.groups.delete(member);
    this.update();
  }
  /** Puts a process in that pids counts already. */
  add(member: Member): void {
    this.members.add(member);
    this.tree.groups.set(member, this);
    this.cpu.enter(member);
    if (this.frozen) this.tree.host.freeze(member, true);
    this.update();
  }

  /**
   * Moves a process here, as a write to cgroup.procs does. `from` and here must be in the writer's reach: it may write to the
   * cgroup.procs of their nearest common group (cgroup-v2, "Delegation Containment").
   */
  attach(member: Member, writer: FsCred): number {
    const from = this.tree.groups.get(member);
    if (this.removed || from === undefined) return -ENOENT;
    const common = [...this.ancestry()].find((each) => from.isWithin(each))!;
    if (!mayWrite(writer, common.file("cgroup.procs")!.owner)) return -EACCES;
    if (this.type !== "domain" && this.type !== "domain threaded") return -EOPNOTSUPP;
    // The no internal process constraint.
    if (this.parent !== null && this.enabled.size > 0) return -EBUSY;
    if (from === this) return 0;
    const wasFrozen = from.frozen;
    from.cpu.leave(member);
    from.pids.uncharge();
    from.members.delete(member);
    from.update();
    this.pids.charge();
    this.add(member);
    if (wasFrozen && !this.frozen) this.tree.host.freeze(member, false);
    return 0;
  }

  // Controllers.

  /** A write to cgroup.subtree_control: all of it, or none. */
  control(text: string): number {
    const changes = new Map<ControllerName, boolean>();
    for (const word of text.split(/\s+/).filter((each) => each !== "")) {
      const name = word.slice(1) as ControllerName;
      if (!CONTROLLERS.includes(name) || (word[0] !== "+" && word[0] !== "-")) return -EINVAL;
      changes.set(name, word[0] === "+");
    }
    const own = this.controllers;
    const enable: ControllerName[] = [], disable: ControllerName[] = [];
    for (const [name, on] of changes) {
      if (on === this.enabled.has(name)) continue;
      if (on && !own.includes(name)) return -ENOENT;
      if (!on && [...this.children.values()].some((child) => child.enabled.has(name))) return -EBUSY;
      (on ? enable : disable).push(name);
    }
    const error = this.#mayEnable(enable);
    if (error < 0) return error;
    for (const name of enable) this.enabled.add(name);
    for (const name of disable) {
      this.enabled.delete(name);
      for (const child of this.children.values()) child.#reset(name);
    }
    return 0;
  }

  #mayEnable(enable: readonly ControllerName[]): number {
    if (enable.length === 0) return 0;
    if (this.type === "domain invalid") return -EOPNOTSUPP;
    if (this.parent === null || this.members.size === 0) return 0;
    const threadedOnly = [...this.enabled, ...enable].every((name) => THREADED.includes(name));
    const below = [...this.children.values()].some((child) => child.populated);
    if (enable.every((name) => THREADED.includes(name)) && threadedOnly && !below) return 0;
    if (this.#isThreadRoot) return -EOPNOTSUPP;
    return -EBUSY;
  }

  /** A controller has been taken away: its limits are gone, what it counts goes on. */
  #reset(name: ControllerName): void {
    if (name === "memory") this.memory = this.memory.reset();
    else if (name === "pids") this.pids = this.pids.reset();
    else if (name === "cpu") this.cpu.reset();
    else if (name === "io") this.io = new Io();
    else this.cpuset = new Cpuset(this);
    for (const child of this.children.values()) child.#reset(name);
  }

  // States of a whole tree.

  /** cgroup.freeze. */
  setFreeze(on: boolean): void {
    const before = new Map([...this.subtree()].map((each) => [each, each.frozen]));
    this.freeze = on;
    for (const [each, was] of before) {
      if (each.frozen === was) continue;
      for (const member of each.members) this.tree.host.freeze(member, !was);
      each.update();
    }
  }
  /** cgroup.kill: SIGKILL to every process in it and below. */
  kill(): void {
    for (const each of this.subtree()) for (const member of [...each.members]) this.tree.host.kill(member);
  }
  /** May its processes read ("r"), write ("w") or make ("m") a device? Every group above has a say. */
  mayUse(type: "c" | "b", major: number, minor: number, access: string): boolean {
    for (const { deviceRules } of this.ancestry()) {
      if (deviceRules !== null && !mayUseDevice(deviceRules, type, major, minor, access)) return false;
    }
    return true;
  }

  /** Something that cgroup.events shows may have changed, here and above. */
  update(): void {
    for (const each of this.ancestry()) {
      const { populated, frozen } = each;
      if (populated === each.#populated && frozen === each.#frozen) continue;
      each.#populated = populated;
      each.#frozen = frozen;
      each.eventChanges++;
      each.eventsChanged.wake(POLLPRI);
    }
  }
}

/** Write permission by owner, group and others, as for any file (man 7 path_resolution). */
function mayWrite(cred: FsCred, owner: CgroupOwner): boolean {
  const shift = cred.fsuid === owner.uid ? 6 : inGroup(cred, owner.gid) ? 3 : 0;
  return ((owner.mode >>> shift) & W_OK) !== 0 || cred.capable(CAP_DAC_OVERRIDE);
}
