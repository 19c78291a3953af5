/** Builds the index of a layer from entries in any order. @module */
import { isDir, isLnk, isReg, S_IFCHR, S_IFDIR, S_IFMT } from "../abi/mode.ts";
import { NAME_MAX, PATH_MAX } from "../abi/limits.ts";
import { bytesToName, nameToBytes } from "../abi/name.ts";
import { LayerIndex, NONE } from "./layer_index.ts";

/** What a new node is. */
export interface NodeAttributes {
  /** st_mode. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Modification time, seconds since 1970. */
  readonly mtimeSec: number;
  /** Modification time, nanoseconds within the second. */
  readonly mtimeNsec: number;
  /** Bytes of a file. */
  readonly size?: number;
  /** Where a file's data is in the archive. */
  readonly offset?: number;
  /** Parts of a sparse file, whose data stands together at `offset`. */
  readonly sparse?: readonly { readonly offset: number; readonly length: number }[] | null;
  /** Target of a symbolic link. */
  readonly target?: string;
  /** Device number. */
  readonly rdev?: number;
  /** Extended attributes. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | null;
}

/** A layer entry that cannot be. The message names it. */
export class LayerEntryError extends Error {}

/** Links inside a layer that are followed on the way to a parent directory. */
const MAX_LINKS = 40;
/** Most names in a layer. */
const MAX_NAMES = 1 << 24;

class Node {
  children: Map<string, Node> | null;
  parent: Node | null = null;
  names = 1;
  index = 0;
  /** Made because something below it was named, not by an entry of its own. */
  implied = false;
  opaque = false;
  /** A whiteout marker named it. */
  hides = false;

  constructor(public attributes: NodeAttributes) {
    this.children = isDir(attributes.mode) ? new Map() : null;
  }
}

const WHITEOUT: NodeAttributes = { mode: S_IFCHR, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, rdev: 0 };
const IMPLIED: NodeAttributes = { mode: S_IFDIR | 0o755, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0 };

/** See the module's comment. */
export class LayerIndexBuilder {
  readonly #root = new Node(IMPLIED);
  #names = 0;

  constructor() {
    this.#root.implied = true;
  }

  /** Adds a file, directory, link or device; a later entry of the same name replaces an earlier one. */
  add(path: string, attributes: NodeAttributes): void {
    const parts = this.#parts(path);
    const name = parts.pop();
    if (name === undefined) {
      if (!isDir(attributes.mode)) {
        throw new LayerEntryError(`entry ${quote(path)}: the root must be a directory`);
      }
      this.#root.attributes = attributes;
      this.#root.implied = false;
      return;
    }
    const parent = this.#directory(parts, path);
    const old = parent.children!.get(name);
    if (old?.children && isDir(attributes.mode)) {
      old.attributes = attributes;
      old.implied = false;
      return;
    }
    const node = new Node(attributes);
    // A whiteout hides what lower layers have; beside it the layer's own entry stands (layer.md#whiteouts).
    if (old?.hides) {
      node.hides = true;
      node.opaque = node.children !== null;
    }
    this.#put(parent, name, node);
  }

  /** Adds a hard link to an earlier entry. */
  link(path: string, target: string): void {
    const parts = this.#parts(path);
    const name = parts.pop();
    const node = this.#lookup(this.#parts(target, `hard link ${quote(path)} to ${quote(target)}`));
    if (node === undefined) {
      throw new LayerEntryError(`hard link ${quote(path)}: its target ${quote(target)} is not in the layer`);
    }
    if (node.children !== null) {
      throw new LayerEntryError(`hard link ${quote(path)}: its target ${quote(target)} is a directory`);
    }
    if (name === undefined) {
      throw new LayerEntryError(`hard link ${quote(path)}: the root must be a directory`);
    }
    const parent = this.#directory(parts, path);
    if (parent.children!.get(name) === node) return;
    node.names++;
    this.#put(parent, name, node);
  }

  /** Hides a name of the layers below. */
  whiteout(path: string): void {
    const parts = this.#parts(path);
    const name = parts.pop();
    if (name === undefined) throw new LayerEntryError(`whiteout ${quote(path)}: it has no name`);
    const parent = this.#directory(parts, path);
    const old = parent.children!.get(name);
    if (old === undefined) {
      const node = new Node(WHITEOUT);
      node.hides = true;
      this.#put(parent, name, node);
      return;
    }
    old.hides = true;
    if (old.children !== null) old.opaque = true;
  }

