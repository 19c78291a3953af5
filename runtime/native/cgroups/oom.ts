/** Whether the kernel has killed somebody in a container's cgroups for want of memory. @module */
import { readFile } from "./files.ts";
import { directoryOf, readNote } from "./note.ts";

/** Processes that were killed so (cgroup-v2.rst, memory.events; memory.rst, memory.oom_control); 0 where nothing is known of it. */
export function oomKills(directory: string): number {
  const note = readNote(directory);
  const cgroup = note === undefined ? undefined : directoryOf(note, "memory");
  if (cgroup === undefined) return 0;
  const text = readFile(`${cgroup}/memory.events`) ?? readFile(`${cgroup}/memory.oom_control`) ?? "";
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}
