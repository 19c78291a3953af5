/** The cpuset controller: lists of what the host has, kept and shown. Everything runs on one processor anyway. @module */
import { EINVAL, ERANGE } from "../../../../fs/abi/errno.ts";
import type { Cgroup } from "./group.ts";

/** Most processors that a list may name where the host's number is not known. */
const UNKNOWN = 8192;

/** How many there are: processors of the host, for which configurations are written; one memory node. */
const COUNT: Readonly<Record<"cpus" | "mems", number>> = {
  cpus: globalThis.navigator?.hardwareConcurrency ?? UNKNOWN,
  mems: 1,
};

/** A list as Linux shows it ("0-3,7"): -EINVAL for what is none, -ERANGE beyond `count`. */
function normalized(text: string, count: number): string | number {
  const set = new Set<number>();
  for (const part of text.split(",").filter((each) => each.trim() !== "")) {
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    if (match === null) return -EINVAL;
    const from = Number(match[1]), to = Number(match[2] ?? match[1]);
    if (from > to) return -EINVAL;
    if (to >= count) return -ERANGE;
    for (let i = from; i <= to; i++) set.add(i);
  }
  const sorted = [...set].sort((a, b) => a - b);
  const out: string[] = [];
  for (let i = 0; i < sorted.length;) {
    let end = i;
    while (sorted[end + 1] === sorted[end]! + 1) end++;
    out.push(end === i ? String(sorted[i]) : `${sorted[i]}-${sorted[end]}`);
    i = end + 1;
  }
  return out.join(",");
}

/** See the module's comment. */
export class Cpuset {
  /** cpuset.cpus; "" for those of the group above. */
  cpus = "";
  /** cpuset.mems; "" for those of the group above. */
  mems = "";

  /** Of a group. */
  constructor(readonly group: Cgroup) {}

  /** Sets one of the lists: 0, -EINVAL or -ERANGE. */
  write(which: "cpus" | "mems", text: string): number {
    const list = normalized(text, COUNT[which]);
    if (typeof list === "number") return list;
    this[which] = list;
    return 0;
  }
  /** What counts: its own list, or that of the nearest group above that has one. */
  effective(which: "cpus" | "mems"): string {
    for (const { cpuset } of this.group.ancestry()) if (cpuset[which] !== "") return cpuset[which];
    return "0";
  }
}
