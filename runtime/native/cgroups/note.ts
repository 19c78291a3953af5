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
  /** The directory's inode, once it is made: one that is made after it has another. */
  readonly inode?: number;
}

/** All of them. */
export interface CgroupNote {
  /** How the host's are mounted. */
  readonly mode: CgroupMode;
  /** Since when inodes mean something (man 4 random, boot_id). */
  readonly boot?: string;
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

/** What is written down, whatever has become of it. */
function readWritten(directory: string): CgroupNote | undefined {
  const path = `${directory}/${NAME}`;
  try {
    if (!Deno.statSync(path).isFile) return undefined;
    const note = JSON.parse(readFile(path) ?? "") as CgroupNote;
    return Array.isArray(note?.cgroups) ? note : undefined;
  } catch {
    return undefined;
  }
}

const bootId = (): string | undefined => readFile("/proc/sys/kernel/random/boot_id");

function inodeOf(directory: string): number | undefined {
  try {
    return Deno.lstatSync(directory).ino ?? undefined;
  } catch {
    return undefined; // it has gone
  }
}

/** A note whose cgroups have been made: it says which directories they are. */
export function identified(note: CgroupNote): CgroupNote {
  const boot = bootId();
  return {
    ...note,
    ...boot === undefined ? {} : { boot },
    cgroups: note.cgroups.map((cgroup) => {
      const inode = inodeOf(cgroup.directory);
      return inode === undefined ? cgroup : { ...cgroup, inode };
    }),
  };
}

/**
 * Reads it; undefined if the container has no cgroups, or nobody can know any more which. What has another's in its place, since then or since the
 * system was started, is not the container's any more.
 */
export function readNote(directory: string): CgroupNote | undefined {
  const note = readWritten(directory);
  if (note?.boot === undefined) return note;
  const same = note.boot === bootId();
  const isOwn = ({ directory: path, inode }: NotedCgroup): boolean => {
    const now = inodeOf(path);
    return now === undefined || (same && (inode === undefined || inode === now));
  };
  return { ...note, cgroups: note.cgroups.filter(isOwn) };
}

/**
 * Takes cgroups away from the containers that had them before, in whose directories beside this one they are still written down: they have
 * ended, or nobody else could have the cgroups.
 */
export function takeOver(directory: string, cgroups: readonly string[]): void {
  if (cgroups.length === 0) return;
  const slash = directory.lastIndexOf("/"),
    root = directory.slice(0, slash),
    own = directory.slice(slash + 1);
  for (const { name, isDirectory } of Deno.readDirSync(root)) {
    if (!isDirectory || name === own) continue;
    try {
      const note = readWritten(`${root}/${name}`);
      const left = note?.cgroups.filter(({ directory: path }) => !cgroups.includes(path)) ?? [];
      if (note !== undefined && left.length < note.cgroups.length) {
        writeNote(`${root}/${name}`, { ...note, cgroups: left });
      }
    } catch {
      // It is being deleted.
    }
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
