/** Drivers of device nodes, by type and number. @module */
import { ENXIO } from "../abi/errno.ts";
import { isBlk } from "../abi/mode.ts";
import type { Inode } from "./inode.ts";
import type { OpenFile } from "./open_file.ts";
import type { Caller } from "./vfs.ts";

/** What stands behind a device number. */
export interface DeviceDriver {
  /** Opens the device through the node `inode`. */
  open(inode: Inode, flags: number, caller: Caller): OpenFile | number;
}

/** All drivers of a kernel. */
export class DeviceRegistry {
  readonly #char = new Map<number, DeviceDriver>();
  readonly #block = new Map<number, DeviceDriver>();

  /** Registers a character ("c") or block ("b") driver for a device number. */
  register(type: "c" | "b", rdev: number, driver: DeviceDriver): void {
    (type === "c" ? this.#char : this.#block).set(rdev, driver);
  }

  /** Opens the device of a node; -ENXIO if nobody drives it (man 2 open). */
  open(inode: Inode, flags: number, caller: Caller): OpenFile | number {
    const driver = (isBlk(inode.mode) ? this.#block : this.#char).get(inode.rdev);
    return driver === undefined ? -ENXIO : driver.open(inode, flags, caller);
  }
}
