/** What the processes of a container's cgroups use (`events --stats`). @module */
import type { Stats } from "../../lifecycle/backend.ts";
import { pidsOf } from "./members.ts";
import { readFile } from "./files.ts";
import { directoryOf, readNote } from "./note.ts";
import { numberOf } from "./stats_text.ts";
import { pidsLimit, version1Stats } from "./stats_version1.ts";
import { version2Stats } from "./stats_version2.ts";

/** Sizes of huge pages that a cgroup counts: "2MB". */
function sizesIn(directory: string | undefined): string[] {
  if (directory === undefined) return [];
  const names = [...Deno.readDirSync(directory)].map(({ name }) =>
    /^hugetlb\.(\w+)\.(?:usage_in_bytes|current)$/.exec(name)?.[1]
  );
  return names.filter((name) => name !== undefined).sort();
}

/** All counters; undefined if the container has no cgroups. */
export function statsOfCgroups(directory: string): Stats | undefined {
  const note = readNote(directory);
  if (note === undefined) return undefined;
  const file = (controller: string, name: string): string | undefined => {
    const at = directoryOf(note, controller);
    const text = at === undefined ? undefined : readFile(`${at}/${name}`);
    // Without the controller somebody has to count them.
    return name === "pids.current" ? text ?? String(pidsOf(directory)?.length ?? 0) : text;
  };
  const sizes = sizesIn(directoryOf(note, "hugetlb"));
  const unified = note.mode === "unified";
  const data = unified ? version2Stats((name) => file("", name), sizes) : version1Stats(file, sizes);
  // deno-lint-ignore no-explicit-any
  const { cpu, memory } = data as any;
  return {
    cpuTotal: cpu.usage.total,
    cpuKernel: cpu.usage.kernel,
    memoryUsage: memory.usage.usage ?? 0n,
    memoryLimit: memory.usage.limit,
    pids: Number(numberOf(file("pids", "pids.current"))),
    pidsLimit: Number(pidsLimit(file("pids", "pids.max"))),
    data,
  };
}
