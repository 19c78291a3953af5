/** An instance of devpts: its ptmx, and a node for each terminal. @module */
import { makedev } from "../abi/device.ts";
import { EIO, ENOSPC } from "../abi/errno.ts";
import { S_IFCHR } from "../abi/mode.ts";
import type { Clock } from "../vfs/clock.ts";
import { hostClock } from "../vfs/clock.ts";
import type { DeviceDriver } from "../vfs/device.ts";
import type { Inode, SetAttr } from "../vfs/inode.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import { kernelIds } from "../vfs/option_ids.ts";
import type { Caller, FsType } from "../vfs/vfs.ts";
import { PseudoDir, PseudoInode, PseudoSuper } from "../pseudo/mod.ts";
import { type DevptsOptions, MAX_PTYS, parseOptions, showOptions } from "./options.ts";

/** First of the major numbers of terminals of a pty. */
export const PTS_MAJOR = 136;
/** Device number of ptmx. */
export const PTMX: number = makedev(5, 2);

/** A node: its owner and mode can be changed, nothing else. */
export class DeviceNode extends PseudoInode {
  /** A character device of `sb`. */
  constructor(sb: DevptsSuper, mode: number, rdev: number) {
    super(sb, S_IFCHR | mode);
    this.rdev = rdev;
  }
  /** See Inode. */
  override setattr(attr: SetAttr): number {
    if (attr.mode !== undefined) this.mode = S_IFCHR | attr.mode;
    if (attr.uid !== undefined) this.uid = attr.uid;
    if (attr.gid !== undefined) this.gid = attr.gid;
    this.setTimes(this.sb.clock.now());
    return 0;
  }
}

/** The terminal behind a number. */
export class PtsNode extends DeviceNode {
  /** `slave` opens it. */
  constructor(
    sb: DevptsSuper,
    readonly index: number,
    mode: number,
    readonly slave: (inode: Inode, flags: number, caller: Caller) => OpenFile | number,
  ) {
    super(sb, mode, makedev(PTS_MAJOR, index));
  }
}

class PtsDir extends PseudoDir {
  readonly nodes: Map<number, PtsNode> = new Map();
  readonly #ptmx: DeviceNode;

  constructor(sb: DevptsSuper, ptmx: number) {
    super(sb, 0o755);
    this.#ptmx = new DeviceNode(sb, ptmx, PTMX);
  }
  override child(name: string): Inode | undefined {
    if (name === "ptmx") return this.#ptmx;
    return /^(0|[1-9]\d*)$/.test(name) ? this.nodes.get(Number(name)) : undefined;
  }
  override names(): readonly (readonly [string, number])[] {
    const numbers = [...this.nodes.keys()].sort((a, b) => a - b);
    return [["ptmx", 1], ...numbers.map((n) => [String(n), n + 2] as const)];
  }
}

/** See the module's comment. */
export class DevptsSuper extends PseudoSuper {
  /** See SuperBlock. */
  readonly type = "devpts";
  /** See PseudoSuper. */
  readonly magic = 0x1cd1;
  /** See SuperBlock: terminals come and go. */
  override readonly volatile: boolean = true;
  /** See SuperBlock. */
  readonly root: PseudoDir;
  readonly #taken: Set<number> = new Set();

  /** An instance of its own. */
  constructor(readonly options: DevptsOptions = {}, clock: Clock = hostClock) {
    super(clock);
    this.root = new PtsDir(this, options.ptmxmode ?? 0);
  }

  /** See SuperBlock. */
  override showOptions(): string {
    return showOptions(this.options);
  }

  /** The lowest free number; -ENOSPC if there is none. */
  allocate(): number {
    const { max = MAX_PTYS } = this.options;
    if (this.#taken.size >= max) return -ENOSPC;
    let index = 0;
    while (this.#taken.has(index)) index++;
    this.#taken.add(index);
    return index;
  }

  /** Shows a terminal under its number: it belongs to `caller`, unless the options say otherwise. */
  show(index: number, caller: Caller, slave: PtsNode["slave"]): PtsNode {
    const { uid, gid, mode = 0o600 } = this.options;
    const node = new PtsNode(this, index, mode, slave);
    node.uid = uid ?? caller.cred.fsuid;
    node.gid = gid ?? caller.cred.fsgid;
    (this.root as PtsDir).nodes.set(index, node);
    return node;
  }

  /** The node of a number goes away: its master is closed. */
  hide(index: number): void {
    (this.root as PtsDir).nodes.delete(index);
  }

  /** Nobody has the terminal open any more: its number can be given again. */
  free(index: number): void {
    this.#taken.delete(index);
  }
}

/** Opens terminals by their nodes. A node that is not in a devpts stands for no terminal: -EIO, as on Linux. */
export const ptsDriver: DeviceDriver = {
  open: (inode, flags, caller) => inode instanceof PtsNode ? inode.slave(inode, flags, caller) : -EIO,
};

/** mount -t devpts. */
export const devptsType: FsType = {
  name: "devpts",
  nodev: true,
  create(options, _source, caller) {
    const parsed = parseOptions(options);
    if (typeof parsed === "number") return parsed;
    const ids = kernelIds(caller.cred, parsed);
    return typeof ids === "number" ? ids : new DevptsSuper({ ...parsed, ...ids }, caller.vfs.clock);
  },
};
