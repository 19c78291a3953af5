/** Maps of user or group ids of a user namespace (man 7 user_namespaces, "User and group ID mappings"). @module */
import { EINVAL } from "../../../fs/abi/errno.ts";

/** What an id without a mapping is shown as (/proc/sys/kernel/overflowuid). */
export const OVERFLOW_ID = 65534;
/** Most lines of a map, and the size that a write stays below. */
const MAX_LINES = 340, MAX_BYTES = 4096;
/** One more than the highest id; 2^32 - 1 is "no id". */
const ID_END = 2 ** 32 - 1;

/** One line of a map. */
export interface IdExtent {
  /** First id inside. */
  readonly first: number;
  /** First id outside: of the parent where it was written, the kernel's own once it is in place. */
  readonly lower: number;
  /** How many. */
  readonly count: number;
}

/** A map between a namespace's ids and the kernel's own, which are those of the initial namespace. */
export class IdMap {
  /** Every id is itself: the initial namespace's. */
  static readonly IDENTITY: IdMap = new IdMap([{ first: 0, lower: 0, count: ID_END }]);
  /** Nothing is mapped yet. */
  static readonly EMPTY: IdMap = new IdMap([]);

  /** A map of these extents, with the kernel's ids as `lower`. */
  constructor(readonly extents: readonly IdExtent[]) {}

  /** The kernel's id for one of the namespace; -1 if it has no mapping. */
  toKernel(id: number): number {
    for (const { first, lower, count } of this.extents) {
      if (id >= first && id < first + count) return lower + id - first;
    }
    return -1;
  }

  /** The namespace's id for one of the kernel; -1 if it has no mapping. */
  fromKernel(id: number): number {
    for (const { first, lower, count } of this.extents) {
      if (id >= lower && id < lower + count) return first + id - lower;
    }
    return -1;
  }

  /** As fromKernel, with the overflow id for what has no mapping. */
  shown(id: number): number {
    const mapped = this.fromKernel(id);
    return mapped < 0 ? OVERFLOW_ID : mapped;
  }

  /** The kernel's first id of a whole range of the namespace; -1 unless one extent holds it all. */
  rangeToKernel(start: number, length: number): number {
    for (const { first, lower, count } of this.extents) {
      if (start >= first && start + length <= first + count) return lower + start - first;
    }
    return -1;
  }
}

const overlap = (a: number, b: number, aCount: number, bCount: number): boolean =>
  a < b + bCount && b < a + aCount;

/** Reads what is written to uid_map or gid_map: -EINVAL for what "validity rules" of user_namespaces(7) forbid. */
export function parseIdMap(text: string): readonly IdExtent[] | number {
  if (text.length >= MAX_BYTES) return -EINVAL;
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0 || lines.length > MAX_LINES) return -EINVAL;
  const extents: IdExtent[] = [];
  for (const line of lines) {
    const match = /^[ \t]*(\d{1,10})[ \t]+(\d{1,10})[ \t]+(\d{1,10})[ \t]*$/.exec(line);
    if (match === null) return -EINVAL;
    const [first, lower, count] = [Number(match[1]), Number(match[2]), Number(match[3])];
    if (count === 0 || first + count > ID_END || lower + count > ID_END) return -EINVAL;
    const clash = extents.some((e) =>
      overlap(e.first, first, e.count, count) || overlap(e.lower, lower, e.count, count)
    );
    if (clash) return -EINVAL;
    extents.push({ first, lower, count });
  }
  return extents;
}