  /** Hides everything that the layers below have in a directory. */
  opaque(path: string): void {
    this.#directory(this.#parts(path), path).opaque = true;
  }

  #put(parent: Node, name: string, node: Node): void {
    const old = parent.children!.get(name);
    if (old === undefined) {
      if (++this.#names > MAX_NAMES) throw new LayerEntryError(`more than ${MAX_NAMES} names in one layer`);
    } else old.names--;
    parent.children!.set(name, node);
    if (node.children !== null) node.parent = parent;
  }

  /** Components of a path; "." is dropped, ".." resolved, and one that leads above the root an error. */
  #parts(path: string, what = `entry ${quote(path)}`): string[] {
    if (path.length > PATH_MAX) {
      throw new LayerEntryError(`entry ${quote(path.slice(0, 60))}…: its path is too long`);
    }
    const parts: string[] = [];
    for (const part of path.split("/")) {
      if (part === "" || part === ".") continue;
      if (part !== "..") {
        if (part.length * 3 > NAME_MAX && nameToBytes(part).length > NAME_MAX) {
          throw new LayerEntryError(`${what}: a name longer than ${NAME_MAX} bytes`);
        }
        parts.push(part);
      } else if (parts.pop() === undefined) {
        throw new LayerEntryError(`${what}: it leads outside the layer's root`);
      }
    }
    return parts;
  }

  /** The directory at `parts`, made where it is missing. Relative links inside the layer are followed. */
  #directory(parts: readonly string[], path: string): Node {
    let node = this.#root;
    const todo = [...parts];
    const at: string[] = [];
    let links = 0;
    while (todo.length > 0) {
      const part = todo.shift()!;
      if (part === "..") {
        if (at.pop() === undefined) {
          throw new LayerEntryError(`entry ${quote(path)}: a link on its way leads outside the layer`);
        }
        node = node.parent!;
        continue;
      }
      let next = node.children!.get(part);
      if (next === undefined || next.attributes === WHITEOUT) {
        const hides = next?.hides ?? false;
        next = new Node(IMPLIED);
        next.implied = true;
        next.hides = next.opaque = hides;
        this.#put(node, part, next);
      }
      if (next.children !== null) {
        node = next;
        at.push(part);
        continue;
      }
      const here = [...at, part].join("/");
      if (!isLnk(next.attributes.mode)) {
        throw new LayerEntryError(`entry ${quote(path)}: ${quote(here)} is not a directory`);
      }
      const target = next.attributes.target!;
      if (target.startsWith("/") || ++links > MAX_LINKS) {
        throw new LayerEntryError(
          `entry ${quote(path)}: ${quote(here)} is a symbolic link to ${quote(target)}, not a directory`,
        );
      }
      todo.unshift(...target.split("/").filter((p) => p !== "" && p !== "."));
    }
    return node;
  }

  #lookup(parts: readonly string[]): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const part of parts) node = node?.children?.get(part);
    return node?.attributes === WHITEOUT ? undefined : node;
  }

  /** The finished index for an archive of `archiveSize` bytes. */
  build(archiveSize: number): LayerIndex {
    const nodes: Node[] = [];
    const seen = new Set<Node>();
    const visit = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      node.index = nodes.length;
      nodes.push(node);
    };
    visit(this.#root);
    for (let i = 0; i < nodes.length; i++) {
      for (const child of nodes[i]!.children?.values() ?? []) visit(child);
    }
    return new Writer(nodes, archiveSize).index;
  }
}

const quote = (path: string): string => JSON.stringify(path);
const encoder = new TextEncoder();
/** The attribute that marks an opaque directory for fs/overlay. */
const OPAQUE = "trusted.overlay.opaque";
/** The attribute that marks, for fs/overlay, a directory that no entry describes: one below it keeps its own attributes. */
const IMPLICIT = "trusted.overlay.umiak.implied";

function xattrsOf(node: Node): [string, Uint8Array][] {
  const list: [string, Uint8Array][] = [...node.attributes.xattrs ?? []];
  if (node.opaque) list.push([OPAQUE, encoder.encode("y")]);
  else if (node.implied) list.push([IMPLICIT, encoder.encode("y")]);
  return list;
}

/** Lays the nodes out in columns. */
class Writer {
  readonly index: LayerIndex;
  #bytes = new Uint8Array(1024);
  #used = 0;

