/**
 * A merged tree as the entries of a layer, in a fixed order: parents before children, names by their bytes, whiteouts before their
 * siblings (layer.md#whiteouts). With a base below, only what differs from it.
 * @module
 */
import { major, minor } from "../../fs/abi/device.ts";
import { isBlk, isChr, isDir, isFifo, isLnk, isReg } from "../../fs/abi/mode.ts";
import { nameToBytes } from "../../fs/abi/name.ts";
import { O_RDONLY } from "../../fs/abi/open.ts";
import { LayerInode, NONE } from "../../fs/layerfs/mod.ts";
import { isImplied, type OverlayInode } from "../../fs/overlay/mod.ts";
import type { Inode } from "../../fs/vfs/inode.ts";
import type { SparsePart, TarType } from "../layer/tar_entry.ts";
import type { LayerEntry } from "../layer/tar_stream.ts";
import { sparseEntry } from "./sparse_entry.ts";

/** What the tree is compared with. */
export interface TreeBase {
  /** The merged tree of the layers below. */
  readonly root: Inode;
  /** True for files and directories of the layers that are not below. */
  readonly isOwn: (real: Inode) => boolean;
}

const CHUNK = 256 * 1024;
const WHITEOUT = ".wh.";

function failure(doing: string, path: string, errno: number): Error {
  return new Error(`${doing} ${JSON.stringify(path)}: errno ${-errno}`);
}

