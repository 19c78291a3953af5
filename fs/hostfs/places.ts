/** Where calls to the host find the files of a hostfs. @module */
import { ELOOP, ENOENT, ENOTDIR, EOPNOTSUPP } from "../abi/errno.ts";
import type { Timespec } from "../abi/stat.ts";
import { isLnk } from "../abi/mode.ts";
import type { SetAttr } from "../vfs/inode.ts";
import { attempt } from "./host_errno.ts";
import { type HostStat, keyOf, statOf } from "./host_stat.ts";

/** What is known of a file's place: its directory and its name there; the root has neither. */
export interface Placed {
  /** The directory it was last seen in; null for the root. */
  readonly parent: Placed | null;
  /** Its name there. */
  readonly name: string;
  /** What tells the file from all others (`keyOf`). */
  readonly key: string;
}

/** One file, held. */
export interface Pin {
  /** A path under which host calls that follow links reach exactly this file. */
  readonly path: string;
  /** The file as it is now. */
  readonly stat: HostStat;
  /** Sets its times; those that are left out stay, as near as the host can do it. 0 or a negative errno. */
  setTimes(atime: Timespec | undefined, mtime: Timespec | undefined): number;
  /** Lets go of it. */
  release(): void;
}

/** A way of naming files to the host. Every method answers with a negative errno if the file is not there any more. */
export interface Places {
  /** The path of `name` in a directory: for calls that do not follow a link at the end. */
  at(dir: Placed, name: string): string | number;
  /** The path of a directory, for listing it. */
  directory(dir: Placed): string | number;
  /** The root as it is now. */
  root(): HostStat | number;
  /** What is at `name` in a directory, a link itself. */
  look(dir: Placed, name: string): HostStat | number;
  /** The file as it is now. */
  stat(file: Placed): HostStat | number;
  /** Holds a file that is no link, for calls that would follow one. -ELOOP if it has become one. */
  pin(file: Placed): Pin | number;
  /** Changes owner or times of a link itself; -EOPNOTSUPP where the host cannot. */
  setLink(link: Placed, attr: SetAttr): number;
  /** A directory is gone. */
  drop(dir: Placed): void;
  /** Gives back what is held. */
  close(): void;
}

/**
 * Most directories on top of each other. Directories that the host moves about can seem to be in one another, each where it was seen last:
 * a way up ends here (ELOOP).
 */
export const MAX_DEPTH = 65536;

const SEPARATOR = Deno.build.os === "windows" ? "\\" : "/";

/** True if `stat` is of the file that `file` stands for. */
export function isSame(file: Placed, stat: HostStat): boolean {
  return (keyOf(stat) ?? file.key) === file.key;
}

/** Sets times as Deno can: both, to the millisecond. */
export function setTimesByPath(
  path: string,
  stat: HostStat,
  atime: Timespec | undefined,
  mtime: Timespec | undefined,
): number {
  const date = (t: Timespec | undefined, sec: number, nsec: number): Date =>
    new Date((t?.sec ?? sec) * 1000 + Math.floor((t?.nsec ?? nsec) / 1e6));
  const set = attempt(() =>
    Deno.utimeSync(
      path,
      date(atime, stat.atimeSec, stat.atimeNsec),
      date(mtime, stat.mtimeSec, stat.mtimeNsec),
    )
  );
  return typeof set === "number" ? set : 0;
}

/** A path of a name. */
export function join(directory: string, name: string): string {
  return directory.endsWith(SEPARATOR) ? directory + name : directory + SEPARATOR + name;
}

/**
 * Files by their paths: for hosts where nothing better can be had. A directory must really be at its path when it is used, which leaves
 * a moment between the look and the use.
 */
export class PathPlaces implements Places {
  /** Files below `path`, which has no links in it. */
  constructor(readonly path: string) {}

  /** See Places. */
  root(): HostStat | number {
    const info = attempt(() => Deno.lstatSync(this.path));
    return typeof info === "number" ? info : statOf(info);
  }

  /** Path of a file by the names it was seen at. */
  #pathOf(file: Placed): string {
    const names: string[] = [];
    // A path this long is nobody's: the host says so.
    for (let at = file; at.parent !== null && names.length <= MAX_DEPTH; at = at.parent) names.push(at.name);
    return names.reduceRight(join, this.path);
  }

  /** See Places. */
  at(dir: Placed, name: string): string | number {
    const path = this.directory(dir);
    return typeof path === "number" ? path : join(path, name);
  }

  /** See Places. */
  directory(dir: Placed): string | number {
    const path = this.#pathOf(dir);
    const real = attempt(() => Deno.realPathSync(path));
    if (typeof real === "number") return real;
    return real === path ? path : -ENOTDIR;
  }

  /** See Places. */
  look(dir: Placed, name: string): HostStat | number {
    const path = this.at(dir, name);
    if (typeof path === "number") return path;
    const info = attempt(() => Deno.lstatSync(path));
    return typeof info === "number" ? info : statOf(info);
  }

  /** See Places. */
  stat(file: Placed): HostStat | number {
    const info = attempt(() => Deno.lstatSync(this.#pathOf(file)));
    if (typeof info === "number") return info;
    const stat = statOf(info);
    return isSame(file, stat) ? stat : -ENOENT;
  }

  /** See Places. */
  pin(file: Placed): Pin | number {
    const above = file.parent === null ? "" : this.directory(file.parent);
    if (typeof above === "number") return above;
    const stat = this.stat(file);
    if (typeof stat === "number") return stat;
    if (isLnk(stat.mode)) return -ELOOP;
    const path = this.#pathOf(file);
    return {
      path,
      stat,
      setTimes: (atime, mtime) => setTimesByPath(path, stat, atime, mtime),
      release: () => {},
    };
  }

  /** See Places. */
  setLink(): number {
    return -EOPNOTSUPP;
  }

  /** See Places. */
  drop(): void {}
  /** See Places. */
  close(): void {}
}
