/** What has changed in a tree since it was listed (layer.md#determining-changes). @module */
import { isBlk, isChr, isDir, isFifo, isLnk, isReg, S_IFMT } from "../../../fs/abi/mode.ts";
import type { Change } from "../../layer/change.ts";
import { compareNames } from "../../layer/inode_reading.ts";
import type { TreeEntry } from "./tree_entry.ts";

/** What is known of a file that its host cannot keep. */
export type KnownFile = Pick<TreeEntry, "mode" | "uid" | "gid" | "rdev" | "mtimeSec" | "mtimeNsec">;

/** Which hosts' trees tell less than what an image said. */
export interface TreeLimits {
  /** Owners, devices and attributes are kept as they are, or in attributes. */
  readonly full: boolean;
  /** Unpacked by an ordinary user. */
  readonly rootless: boolean;
}

const type = (mode: number): number => mode & S_IFMT;

/** An entry as found, with what its host cannot keep taken from what is known of it. */
export function adopt(found: TreeEntry, known: KnownFile | undefined, limits: TreeLimits): TreeEntry {
  if (known === undefined || limits.full && !limits.rootless) return found;
  const { uid, gid, mode, rdev, mtimeSec, mtimeNsec } = known;
  const same = type(found.mode) === type(mode);
  if (limits.full) return same && (isLnk(mode) || isFifo(mode)) ? { ...found, uid, gid } : found;
  const standIn = (isChr(mode) || isBlk(mode) || isFifo(mode)) && isReg(found.mode) && found.size === 0;
  if (!same && !standIn) return found;
  const rounded = found.mtimeSec === mtimeSec && found.mtimeNsec === Math.floor(mtimeNsec / 1e6) * 1e6;
  return {
    ...found,
    uid,
    gid,
    ...(standIn || isLnk(mode) ? { mode, rdev } : {}),
    ...(rounded || standIn || isLnk(mode) ? { mtimeSec, mtimeNsec } : {}),
  };
}

const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0));

/** By the order in which a tree is walked. */
export function comparePaths(a: string, b: string): number {
  const x = a.split("/"), y = b.split("/");
  for (let i = 0; i < x.length && i < y.length; i++) {
    const order = compareNames(x[i]!, y[i]!);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

/** Two lists, `old` and `found`, by what is in them; `hasChanged` is asked when only the content can tell. */
export class TreeDiff {
  /** Changes, in the order of the tree. */
  readonly changes: readonly Change[];
  readonly #oldOf: Map<string, string> = new Map();
  readonly #newOf: Map<string, string> = new Map();

  /** Compares. */
  constructor(
    readonly old: ReadonlyMap<string, TreeEntry>,
    readonly found: ReadonlyMap<string, TreeEntry>,
    readonly hasChanged: (old: TreeEntry, found: TreeEntry) => boolean,
  ) {
    const changes: Change[] = [];
    for (const entry of found.values()) {
      const before = old.get(entry.path);
      if (before === undefined) changes.push({ kind: "A", path: entry.path });
      else if (this.#differs(before, entry)) changes.push({ kind: "M", path: entry.path });
    }
    for (const { path } of old.values()) {
      if (path === "" || found.has(path)) continue;
      const parent = found.get(parentOf(path));
      if (parent !== undefined && isDir(parent.mode)) changes.push({ kind: "D", path });
    }
    this.changes = changes.sort((a, b) => comparePaths(a.path, b.path));
  }

  #differs(old: TreeEntry, found: TreeEntry): boolean {
    // Both calls: they note which old file a new one is.
    const relinked = this.#relinked(old, found);
    if (
      relinked || old.mode !== found.mode || old.uid !== found.uid || old.gid !== found.gid ||
      old.rdev !== found.rdev || old.mtimeSec !== found.mtimeSec || old.mtimeNsec !== found.mtimeNsec ||
      old.target !== found.target || old.xattrs !== found.xattrs
    ) return true;
    if (!isReg(found.mode)) return false;
    if (old.size !== found.size) return true;
    return (old.ino !== found.ino || old.ctime !== found.ctime || found.ctime === "") &&
      this.hasChanged(old, found);
  }

  /** True if a path has become another file than those it shared one with, or the same as others. */
  #relinked(old: TreeEntry, found: TreeEntry): boolean {
    if (isDir(found.mode)) return false;
    const now = this.#newOf.get(old.leader), before = this.#oldOf.get(found.leader);
    if (now === undefined) this.#newOf.set(old.leader, found.leader);
    if (before === undefined) this.#oldOf.set(found.leader, old.leader);
    return now !== undefined && now !== found.leader || before !== undefined && before !== old.leader;
  }
}

/** What a changeset consists of. */
export interface Changeset {
  /** Paths whose entries belong into it: what has changed, all names of its files, and the directories on the way. */
  readonly paths: ReadonlySet<string>;
  /** Deleted names, sorted, by directory. */
  readonly whiteouts: ReadonlyMap<string, readonly string[]>;
}

/** The changeset of changes in a tree (layer.md#representing-changes). */
export function changesetOf(changes: readonly Change[], found: ReadonlyMap<string, TreeEntry>): Changeset {
  const paths = new Set<string>(), whiteouts = new Map<string, string[]>(), leaders = new Set<string>();
  const addParents = (path: string): void => {
    for (let at = parentOf(path); at !== "" && !paths.has(at); at = parentOf(at)) paths.add(at);
  };
  for (const { kind, path } of changes) {
    addParents(path);
    if (kind !== "D") {
      paths.add(path);
      leaders.add(found.get(path)!.leader);
      continue;
    }
    const directory = parentOf(path), names = whiteouts.get(directory);
    const name = path.slice(directory === "" ? 0 : directory.length + 1);
    if (names === undefined) whiteouts.set(directory, [name]);
    else names.push(name);
  }
  // A hard link can only refer to a file of its own layer (layer.md#hardlinks): all names of a file go along.
  for (const { path, leader } of found.values()) {
    if (!leaders.has(leader) || paths.has(path)) continue;
    paths.add(path);
    addParents(path);
  }
  for (const names of whiteouts.values()) names.sort(compareNames);
  return { paths, whiteouts };
}
