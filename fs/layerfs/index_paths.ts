/** Paths of the files of an index. @module */
import { isDir } from "../abi/mode.ts";
import { bytesToName } from "../abi/name.ts";
import type { LayerIndex } from "./layer_index.ts";

function nameOf(index: LayerIndex, i: number): string {
  const at = index.nameAt[i]!;
  return bytesToName(index.bytes.subarray(at, at + index.nameLength[i]!));
}

/** Names for messages and tests: every path of an index with its node. */
export function* indexPaths(index: LayerIndex, dir = 0, prefix = ""): Iterable<[path: string, node: number]> {
  const first = index.first[dir]!;
  for (let i = first; i < first + index.count[dir]!; i++) {
    const path = `${prefix}/${nameOf(index, i)}`;
    const node = index.nameNode[i]!;
    yield [path, node];
    if (isDir(index.mode[node]!)) yield* indexPaths(index, node, path);
  }
}

/** All paths, from the root and without a slash before them, of the files that are `wanted`. One look at every name. */
export function pathsOfFiles(index: LayerIndex, wanted: (node: number) => boolean): Map<number, string[]> {
  const found = new Map<number, string[]>();
  const { nodes } = index.counts;
  // Directories are numbered after those they are in.
  const nameOfDirectory = new Uint32Array(nodes);
  const pathOf = (dir: number, name: string): string => {
    const parts = [name];
    for (let at = dir; at !== 0; at = index.parent[at]!) parts.push(nameOf(index, nameOfDirectory[at]!));
    return parts.reverse().join("/");
  };
  for (let dir = 0; dir < nodes; dir++) {
    if (!isDir(index.mode[dir]!)) continue;
    const first = index.first[dir]!, end = first + index.count[dir]!;
    for (let i = first; i < end; i++) {
      const node = index.nameNode[i]!;
      if (isDir(index.mode[node]!)) nameOfDirectory[node] = i;
      else if (wanted(node)) {
        const path = pathOf(dir, nameOf(index, i));
        const paths = found.get(node);
        if (paths === undefined) found.set(node, [path]);
        else paths.push(path);
      }
    }
  }
  return found;
}
