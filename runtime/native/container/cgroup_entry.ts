/**
 * How a process gets into a container's cgroups: it begins in that of version 2, and writes itself into those of version 1. Whoever moves another
 * process waits until all processors have seen that none forks or ends meanwhile, 6 ms and more; neither of these has to.
 * @module
 */
import { O_DIRECTORY, O_WRONLY } from "../../../fs/abi/open.ts";
import { moveToSecond } from "../cgroups/members.ts";
import { type CgroupNote, directoryOf } from "../cgroups/note.ts";
import { type Descriptor, openPath } from "../ffi/descriptors.ts";
import { type Child, spawnProgram, type SpawnRequest } from "../ffi/spawn.ts";
import type { JoinedCgroup } from "../program/cgroups.ts";

/** The way into a container's cgroups, or into ones in them. */
export interface CgroupEntry {
  /** The cgroup of version 2 that a process can begin in. */
  readonly second?: Descriptor;
  /** What a process writes itself into those of version 1 by. */
  readonly tasks: readonly JoinedCgroup[];
  /** Closes all descriptors. */
  close(): void;
}

/** Opens a container's cgroups. */
export function openEntry(note: CgroupNote | undefined, inner = ""): CgroupEntry {
  const opened: Descriptor[] = [];
  const open = (path: string, flags: number): Descriptor => {
    const descriptor = openPath(path, flags, `opening the cgroup ${path}`);
    opened.push(descriptor);
    return descriptor;
  };
  const within = (path: string): string => inner === "" ? path : `${path}/${inner}`;
  const close = (): void => opened.forEach((each) => each.close());
  try {
    const second = note === undefined ? undefined : directoryOf(note, "");
    const first = note?.cgroups.filter(({ version }) => version === 1) ?? [];
    return {
      ...second === undefined ? {} : { second: open(within(second), O_DIRECTORY) },
      tasks: first.map(({ directory: path }) => ({
        cgroup: within(path),
        fd: open(`${within(path)}/tasks`, O_WRONLY).fd,
      })),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Starts a program, in the cgroup of version 2 if it can be: `inside` says whether there is nothing left to do. */
export function spawnIn(
  { second }: Pick<CgroupEntry, "second">,
  request: SpawnRequest,
): { child: Child; inside: boolean } {
  if (second === undefined) return { child: spawnProgram(request), inside: true };
  try {
    return { child: spawnProgram({ ...request, cgroup: second.fd }), inside: true };
  } catch {
    // No more tasks may begin there, say. One that is there already may be put into it; or that says why not.
    return { child: spawnProgram(request), inside: false };
  }
}

/** Puts a process into the cgroup of version 2 if it has not begun there. */
export function finishEntry(directory: string, pid: number, inside: boolean, inner = ""): void {
  if (!inside) moveToSecond(directory, pid, inner);
}
