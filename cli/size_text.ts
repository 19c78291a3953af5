/** Sizes for people. @module */

const UNITS: readonly string[] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** "1.5 MiB": three digits or so, in powers of 1024. */
export function sizeText(bytes: number): string {
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? String(value) : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${UNITS[unit]}`;
}
