/** A container's cgroups, written down before they are made: whoever deletes the container may see other hierarchies, or be elsewhere. @module */
import { replaceFile } from "../../lifecycle/host/state_directory.ts";
import { readFile } from "./files.ts";
import type { CgroupMode } from "./hosts.ts";

/** One of a container's cgroups. */
export interface NotedCgroup {
  /** Version of its hierarchy. */
  readonly version: 1 | 2;
  /** Controllers of version 1. */
  readonly controllers: readonly string[];
  /** Absolute path. */
  readonly directory: string;
}

/** All of them. */
export interface CgroupNote {
  /** How the host's are mounted. */
  readonly mode: CgroupMode;
  /** One in each hierarchy. */
  readonly cgroups: readonly NotedCgroup[];
}

const NAME = "cgroups.json";

/** Writes it into the directory of the container's backend. */
export function writeNote(directory: string, note: CgroupNote): void {
  replaceFile(`${directory}/${NAME}`, JSON.stringify(note));
}

/** Removes it: the cgroups are not the container's any more. */
export function removeNote(directory: string): void {
  Deno.removeSync(`${directory}/${NAME}`);
}

/** Reads it; undefined if the container has no cgroups, or nobody can know any more which. */
export function readNote(directory: string): CgroupNote | undefined {
  const path = `${directory}/${NAME}`;
  try {
    if (!Deno.statSync(path).isFile) return undefined;
    const note = JSON.parse(readFile(path) ?? "") as CgroupNote;
    return Array.isArray(note?.cgroups) ? note : undefined;
  } catch {
    return undefined;
  }
}

/** The directory of a controller; of version 2 for "". */
export function directoryOf({ mode, cgroups }: CgroupNote, controller: string): string | undefined {
  const second = controller === "" || mode === "unified";
  return cgroups.find(({ version, controllers }) =>
    second ? version === 2 : version === 1 && controllers.includes(controller)
  )?.directory;
}

/** The directory whose cgroup.procs has all processes. */
export function wholeDirectory(note: CgroupNote): string | undefined {
  const all = [
    directoryOf(note, ""),
    ...["freezer", "devices", "pids"].map((name) => directoryOf(note, name)),
  ];
  return all.find((each) => each !== undefined) ?? note.cgroups[0]?.directory;
}
