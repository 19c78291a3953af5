/** Interface files of the controllers (Linux: cgroup-v2, "Controllers"). @module */
import { EAGAIN, EINVAL, ERANGE } from "../../../../fs/abi/errno.ts";
import { type FileMaker, text } from "./file.ts";
import type { Cgroup } from "./group.ts";

import { keyed, parseBytes, parseCount, parseRange, shown } from "./values.ts";

type Files = Readonly<Record<string, FileMaker>>;

function bytes(field: "high" | "low" | "min" | "swapMax" | "swapHigh"): FileMaker {
  return text((group) => `${shown(group.memory[field])}\n`, (group, value) => {
    const wanted = parseBytes(value);
    if (wanted < 0) return wanted;
    group.memory[field] = wanted;
    if (field === "high" && group.memory.usage() > wanted) group.memory.count("high");
    return 0;
  });
}

function stat({ memory }: Cgroup): string {
  return keyed({
    anon: memory.anonymous(),
    file: memory.files,
    kernel: 0,
    shmem: memory.files,
    file_mapped: 0,
    file_dirty: 0,
    file_writeback: 0,
    inactive_anon: 0,
    active_anon: memory.anonymous(),
    inactive_file: 0,
    active_file: memory.files,
    unevictable: 0,
    oom_kill: memory.events.oom_kill,
  });
}

/** memory. */
export const MEMORY_FILES: Files = {
  "memory.current": text((group) => `${group.memory.usage()}\n`),
  "memory.events": text(({ memory: { events } }) => keyed(events)),
  "memory.events.local": text(({ memory: { localEvents } }) => keyed(localEvents)),
  "memory.high": bytes("high"),
  "memory.low": bytes("low"),
  "memory.max": text((group) => `${shown(group.memory.max)}\n`, (group, value) => {
    const max = parseBytes(value);
    if (max < 0) return max;
    group.memory.setMax(max);
    return 0;
  }),
  "memory.min": bytes("min"),
  "memory.oom.group": text((group) => `${group.memory.oomGroup ? 1 : 0}\n`, (group, value) => {
    if (value !== "0" && value !== "1") return -EINVAL;
    group.memory.oomGroup = value === "1";
    return 0;
  }),
  "memory.peak": text((group) => `${group.memory.peak()}\n`),
  // Nothing can be given back: all of it is in use.
  "memory.reclaim": () => ({
    write: (value: string) => parseBytes(value.split(" ")[0]!) < 0 ? -EINVAL : -EAGAIN,
  }),
  "memory.stat": text(stat),
  "memory.swap.current": text(() => "0\n"),
  "memory.swap.events": text(() => keyed({ high: 0, max: 0, fail: 0 })),
  "memory.swap.high": bytes("swapHigh"),
  "memory.swap.max": bytes("swapMax"),
  "memory.swap.peak": text(() => "0\n"),
};

/** pids. */
export const PIDS_FILES: Files = {
  "pids.current": text((group) => `${group.pids.current}\n`),
  "pids.events": text((group) => `max ${group.pids.events}\n`),
  "pids.events.local": text((group) => `max ${group.pids.localEvents}\n`),
  "pids.max": text((group) => `${shown(group.pids.max)}\n`, (group, value) => {
    const max = parseCount(value);
    if (max < 0) return max === -ERANGE ? -EINVAL : max;
    group.pids.max = max;
    return 0;
  }),
  "pids.peak": text((group) => `${group.pids.peak}\n`),
};

/** Shortest and longest period and quota (man 7 sched, bandwidth control). */
const MIN_QUOTA = 1000, MAX_PERIOD = 1000000;

function writeMax({ cpu }: Cgroup, value: string): number {
  const match = /^(max|\d+)(?:\s+(\d+))?$/.exec(value);
  if (match === null) return -EINVAL;
  const quota = match[1] === "max" ? Infinity : Number(match[1]);
  const period = match[2] === undefined ? cpu.period : Number(match[2]);
  if (quota < MIN_QUOTA || period < MIN_QUOTA || period > MAX_PERIOD || cpu.burst > quota) return -EINVAL;
  cpu.quota = quota;
  cpu.period = period;
  return 0;
}

/** Weights of nice values: each step is about a factor of 1.25 (sched_prio_to_weight). */
const weightOfNice = (nice: number): number => Math.min(10000, Math.max(1, Math.round(100 * 1.25 ** -nice)));
const niceOfWeight = (weight: number): number =>
  Math.min(19, Math.max(-20, -Math.round(Math.log(weight / 100) / Math.log(1.25))));

/** cpu. */
export const CPU_FILES: Files = {
  "cpu.idle": text((group) => `${group.cpu.idle ? 1 : 0}\n`, ({ cpu }, value) => {
    const idle = parseRange(value, 0, 1);
    if (idle < 0) return -EINVAL;
    cpu.idle = idle === 1;
    return 0;
  }),
  "cpu.max": text(({ cpu }) => `${shown(cpu.quota)} ${cpu.period}\n`, writeMax),
  "cpu.max.burst": text(({ cpu }) => `${cpu.burst}\n`, ({ cpu }, value) => {
    const burst = parseRange(value, 0, Number.MAX_SAFE_INTEGER);
    if (burst < 0 || burst > cpu.quota) return -EINVAL;
    cpu.burst = burst;
    return 0;
  }),
  "cpu.weight": text(({ cpu }) => `${cpu.idle ? 0 : cpu.weight}\n`, ({ cpu }, value) => {
    const weight = parseRange(value, 1, 10000);
    if (weight < 0) return weight;
    if (cpu.idle) return -EINVAL;
    cpu.weight = weight;
    return 0;
  }),
  "cpu.weight.nice": text(({ cpu }) => `${niceOfWeight(cpu.weight)}\n`, ({ cpu }, value) => {
    const nice = parseSigned(value);
    if (nice === undefined) return -EINVAL;
    if (nice < -20 || nice > 19) return -ERANGE;
    if (cpu.idle) return -EINVAL;
    cpu.weight = weightOfNice(nice);
    return 0;
  }),
};

const parseSigned = (value: string): number | undefined => /^-?\d+$/.test(value) ? Number(value) : undefined;

/** io. */
export const IO_FILES: Files = {
  "io.max": text(() => "", (group, value) => group.io.writeMax(value)),
  "io.stat": text(() => ""),
  "io.weight": text((group) => group.io.showWeight(), (group, value) => group.io.writeWeight(value)),
};

/** cpuset. */
export const CPUSET_FILES: Files = {
  "cpuset.cpus": text(
    (group) => `${group.cpuset.cpus}\n`,
    (group, value) => group.cpuset.write("cpus", value),
  ),
  "cpuset.cpus.effective": text((group) => `${group.cpuset.effective("cpus")}\n`),
  "cpuset.cpus.partition": text(() => "member\n", (_, value) => value === "member" ? 0 : -EINVAL),
  "cpuset.mems": text(
    (group) => `${group.cpuset.mems}\n`,
    (group, value) => group.cpuset.write("mems", value),
  ),
  "cpuset.mems.effective": text((group) => `${group.cpuset.effective("mems")}\n`),
};
