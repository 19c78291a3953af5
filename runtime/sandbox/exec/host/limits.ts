/** Limits and counters of a container that runs: the files of its control group (config-linux.md#control-groups). @module */
import { ENOENT } from "../../../../fs/abi/errno.ts";
import { errnoText } from "../../../../fs/abi/errno_text.ts";
import { resourceWrites } from "../../../program/resources.ts";
import { parseResources } from "../../../spec/decode_resources.ts";
import type { Cgroup } from "../../kernel/cgroup/group.ts";
import type { Task } from "../../kernel/task.ts";

const groupOf = (init: Task): Cgroup => init.kernel.cgroups.of(init);

/** Sets limits: all of them, or throws at the first that cannot be set. */
export function setLimits(init: Task, resources: string): void {
  const group = groupOf(init), { swapper } = init.kernel;
  const writes = resourceWrites(parseResources(resources));
  // Without a group of its own the container is in the kernel's root, which has no limits.
  if (writes.length > 0 && group === init.kernel.cgroups.root) {
    throw new Error("it was created without linux.resources and so without a control group of its own");
  }
  for (const { file, value, optional } of writes) {
    const error = group.file(file)?.write?.(value, swapper) ?? -ENOENT;
    if (error < 0 && !(optional && error === -ENOENT)) {
      throw new Error(`writing ${JSON.stringify(value)} to ${file}: ${errnoText(-error)}`);
    }
  }
}

/** What the container's processes are counted to use. */
export interface Counters {
  /** Processes. */
  readonly pids: number;
  /** Bytes of memory. */
  readonly memory: number;
  /** CPU time. */
  readonly cpuNanoseconds: number;
}

/** The counters of the container's control group, and how many `tasks` are alive. */
export function counters(init: Task, tasks: readonly Task[]): Counters {
  const group = groupOf(init), { swapper } = init.kernel;
  const read = (file: string): string => String(group.file(file)?.read?.(swapper) ?? "");
  return {
    pids: tasks.filter((task) => !task.isZombie).length,
    memory: Number(read("memory.current")),
    cpuNanoseconds: Number(/^usage_usec (\d+)/.exec(read("cpu.stat"))?.[1] ?? 0) * 1000,
  };
}

/** Stops the processes of the container's control group where they are, or lets them go on (cgroup.freeze). */
export function freeze(init: Task, frozen: boolean): void {
  const error = groupOf(init).file("cgroup.freeze")?.write?.(frozen ? "1" : "0", init.kernel.swapper) ??
    -ENOENT;
  if (error < 0) throw new Error(`writing cgroup.freeze: ${errnoText(-error)}`);
}
