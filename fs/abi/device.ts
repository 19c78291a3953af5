/** Device numbers, encoded as Linux's dev_t in user space (sys/sysmacros.h). @module */

/** A dev_t from major (12 bits here) and minor (20 bits). */
export function makedev(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8)) + (minor >>> 8) * 0x100000;
}
/** The major number of a dev_t. */
export function major(dev: number): number {
  return (dev >>> 8) & 0xfff;
}
/** The minor number of a dev_t. */
export function minor(dev: number): number {
  return (dev & 0xff) | ((Math.floor(dev / 0x100000) & 0xfff) << 8);
}
