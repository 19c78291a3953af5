/**
 * The directory of pseudo-terminals (man 7 pty). It has its `ptmx`; no driver makes terminals yet, so opening that is ENXIO.
 * @module
 */
import { EINVAL } from "../abi/errno.ts";
import { makedev } from "../abi/device.ts";
import { S_IFCHR } from "../abi/mode.ts";
import { type Clock, hostClock } from "../vfs/clock.ts";
import type { FsType } from "../vfs/vfs.ts";
import { PseudoInode, PseudoSuper, StaticDir } from "../pseudo/mod.ts";

class DeviceNode extends PseudoInode {}

/** Options of a devpts (Documentation/filesystems/devpts). */
export interface DevptsOptions {
  /** Mode of ptmx; 0 by default, as Linux has it. */
  readonly ptmxmode?: number;
  /** Options as mountinfo shows them. */
  readonly shown?: string;
}

/** A devpts. */
export class DevptsSuper extends PseudoSuper {
  /** See SuperBlock. */
  readonly type = "devpts";
  /** See PseudoSuper. */
  readonly magic = 0x1cd1;
  /** See SuperBlock. */
  readonly root: StaticDir;
  readonly #shown: string;

  /** An instance of its own (newinstance). */
  constructor(options: DevptsOptions = {}, clock: Clock = hostClock) {
    super(clock);
    this.#shown = options.shown ?? "";
    const ptmx = new DeviceNode(this, S_IFCHR | (options.ptmxmode ?? 0));
    ptmx.rdev = makedev(5, 2);
    this.root = new StaticDir(this, 0o755).add("ptmx", ptmx);
  }

  /** See SuperBlock. */
  override showOptions(): string {
    return this.#shown;
  }
}

/** mount -t devpts. */
export const devptsType: FsType = {
  name: "devpts",
  nodev: true,
  create(options, _source, caller) {
    let ptmxmode = 0;
    for (const option of options) {
      const [key, value = ""] = option.split("=");
      if (!["newinstance", "uid", "gid", "mode", "ptmxmode", "max"].includes(key!)) return -EINVAL;
      if (key === "ptmxmode") ptmxmode = parseInt(value, 8);
    }
    if (Number.isNaN(ptmxmode)) return -EINVAL;
    const shown = options.filter((option) => option !== "newinstance").join(",");
    return new DevptsSuper({ ptmxmode, shown }, caller.vfs.clock);
  },
};
