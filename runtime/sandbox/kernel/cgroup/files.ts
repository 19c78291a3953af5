/** Interface files of control groups (Linux: cgroup-v2, "Core Interface Files"). @module */
import { EINVAL, ENOENT, EOPNOTSUPP, ERANGE, ESRCH } from "../../../../fs/abi/errno.ts";
import type { Caller } from "../../../../fs/vfs/vfs.ts";
import type { ControllerName } from "./controllers.ts";
import { CPU_FILES, CPUSET_FILES, IO_FILES, MEMORY_FILES, PIDS_FILES } from "./controller_files.ts";
import { type FileMaker, text } from "./file.ts";
import type { Cgroup } from "./group.ts";
import { parseCount, shown } from "./values.ts";

const procs: FileMaker = (group) => ({
  read: (opener: Caller) =>
    [...group.members].map((member) => `${group.tree.host.pidOf(member, opener)}\n`).join(""),
  write(value: string, opener: Caller): number {
    if (!/^\d+$/.test(value)) return -EINVAL;
    const member = group.tree.host.find(Number(value), opener);
    return member === undefined ? -ESRCH : group.attach(member, opener.cred);
  },
});

const events: FileMaker = (group) => ({
  read: () => `populated ${group.populated ? 1 : 0}\nfrozen ${group.frozen ? 1 : 0}\n`,
  changed: group.eventsChanged,
  changes: () => group.eventChanges,
});

function limit(field: "maxDescendants" | "maxDepth"): FileMaker {
  return text((group) => `${shown(group[field])}\n`, (group, value) => {
    const count = parseCount(value);
    if (count < 0) return count;
    group[field] = count;
    return 0;
  });
}

/** Files of every group. */
const CORE: Readonly<Record<string, FileMaker>> = {
  "cgroup.controllers": text((group) => `${group.controllers.join(" ")}\n`),
  "cgroup.max.depth": limit("maxDepth"),
  "cgroup.max.descendants": limit("maxDescendants"),
  "cgroup.procs": procs,
  "cgroup.stat": text((group) => `nr_descendants ${group.descendants()}\nnr_dying_descendants 0\n`),
  "cgroup.subtree_control": text(
    (group) => `${group.enabledInOrder().join(" ")}\n`,
    (group, value) => group.removed ? -ENOENT : group.control(value),
  ),
  "cgroup.threads": procs,
  "cpu.stat": text((group) => group.cpuStat()),
};

/** Files of every group but the root. */
const NOT_ROOT: Readonly<Record<string, FileMaker>> = {
  "cgroup.events": events,
  "cgroup.freeze": text((group) => `${group.freeze ? 1 : 0}\n`, (group, value) => {
    if (!/^-?\d+$/.test(value)) return -EINVAL;
    if (value !== "0" && value !== "1") return -ERANGE;
    group.setFreeze(value === "1");
    return 0;
  }),
  "cgroup.kill": (group) => ({
    write(value: string): number {
      if (!/^-?\d+$/.test(value)) return -EINVAL;
      if (value !== "1") return -ERANGE;
      group.kill();
      return 0;
    },
  }),
  // Threads are not divided among groups.
  "cgroup.type": text(
    (group) => `${group.type}\n`,
    (_, value) => value === "threaded" ? -EOPNOTSUPP : -EINVAL,
  ),
};

const BY_CONTROLLER: Readonly<Record<ControllerName, Readonly<Record<string, FileMaker>>>> = {
  cpuset: CPUSET_FILES,
  cpu: CPU_FILES,
  io: IO_FILES,
  memory: MEMORY_FILES,
  pids: PIDS_FILES,
};
/** Controllers' files that the root has too. */
const ON_ROOT: readonly string[] = [
  "cpuset.cpus.effective",
  "cpuset.mems.effective",
  "io.stat",
  "memory.stat",
];

/** The files a group has now. */
export function filesOf(group: Cgroup): Readonly<Record<string, FileMaker>> {
  const isRoot = group.parent === null;
  const out: Record<string, FileMaker> = { ...CORE, ...isRoot ? {} : NOT_ROOT };
  for (const name of group.controllers) {
    for (const [file, make] of Object.entries(BY_CONTROLLER[name])) {
      if (!isRoot || ON_ROOT.includes(file)) out[file] = make;
    }
  }
  return out;
}