function compareBytes(a: string, b: string): number {
  const x = nameToBytes(a), y = nameToBytes(b);
  const shorter = Math.min(x.length, y.length);
  for (let i = 0; i < shorter; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
  return x.length - y.length;
}

function namesIn(dir: Inode, path: string): string[] {
  const stream = dir.openDir();
  if (typeof stream === "number") throw failure("reading directory", path, stream);
  const names: string[] = [];
  for (let entry = stream.next(); entry !== null; entry = stream.next()) {
    if (typeof entry === "number") throw failure("reading directory", path, entry);
    names.push(entry.name);
  }
  return names.sort(compareBytes);
}

/** Bytes of a file, piece by piece. */
function* contentOf(inode: Inode, path: string, part: SparsePart): Generator<Uint8Array> {
  const file = inode.open(O_RDONLY);
  if (typeof file === "number") throw failure("opening", path, file);
  try {
    for (let at = 0; at < part.length;) {
      const buffer = new Uint8Array(Math.min(CHUNK, part.length - at));
      const n = file.pread(buffer, 0, buffer.length, part.offset + at);
      if (n <= 0) throw failure("reading", path, n === 0 ? -5 : n);
      yield buffer.subarray(0, n);
      at += n;
    }
  } finally {
    file.close();
  }
}

/** The parts of a layer's sparse file that have data; null if it is not sparse. */
function partsOf(real: Inode): SparsePart[] | null {
  if (!(real instanceof LayerInode) || !isReg(real.mode)) return null;
  const { index } = real.fs;
  const first = index.first[real.node]!;
  if (first === NONE) return null;
  return Array.from({ length: index.count[real.node]! }, (_, i) => ({
    offset: index.partOffset[first + i]!,
    length: index.partLength[first + i]!,
  }));
}

function typeOf(mode: number): TarType | undefined {
  if (isReg(mode)) return "file";
  if (isDir(mode)) return "dir";
  if (isLnk(mode)) return "symlink";
  if (isChr(mode)) return "char";
  if (isBlk(mode)) return "block";
  return isFifo(mode) ? "fifo" : undefined;
}

function xattrsOf(inode: Inode, path: string): ReadonlyMap<string, Uint8Array> | undefined {
  const names = inode.listxattr();
  if (typeof names === "number") throw failure("reading attributes of", path, names);
  if (names.length === 0) return undefined;
  return new Map(names.map((name) => {
    const value = inode.getxattr(name);
    if (typeof value === "number") throw failure(`reading attribute ${name} of`, path, value);
    return [name, value];
  }));
}

/** The entry of one file. */
function entryOf(inode: OverlayInode, path: string): LayerEntry | undefined {
  const type = typeOf(inode.mode);
  if (type === undefined) return undefined; // tar has no sockets
  const xattrs = xattrsOf(inode, path);
  const entry: LayerEntry = {
    name: path,
    type,
    mode: inode.mode & 0o7777,
    uid: inode.uid,
    gid: inode.gid,
    mtimeSec: inode.mtimeSec,
    mtimeNsec: inode.mtimeNsec,
    ...(xattrs === undefined ? {} : { xattrs }),
  };
  if (type === "symlink") {
    const linkname = inode.readlink();
    if (typeof linkname === "number") throw failure("reading link", path, linkname);
    return { ...entry, linkname };
  }
  if (type === "char" || type === "block") {
    return { ...entry, devmajor: major(inode.rdev), devminor: minor(inode.rdev) };
  }
  if (type !== "file") return entry;
  const { size } = inode;
  const parts = partsOf(inode.real);
  if (parts !== null) return sparseEntry(entry, size, parts, (part) => contentOf(inode, path, part));
  return { ...entry, size, content: () => contentOf(inode, path, { offset: 0, length: size }) };
}

function lookup(dir: Inode, name: string, path: string): Inode {
  const inode = dir.lookup(name);
  if (typeof inode === "number") throw failure("looking up", path, inode);
  return inode;
}

/** A directory on the way. */
interface Open {
  readonly dir: OverlayInode;
  /** The base's directory of that path. */
  readonly below: Inode | null;
  readonly prefix: string;
  /** Names still to come, the next one last. */
  readonly names: string[];
}

/** Names of the base that are gone. */
function* whiteouts(dir: OverlayInode, below: Inode | null, prefix: string): Generator<LayerEntry> {
  if (below === null) return;
  for (const name of namesIn(below, prefix)) {
    if (typeof dir.lookup(name) !== "number") continue;
    yield { name: `${prefix}${WHITEOUT}${name}`, type: "file", mode: 0o644, size: 0 };
  }
}

/** Entries of the tree below `root`, and of `root` itself. Throws if something cannot be read. */
export function* treeEntries(root: OverlayInode, base?: TreeBase): Generator<LayerEntry> {
  const isOwn = base?.isOwn ?? (() => true);
  const rootEntry = isOwn(root.real) && !isImplied(root.real) ? entryOf(root, "./") : undefined;
  if (rootEntry !== undefined) yield rootEntry;
  const links = new Map<Inode, string>();
  const enter = (dir: OverlayInode, below: Inode | null, prefix: string): Open => {
    return { dir, below, prefix, names: namesIn(dir, prefix).reverse() };
  };
  const below = base?.root ?? null;
  yield* whiteouts(root, below, "");
  const open: Open[] = [enter(root, below, "")];
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const name = here.names.pop();
    if (name === undefined) {
      open.pop();
      continue;
    }
    const path = `${here.prefix}${name}`;
    const inode = lookup(here.dir, name, path) as OverlayInode;
    if (isDir(inode.mode)) {
      if (!inode.lowers.some(isOwn)) continue; // nothing below it differs
      const entry = isOwn(inode.real) ? entryOf(inode, `${path}/`) : undefined;
      if (entry !== undefined) yield entry;
      const old = here.below?.lookup(name) ?? null;
      const oldDir = old !== null && typeof old !== "number" && isDir(old.mode) ? old : null;
      yield* whiteouts(inode, oldDir, `${path}/`);
      open.push(enter(inode, oldDir, `${path}/`));
      continue;
    }
    if (!isOwn(inode.real)) continue;
    const first = links.get(inode.real);
    if (first !== undefined) {
      yield { name: path, type: "link", mode: inode.mode & 0o7777, linkname: first };
      continue;
    }
    const entry = entryOf(inode, path);
    if (entry === undefined) continue;
    if (inode.real.nlink > 1) links.set(inode.real, path);
    yield entry;
  }
}
