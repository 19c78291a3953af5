/**
 * A merged tree as the entries of a layer, in a fixed order: parents before children, names by their bytes, whiteouts before their
 * siblings (layer.md#whiteouts). With a base below, only what differs from it.
 * @module
 */
import { major, minor } from "../../fs/abi/device.ts";
import { errnoText } from "../../fs/abi/errno_text.ts";
import { isDir, isReg } from "../../fs/abi/mode.ts";
import { O_RDONLY } from "../../fs/abi/open.ts";
import { LayerInode, NONE } from "../../fs/layerfs/mod.ts";
import { isImplied, type OverlayInode } from "../../fs/overlay/mod.ts";
import type { Inode } from "../../fs/vfs/inode.ts";
import { checked, inodeNames, inodeXattrs, tarTypeOf } from "../layer/inode_reading.ts";
import type { SparsePart } from "../layer/tar_entry.ts";
import type { LayerEntry } from "../layer/tar_stream.ts";
import { sparseEntry } from "./sparse_entry.ts";

/** What the tree is compared with. */
export interface TreeBase {
  /** The merged tree of the layers below. */
  readonly root: OverlayInode;
  /** True for files and directories of the layers that are not below. */
  readonly isOwn: (real: Inode) => boolean;
}

const CHUNK = 256 * 1024;
const WHITEOUT = ".wh.";

/** Bytes of a file, piece by piece. */
function* contentOf(inode: Inode, path: string, part: SparsePart): Generator<Uint8Array> {
  const file = checked(inode.open(O_RDONLY), `opening ${path}`);
  try {
    for (let at = 0; at < part.length;) {
      const buffer = new Uint8Array(Math.min(CHUNK, part.length - at));
      const n = file.pread(buffer, 0, buffer.length, part.offset + at);
      if (n <= 0) throw new Error(`reading ${path}: ${n === 0 ? "it is cut off" : errnoText(-n)}`);
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

/** The entry of one file. */
function entryOf(inode: OverlayInode, path: string): LayerEntry | undefined {
  const type = tarTypeOf(inode.mode);
  if (type === undefined) return undefined; // tar has no sockets
  const xattrs = inodeXattrs(inode, path);
  const entry: LayerEntry = {
    name: path,
    type,
    mode: inode.mode & 0o7777,
    uid: inode.uid,
    gid: inode.gid,
    mtimeSec: inode.mtimeSec,
    mtimeNsec: inode.mtimeNsec,
    ...(xattrs.size === 0 ? {} : { xattrs }),
  };
  if (type === "symlink") {
    return { ...entry, linkname: checked(inode.readlink(), `reading link ${path}`) };
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
  for (const name of inodeNames(below, prefix)) {
    if (typeof dir.lookup(name) !== "number") continue;
    yield { name: `${prefix}${WHITEOUT}${name}`, type: "file", mode: 0o644, size: 0 };
  }
}

/** A name that a file of the base has had there and still has. */
function baseName(inode: OverlayInode, root: OverlayInode): string | undefined {
  return inode.real.paths()?.find((path) => {
    const parts = path.split("/");
    let at: Inode | number = root, now: Inode | number = inode.fs.root;
    for (const part of parts) {
      at = typeof at === "number" ? at : at.lookup(part);
      now = typeof now === "number" ? now : now.lookup(part);
    }
    return typeof at === "object" && now === inode && (at as OverlayInode).real === inode.real;
  });
}

/** Entries of the tree below `root`, and of `root` itself. Throws if something cannot be read. */
export function* treeEntries(root: OverlayInode, base?: TreeBase): Generator<LayerEntry> {
  const isOwn = base?.isOwn ?? (() => true);
  const rootEntry = isOwn(root.real) && !isImplied(root.real) ? entryOf(root, "./") : undefined;
  if (rootEntry !== undefined) yield rootEntry;
  const links = new Map<Inode, string>();
  const enter = (dir: OverlayInode, below: Inode | null, prefix: string): Open => {
    return { dir, below, prefix, names: inodeNames(dir, prefix).reverse() };
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
    const inode = checked(here.dir.lookup(name), `looking up ${path}`) as OverlayInode;
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
    const old = here.below?.lookup(name) as OverlayInode | number | undefined;
    // A hard link to a file of the base is a new name, or the base's own.
    if (!isOwn(inode.real) && typeof old === "object" && old.real === inode.real) continue;
    const first = links.get(inode.real) ?? (isOwn(inode.real) ? undefined : baseName(inode, base!.root));
    if (first !== undefined) {
      yield { name: path, type: "link", mode: inode.mode & 0o7777, linkname: first };
      continue;
    }
    const entry = entryOf(inode, path);
    if (entry === undefined) continue;
    if (inode.nlink > 1) links.set(inode.real, path);
    yield entry;
  }
}
