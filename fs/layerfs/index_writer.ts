/** Lays the nodes of a layer out in the columns of its index. @module */
import { isLnk, isReg, S_IFDIR, S_IFMT } from "../abi/mode.ts";
import { nameToBytes } from "../abi/name.ts";
import { IMPLIED, OPAQUE } from "../overlay/marks.ts";
import type { LayerNode } from "./layer_node.ts";
import { LayerIndex, NONE } from "./layer_index.ts";
import type { Need } from "./needs.ts";

const encoder = new TextEncoder();
const YES = encoder.encode("y");

function xattrsOf(node: LayerNode): [string, Uint8Array][] {
  const list: [string, Uint8Array][] = [...node.attributes.xattrs ?? []];
  if (node.opaque) list.push([OPAQUE, YES]);
  if (node.implied) list.push([IMPLIED, YES]);
  return list;
}

/** Lays the nodes out in columns. */
class Writer {
  readonly index: LayerIndex;
  #bytes = new Uint8Array(1024);
  #used = 0;

  constructor(nodes: readonly LayerNode[], needs: readonly Need[], archiveSize: number) {
    const names: { at: number; length: number; node: number }[] = [];
    const ranges = nodes.map((node) => this.#range(node, names));
    const xattrs = nodes.map(xattrsOf);
    const attributes = xattrs.flat().map(([name, value]) => {
      const [nameAt, nameLength] = this.#store(encoder.encode(name));
      const [valueAt, valueLength] = this.#store(value);
      return { nameAt, nameLength, valueAt, valueLength };
    });
    const wanted = needs.map(({ path }) => this.#store(nameToBytes(path)));
    const parts = nodes.reduce((sum, node) => sum + (node.attributes.sparse?.length ?? 0), 0);
    const index = this.index = LayerIndex.allocate({
      nodes: nodes.length,
      names: names.length,
      parts,
      xattrs: attributes.length,
      needs: needs.length,
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
    wanted.forEach(([at, length], i) => {
      index.needKind[i] = needs[i]!.kind;
      index.needParent[i] = needs[i]!.parent;
      index.needAt[i] = at;
      index.needLength[i] = length;
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
  #range(node: LayerNode, names: { at: number; length: number; node: number }[]): [number, number] {
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

  #node(i: number, node: LayerNode, first: number, count: number): void {
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

/** The index of these nodes, which are numbered in their order, for an archive of `archiveSize` bytes. */
export function writeIndex(
  nodes: readonly LayerNode[],
  needs: readonly Need[],
  archiveSize: number,
): LayerIndex {
  return new Writer(nodes, needs, archiveSize).index;
}
