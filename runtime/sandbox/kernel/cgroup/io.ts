/**
 * The io controller. It counts what is read from and written to block devices, and holds that back: files in memory, pipes and files of network
 * filesystems never count (Linux: cgroup-v2, "IO"). The userland kernel has no block device: its files are in memory or are the host's, which it
 * shows as a network filesystem's. So nothing is counted, and there is no device to set a limit or a weight of.
 * @module
 */
import { EINVAL, ENODEV } from "../../../../fs/abi/errno.ts";
import { parseRange } from "./values.ts";

const DEFAULT_WEIGHT = 100;

/** See the module's comment. */
export class Io {
  /** io.weight of devices that have none of their own. */
  #weight = DEFAULT_WEIGHT;

  /** io.max: "8:16 rbps=2097152 wiops=120". The device is looked for first (blkg_conf_prep). */
  writeMax(text: string): number {
    return /^\d+:\d+(\s|$)/.test(text) ? -ENODEV : -EINVAL;
  }
  /** io.weight. */
  showWeight(): string {
    return `default ${this.#weight}\n`;
  }
  /** "100", "default 100", "8:16 200" or "8:16 default". */
  writeWeight(text: string): number {
    if (/^\d+:\d+\s/.test(text)) return -ENODEV;
    const match = /^(?:default\s+)?(-?\d+)$/.exec(text);
    if (match === null) return -EINVAL;
    const weight = parseRange(match[1]!, 1, 10000);
    if (weight < 0) return weight;
    this.#weight = weight;
    return 0;
  }
}
