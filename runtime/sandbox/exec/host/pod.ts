/** The containers that this process of the host has on its kernel: the one it was made for, and those that have joined that one. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import type { NamespaceSpec, Spec } from "../../../spec/types.ts";
import type { Cgroup } from "../../kernel/cgroup/group.ts";
import type { Task } from "../../kernel/task.ts";
import type { JoinedNamespace } from "../container/pod.ts";
import type { Sandbox, Tree } from "../sandbox.ts";

/** A container of the pod. */
export interface PodContainer {
  /** Directory of its state. */
  readonly directory: string;
  /** Its configuration. */
  readonly spec: Spec;
  /** Its first process, as soon as there is one. */
  readonly init: Task | null;
  /** The control group of its processes. */
  readonly group: Cgroup | null;
  /** Writes a line to its standard error. */
  say(line: string): void;
}

/** See the module's comment. */
export class Pod {
  /** The kernel, once there is one. */
  sandbox: Sandbox | null = null;
  /** The containers, the one it was made for first. */
  readonly containers: Set<PodContainer> = new Set();
  #places = 0;

  /** A name for what the next member has in the kernel's initial namespace. */
  nextPlace(): string {
    return `/run/umiak/members/${++this.#places}`;
  }

  /** The container that a process belongs to: the one with the nearest control group around it, else the first. */
  ownerOf(task: Task): PodContainer {
    const [first] = this.containers, group = task.kernel.cgroups.of(task);
    let found: PodContainer | undefined;
    for (const each of this.containers) {
      if (each.group === null || !group.isWithin(each.group)) continue;
      if (found === undefined || (each.group !== found.group && each.group.isWithin(found.group!))) {
        found = each;
      }
    }
    return found ?? first!;
  }

  /** Processes of a container. */
  tasksOf(container: PodContainer): Task[] {
    const { kernel } = container.init!;
    return [...kernel.tasks()].filter((task) => this.ownerOf(task) === container);
  }

  /** Most bytes of memory that a process of the container it belongs to may have; 0 for no limit. */
  memoryLimitOf(task: Task): number {
    const limit = this.ownerOf(task).spec.linux.resources?.memory?.limit ?? -1n;
    return limit > 0n ? Number(limit) : 0;
  }

  /** Where the kernel has a namespace of a container of the pod. Throws if that container has ended. */
  #pathOf(type: string, { directory, file }: JoinedNamespace): string {
    const container = [...this.containers].find((each) => each.directory === directory);
    if (container === undefined || container.init === null || container.init.isZombie) {
      throw new Error(`joining the ${type} namespace of container ${directory}: it has ended`);
    }
    const { id, kernel } = container.init;
    return `/proc/${id.in(kernel.initial.pid)}/ns/${file}`;
  }

  /** The namespaces of a member. Throws if it cannot have them. */
  namespacesOf(spec: Spec, joined: Readonly<Record<string, JoinedNamespace>>): NamespaceSpec[] {
    const [first] = this.containers;
    const ownMounts = (each: Spec): boolean =>
      each.linux.namespaces.some(({ type, path }) => type === "mount" && path === undefined);
    if (!ownMounts(first!.spec) || !ownMounts(spec)) {
      throw new Error("linux.namespaces: containers that share namespaces need a mount namespace each");
    }
    return spec.linux.namespaces.map(({ type, path }) => {
      const target = joined[type];
      if (path === undefined) return { type };
      if (target === undefined) throw new Error(`joining the ${type} namespace ${path}: it is not the pod's`);
      return { type, path: this.#pathOf(type, target) };
    });
  }
}

/** Processes of a container that are in its control group: none that have no group, or the group of a container in it. */
export function tasksIn(pod: Pod, container: PodContainer): Task[] {
  const { group } = container, { kernel } = pod.sandbox!;
  if (group === null) return [];
  return [...kernel.tasks()].filter((task) =>
    kernel.cgroups.of(task).isWithin(group) && pod.ownerOf(task) === container
  );
}

/** A container leaves its kernel as it was before it came, once its last processes have been killed: that may take them a while. */
export async function leaveKernel(pod: Pod, container: PodContainer, trees: readonly Tree[]): Promise<void> {
  const left = tasksIn(pod, container), { group } = container;
  for (const task of left) if (!task.exiting) task.raise(SIGNAL.SIGKILL);
  await Promise.all(left.map((task) => task.ended()));
  pod.containers.delete(container);
  pod.sandbox!.hide(trees);
  if (group !== null) pod.sandbox!.removeGroup(group);
}
