/** The directories of a tree that is being unpacked, those in use open. Paths are resolved here, inside the tree whatever its links say. @module */
import { MAXSYMLINKS, NAME_MAX, PATH_MAX } from "../../../fs/abi/limits.ts";
import { isDir, isLnk } from "../../../fs/abi/mode.ts";
import { nameByteLength } from "../../../fs/abi/name.ts";
import type { HostDirectory } from "../host_fs/types.ts";

/** An entry of a layer that cannot be unpacked. The message says which and why. */
export class UnpackError extends Error {}

/** Directories open at the same time, at most. */
const MAX_OPEN = 200;

/** A directory of the tree. */
export class Place {
  /** Directories in it that have been looked at. */
  readonly children: Map<string, Place> = new Map();
  /** The modification time it is to have at the end. */
  mtime: readonly [sec: number, nsec: number] = [0, 0];
  /** Attributes that it is to have at the end only, because new files would inherit them. */
  inherited: ReadonlyMap<string, Uint8Array> | null = null;
  /** Open, while it is in use. */
  directory: HostDirectory | null = null;
  /** Number of the layer that `own` is about. */
  layer = -1;
  /** Names in it that this layer has made, or that lead to such. */
  own: Set<string> = new Set();

  /** The directory `name` of `parent`. */
  constructor(readonly parent: Place | null, readonly name: string) {}

  /** Path from the root. */
  get path(): string {
    return this.parent === null || this.parent.parent === null
      ? this.name
      : `${this.parent.path}/${this.name}`;
  }
  /** Path of an entry. */
  pathOf(name: string): string {
    return this.parent === null ? name : `${this.path}/${name}`;
  }
}

const quote = (path: string): string => JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);

/** Components of an entry's path: "." is dropped, ".." resolved, and one that leads above the root an error. */
export function components(path: string, what: string): string[] {
  if (nameByteLength(path) >= PATH_MAX) throw new UnpackError(`${what}: its path is too long`);
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (parts.pop() === undefined) throw new UnpackError(`${what}: it leads outside the root`);
    } else if (part.length > NAME_MAX / 3 && nameByteLength(part) > NAME_MAX) {
      throw new UnpackError(`${what}: a name longer than ${NAME_MAX} bytes`);
    } else parts.push(part);
  }
  return parts;
}

/** See the module's comment. */
export class Places {
  /** The root. */
  readonly root: Place = new Place(null, "");
  #open: Set<Place> = new Set();

  /** Directories below an open root, which stays the caller's. */
  constructor(root: HostDirectory) {
    this.root.directory = root;
  }

  /** A directory, opened. It stays open until others are needed more. */
  open(place: Place): HostDirectory {
    if (place.directory !== null) return place.directory;
    const chain: Place[] = [];
    let at: Place = place;
    for (; at.directory === null; at = at.parent!) chain.push(at);
    let directory = at.directory;
    for (const next of chain.reverse()) {
      if (this.#open.size >= MAX_OPEN) this.#closeAllBut(next.parent!);
      directory = next.directory = directory.open(next.name);
      this.#open.add(next);
    }
    return directory;
  }

  #closeAllBut(kept: Place): void {
    for (const place of this.#open) {
      if (place === kept) continue;
      place.directory!.close();
      place.directory = null;
      this.#open.delete(place);
    }
  }

  /** A directory in another, which is there. */
  child(parent: Place, name: string, mtime: readonly [number, number]): Place {
    let place = parent.children.get(name);
    if (place === undefined) parent.children.set(name, place = new Place(parent, name));
    place.mtime = mtime;
    return place;
  }

  /** Forgets a directory and all below it: it is about to go. */
  forget(place: Place): void {
    for (const child of place.children.values()) this.forget(child);
    if (place.directory !== null) {
      place.directory.close();
      place.directory = null;
      this.#open.delete(place);
    }
    place.parent?.children.delete(place.name);
  }

  /**
   * The directory that `parts` lead to. Links on the way are followed as in a root of their own: absolute targets begin at the tree's
   * root, and ".." ends there. What is missing is made by `make`, or null without it. Throws if a component is no directory.
   */
  resolve(
    parts: readonly string[],
    what: string,
    make: ((parent: Place, name: string) => Place) | null,
  ): Place | null {
    let place = this.root, links = 0;
    const todo = [...parts];
    while (todo.length > 0) {
      const part = todo.shift()!;
      if (part === "..") {
        place = place.parent ?? place;
        continue;
      }
      const known = place.children.get(part);
      if (known !== undefined) {
        place = known;
        continue;
      }
      const directory = this.open(place);
      const stat = directory.stat(part);
      if (stat === null) {
        if (make === null) return null;
        place = make(place, part);
      } else if (isDir(stat.mode)) {
        place = this.child(place, part, [stat.mtimeSec, stat.mtimeNsec]);
      } else if (isLnk(stat.mode)) {
        const here = quote(place.pathOf(part));
        if (++links > MAXSYMLINKS) {
          throw new UnpackError(`${what}: too many symbolic links on the way at ${here}`);
        }
        const target = directory.readlink(part);
        if (target.startsWith("/")) place = this.root;
        todo.unshift(...target.split("/").filter((each) => each !== "" && each !== "."));
        if (todo.length > PATH_MAX) throw new UnpackError(`${what}: its path is too long at ${here}`);
      } else throw new UnpackError(`${what}: ${quote(place.pathOf(part))} is not a directory`);
    }
    return place;
  }

  /** The directory of a path that is known to lead through directories only, and the last name; of the root none. */
  locate(path: string): [directory: HostDirectory, name: string | undefined] {
    const parts = path === "" ? [] : path.split("/");
    const name = parts.pop();
    let place = this.root;
    for (const part of parts) place = place.children.get(part) ?? this.child(place, part, [0, 0]);
    return [this.open(place), name];
  }

  /** Every directory that has been looked at, the innermost first. */
  *all(place: Place = this.root): Generator<Place> {
    for (const child of place.children.values()) yield* this.all(child);
    yield place;
  }

  /** Closes all but the root. */
  close(): void {
    this.#closeAllBut(this.root);
  }
}
