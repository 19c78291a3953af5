/**
 * From the writable tree of an overlay to a changeset: what a container has changed is all there, the trees below are looked at only
 * to name what has gone (layer.md#representing-changes).
 * @module
 */
import { major, minor } from "../../fs/abi/device.ts";
import { isDir, isReg } from "../../fs/abi/mode.ts";
import { isOpaque, isWhiteout } from "../../fs/overlay/mod.ts";
import type { Inode } from "../../fs/vfs/inode.ts";
import type { Change } from "./change.ts";
import { checked, inodeContent, inodeNames, inodeXattrs, tarTypeOf } from "./inode_reading.ts";
import type { LayerEntry } from "./tar_stream.ts";

/** How a changeset is made. */
export interface DiffUpperOptions {
  /**
   * The root of what lies below, merged. With it an opaque directory becomes explicit whiteouts, which layers SHOULD have
   * (layer.md#opaque-whiteout); without it an opaque whiteout. The root gets an entry only if it differs from this one.
   */
  readonly lower?: Inode;
  /** No time is later than this: seconds since 1970. */
  readonly timestamp?: number;
  /** Told of a socket, which no layer can contain. */
  readonly onSocket?: (path: string) => void;
}

const WHITEOUT = ".wh.", OPAQUE = ".wh..wh..opq";

/** A directory on the way. */
interface Level {
  readonly dir: Inode;
  /** What the trees below have at its path, if that is a directory. */
  readonly below: Inode | null;
  /** Nothing of it is to be seen. */
  readonly hides: boolean;
  readonly path: string;
  /** Names still to come, the next one last. */
  readonly names: string[];
}

/** What the walk finds. */
type Found =
  | { readonly kind: "file"; readonly path: string; readonly inode: Inode; readonly below: Inode | null }
  | { readonly kind: "gone"; readonly directory: string; readonly name: string }
  | { readonly kind: "opaque"; readonly directory: string };

const joined = (directory: string, name: string): string => directory === "" ? name : `${directory}/${name}`;

function lookUp(dir: Inode, name: string, path: string): Inode {
  return checked(dir.lookup(name), `looking up /${path}`);
}

/** What a directory below has under a name; null if it has nothing. */
function lookBelow(below: Inode | null, name: string): Inode | null {
  const inode = below?.lookup(name);
  return inode === undefined || typeof inode === "number" || isWhiteout(inode) ? null : inode;
}

function refreshed(inode: Inode, path: string): Inode {
  const error = inode.refresh();
  if (error < 0) checked(error, `looking at /${path}`);
  return inode;
}

/** The upper tree: each directory, what is gone from it, then what is in it, names in the order of their bytes. */
function* walk(upper: Inode, lower: Inode | null): Generator<Found> {
  const open: Level[] = [];
  function* enter(dir: Inode, below: Inode | null, hides: boolean, path: string): Generator<Found> {
    const names = inodeNames(dir, `/${path}`);
    const gone = new Set(names.filter((name) => isWhiteout(lookUp(dir, name, joined(path, name)))));
    if (hides && lower === null) yield { kind: "opaque", directory: path };
    if (hides && below !== null) {
      const own = new Set(names);
      for (const name of inodeNames(below, `/${path}`)) {
        if (!own.has(name) && lookBelow(below, name) !== null) gone.add(name);
      }
    }
    for (const name of [...gone].sort()) yield { kind: "gone", directory: path, name };
    open.push({ dir, below, hides, path, names: names.filter((name) => !gone.has(name)).reverse() });
  }
  yield { kind: "file", path: "", inode: refreshed(upper, ""), below: lower };
  yield* enter(upper, lower, isOpaque(upper), "");
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const name = here.names.pop();
    if (name === undefined) {
      open.pop();
      continue;
    }
    const path = joined(here.path, name);
    const inode = refreshed(lookUp(here.dir, name, path), path);
    const below = lookBelow(here.below, name);
    yield { kind: "file", path, inode, below };
    if (!isDir(inode.mode)) continue;
    const belowDirectory = below !== null && isDir(below.mode) ? below : null;
    // Below a directory that hides everything all directories do; an archive has to say so for each.
    yield* enter(inode, belowDirectory, isOpaque(inode) || here.hides && belowDirectory !== null, path);
  }
}

function sameAttributes(a: Inode, b: Inode): boolean {
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  if (a.mtimeSec !== b.mtimeSec || a.mtimeNsec !== b.mtimeNsec) return false;
  const x = inodeXattrs(a, "/"), y = inodeXattrs(b, "/");
  return x.size === y.size && [...x].every(([name, value]) => {
    const other = y.get(name);
    return other !== undefined && other.length === value.length &&
      value.every((byte, i) => byte === other[i]);
  });
}

/** The entries of the changeset, in order: parents first, whiteouts before their siblings, hard links among themselves. */
export function* diffUpper(upper: Inode, options: DiffUpperOptions = {}): Generator<LayerEntry> {
  const { lower, timestamp, onSocket } = options;
  const first = new Map<Inode, string>();
  for (const found of walk(upper, lower ?? null)) {
    if (found.kind !== "file") {
      const name = found.kind === "opaque" ? OPAQUE : `${WHITEOUT}${found.name}`;
      yield { name: joined(found.directory, name), type: "file", mode: 0o644, mtimeSec: timestamp ?? 0 };
      continue;
    }
    const { path, inode, below } = found;
    const type = tarTypeOf(inode.mode);
    if (type === undefined) {
      onSocket?.(path);
      continue;
    }
    if (path === "" && below !== null && sameAttributes(inode, below)) continue;
    if (path.slice(path.lastIndexOf("/") + 1).startsWith(WHITEOUT)) {
      throw new Error(`${JSON.stringify(path)}: no layer can contain a file whose name begins with ".wh."`);
    }
    const late = timestamp !== undefined && inode.mtimeSec >= timestamp;
    const common = {
      name: path === "" ? "./" : path,
      mode: inode.mode & 0o7777,
      uid: inode.uid,
      gid: inode.gid,
      mtimeSec: late ? timestamp : inode.mtimeSec,
      mtimeNsec: late ? 0 : inode.mtimeNsec,
    };
    const linked = first.get(inode);
    if (linked !== undefined) {
      yield { ...common, type: "link", linkname: linked };
      continue;
    }
    if (!isDir(inode.mode) && inode.nlink > 1) first.set(inode, path);
    const xattrs = inodeXattrs(inode, `/${path}`);
    yield { ...common, type, ...(xattrs.size === 0 ? {} : { xattrs }), ...contentOf(inode, type, path) };
  }
}

function contentOf(inode: Inode, type: LayerEntry["type"], path: string): Partial<LayerEntry> {
  if (type === "symlink") return { linkname: checked(inode.readlink(), `reading the link /${path}`) };
  if (type === "char" || type === "block") {
    return { devmajor: major(inode.rdev), devminor: minor(inode.rdev) };
  }
  if (!isReg(inode.mode)) return {};
  return { size: inode.size, content: () => inodeContent(inode, `/${path}`) };
}

/** The same as a list of changes against `lower`, the merged root of what lies below. */
export function* upperChanges(upper: Inode, lower: Inode): Generator<Change> {
  for (const found of walk(upper, lower)) {
    if (found.kind === "opaque") continue;
    if (found.kind === "gone") yield { kind: "D", path: joined(found.directory, found.name) };
    else if (found.path === "") {
      if (!sameAttributes(found.inode, lower)) yield { kind: "M", path: "" };
    } else yield { kind: found.below === null ? "A" : "M", path: found.path };
  }
}
