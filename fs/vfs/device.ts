/** Drivers of device nodes, by type and number. @module */
import { ENXIO, EPERM } from "../abi/errno.ts";
import { isBlk } from "../abi/mode.ts";
import { O_ACCMODE, O_RDONLY, O_WRONLY } from "../abi/open.ts";
import { major } from "../abi/device.ts";
import type { VPath } from "./dentry.ts";
import type { Inode } from "./inode.ts";
import type { OpenFile } from "./open_file.ts";
import type { Caller } from "./vfs.ts";

/** What stands behind a device number. */
export interface DeviceDriver {
  /** Opens the device through the node `inode`, which was found at `at`. */
  open(inode: Inode, flags: number, caller: Caller, at: VPath): OpenFile | number;
}

/** All drivers of a kernel. */
export class DeviceRegistry {
  readonly #char = new Map<number, DeviceDriver>();
  readonly #block = new Map<number, DeviceDriver>();
  readonly #majors = new Map<number, DeviceDriver>();

  /** May a caller read ("r"), write ("w") or make ("m") a device? A kernel with control groups sets it (config-linux.md#allowed-device-list). */
  allows: (caller: Caller, type: "c" | "b", rdev: number, access: string) => boolean = () => true;

  /** Registers a character ("c") or block ("b") driver for a device number. */
  register(type: "c" | "b", rdev: number, driver: DeviceDriver): void {
    (type === "c" ? this.#char : this.#block).set(rdev, driver);
  }

  /** Registers a character driver for every minor number of a major one that has no driver of its own. */
  registerMajor(number: number, driver: DeviceDriver): void {
    this.#majors.set(number, driver);
  }

  /** Opens the device of a node; -EPERM if the caller's control group may not use it, -ENXIO if nobody drives it (man 2 open). */
  open(inode: Inode, flags: number, caller: Caller, at: VPath): OpenFile | number {
    const mode = flags & O_ACCMODE;
    const access = `${mode === O_WRONLY ? "" : "r"}${mode === O_RDONLY ? "" : "w"}`;
    if (!this.allows(caller, isBlk(inode.mode) ? "b" : "c", inode.rdev, access)) return -EPERM;
    const driver = isBlk(inode.mode)
      ? this.#block.get(inode.rdev)
      : this.#char.get(inode.rdev) ?? this.#majors.get(major(inode.rdev));
    return driver === undefined ? -ENXIO : driver.open(inode, flags, caller, at);
  }
}
