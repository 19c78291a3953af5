/** Where calls to the host find the files of a hostfs. @module */
import { ELOOP, ENOENT, ENOTDIR } from "../abi/errno.ts";
import { attempt } from "./host_errno.ts";

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
  readonly info: Deno.FileInfo;
  /** Lets go of it. */
  release(): void;
}

/** A way of naming files to the host. Every method answers with a negative errno if the file is not there any more. */
export interface Places {
  /** The path of `name` in a directory: for calls that do not follow a link at the end. */
  at(dir: Placed, name: string): string | number;
  /** The path of a directory, for listing it. */
  directory(dir: Placed): string | number;
  /** The file as it is now. */
  info(file: Placed): Deno.FileInfo | number;
  /** Holds a file that is no link, for calls that would follow one. -ELOOP if it has become one. */
  pin(file: Placed): Pin | number;
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

/** What tells a file from others on the host; undefined where the host does not number files (some of Windows' filesystems). */
export function keyOf(info: Deno.FileInfo): string | undefined {
  return info.ino === null ? undefined : `${info.dev}:${info.ino}:${info.birthtime?.getTime() ?? 0}`;
}

/** True if `info` is of the file that `file` stands for. */
export function isSame(file: Placed, info: Deno.FileInfo): boolean {
  return (keyOf(info) ?? file.key) === file.key;
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
  /** Files below `root`, a path without links. */
  constructor(readonly root: string) {}

  /** Path of a file by the names it was seen at. */
  #pathOf(file: Placed): string {
    const names: string[] = [];
    // A path this long is nobody's: the host says so.
    for (let at = file; at.parent !== null && names.length <= MAX_DEPTH; at = at.parent) names.push(at.name);
    return names.reduceRight(join, this.root);
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
  info(file: Placed): Deno.FileInfo | number {
    const info = attempt(() => Deno.lstatSync(this.#pathOf(file)));
    return typeof info === "number" || isSame(file, info) ? info : -ENOENT;
  }

  /** See Places. */
  pin(file: Placed): Pin | number {
    const above = file.parent === null ? "" : this.directory(file.parent);
    if (typeof above === "number") return above;
    const info = this.info(file);
    if (typeof info === "number") return info;
    return info.isSymlink ? -ELOOP : { path: this.#pathOf(file), info, release: () => {} };
  }

  /** See Places. */
  drop(): void {}
  /** See Places. */
  close(): void {}
}