  constructor(nodes: readonly Node[], archiveSize: number) {
    const names: { at: number; length: number; node: number }[] = [];
    const ranges = nodes.map((node) => this.#range(node, names));
    const xattrs = nodes.map(xattrsOf);
    const attributes = xattrs.flat().map(([name, value]) => {
      const [nameAt, nameLength] = this.#store(encoder.encode(name));
      const [valueAt, valueLength] = this.#store(value);
      return { nameAt, nameLength, valueAt, valueLength };
    });
    const parts = nodes.reduce((sum, node) => sum + (node.attributes.sparse?.length ?? 0), 0);
    const index = this.index = LayerIndex.allocate({
      nodes: nodes.length,
      names: names.length,
      parts,
      xattrs: attributes.length,
      bytes: this.#used,
    });
    index.bytes.set(this.#bytes.subarray(0, this.#used));
    names.forEach((name, i) => {
      index.nameAt[i] = name.at;
      index.nameLength[i] = name.length;
      index.nameNode[i] = name.node;
    });
    attributes.forEach((x, i) => {
      index.xattrNameAt[i] = x.nameAt;
      index.xattrNameLength[i] = x.nameLength;
      index.xattrValueAt[i] = x.valueAt;
      index.xattrValueLength[i] = x.valueLength;
    });
    let part = 0, xattr = 0;
    nodes.forEach((node, i) => {
      const [first, count] = ranges[i]!;
      this.#node(i, node, first, count);
      index.xattrFirst[i] = xattr;
      index.xattrCount[i] = xattrs[i]!.length;
      xattr += xattrs[i]!.length;
      const sparse = node.attributes.sparse;
      if (!sparse || !isReg(node.attributes.mode)) return;
      index.first[i] = part;
      index.count[i] = sparse.length;
      for (const p of sparse) {
        index.partOffset[part] = p.offset;
        index.partLength[part++] = p.length;
      }
    });
    index.seal(archiveSize);
  }

  /** Names of a directory, or the target of a link. */
  #range(node: Node, names: { at: number; length: number; node: number }[]): [number, number] {
    if ((node.attributes.mode & S_IFMT) !== S_IFDIR) {
      return isLnk(node.attributes.mode) ? this.#store(nameToBytes(node.attributes.target ?? "")) : [NONE, 0];
    }
    const first = names.length;
    const sorted = [...node.children!].map(([name, child]) => ({ name: nameToBytes(name), child }));
    sorted.sort((a, b) => compare(a.name, b.name));
    for (const { name, child } of sorted) {
      const [at, length] = this.#store(name);
      names.push({ at, length, node: child.index });
    }
    return [first, sorted.length];
  }

  #store(bytes: Uint8Array): [at: number, length: number] {
    if (this.#used + bytes.length > this.#bytes.length) {
      const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + bytes.length));
      bigger.set(this.#bytes);
      this.#bytes = bigger;
    }
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
    return [this.#used - bytes.length, bytes.length];
  }

  #node(i: number, node: Node, first: number, count: number): void {
    const { index } = this;
    const a = node.attributes;
    index.size[i] = isReg(a.mode) ? a.size ?? 0 : isLnk(a.mode) ? count : 0;
    index.offset[i] = a.offset ?? 0;
    index.mtimeSec[i] = a.mtimeSec;
    index.mtimeNsec[i] = a.mtimeNsec;
    index.mode[i] = a.mode;
    index.uid[i] = a.uid;
    index.gid[i] = a.gid;
    index.rdev[i] = a.rdev ?? 0;
    index.first[i] = first;
    index.count[i] = count;
    index.parent[i] = node.parent?.index ?? 0;
    const subdirectories =
      [...node.children?.values() ?? []].filter((child) => child.children !== null).length;
    index.nlink[i] = node.children === null ? node.names : 2 + subdirectories;
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** Names for messages and tests: every path of an index with its node. */
export function* indexPaths(index: LayerIndex, dir = 0, prefix = ""): Iterable<[path: string, node: number]> {
  const first = index.first[dir]!;
  for (let i = first; i < first + index.count[dir]!; i++) {
    const at = index.nameAt[i]!;
    const path = `${prefix}/${bytesToName(index.bytes.subarray(at, at + index.nameLength[i]!))}`;
    const node = index.nameNode[i]!;
    yield [path, node];
    if (isDir(index.mode[node]!)) yield* indexPaths(index, node, path);
  }
}
