/** Files of an unpacked tree, read as a process in a container would find them. @module */
import { MAXSYMLINKS } from "../../../fs/abi/limits.ts";
import { isLnk, isReg } from "../../../fs/abi/mode.ts";
import type { HostTree } from "../host_fs/types.ts";
import { Places, UnpackError } from "./places.ts";

/**
 * The content of a file at `path`; links are followed inside the tree. undefined if there is none, or if it is no regular file: a FIFO is
 * not waited for (CVE-2024-9676). Throws if it has more than `limit` bytes.
 */
export function readTreeFile(tree: HostTree, path: string, limit: number): Uint8Array | undefined {
  return readFile(tree, path, (size) => {
    if (size > limit) throw new Error(`${path}: ${size} bytes, more than the ${limit} that are read`);
    return size;
  });
}

/** The first `length` bytes of a file at `path`, or all if it has fewer; undefined as readTreeFile() has it. */
export function readTreeHead(tree: HostTree, path: string, length: number): Uint8Array | undefined {
  return readFile(tree, path, (size) => Math.min(size, length));
}

/** True if a path leads to a directory; links are followed inside the tree. */
export function isTreeDirectory(tree: HostTree, path: string): boolean {
  const places = new Places(tree.root);
  try {
    return places.resolve(path.split("/").filter((each) => each !== "" && each !== "."), path, null) !== null;
  } catch (error) {
    if (error instanceof UnpackError) return false;
    throw error;
  } finally {
    places.close();
  }
}

function readFile(
  tree: HostTree,
  path: string,
  lengthOf: (size: number) => number,
): Uint8Array | undefined {
  const places = new Places(tree.root);
  try {
    let parts = path.split("/").filter((each) => each !== "");
    for (let links = 0; links <= MAXSYMLINKS; links++) {
      const place = places.resolve(parts.slice(0, -1), path, null);
      const name = parts.at(-1);
      if (place === null || name === undefined || name === "..") return undefined;
      const directory = places.open(place), stat = directory.stat(name);
      if (stat === null) return undefined;
      if (isLnk(stat.mode)) {
        const target = directory.readlink(name);
        const from = target.startsWith("/") || place.parent === null ? [] : place.path.split("/");
        parts = [...from, ...target.split("/").filter((each) => each !== "" && each !== ".")];
        continue;
      }
      if (!isReg(stat.mode)) return undefined;
      const reader = directory.read(name);
      try {
        const bytes = new Uint8Array(lengthOf(reader.stat().size));
        return bytes.subarray(0, reader.read(bytes, 0));
      } finally {
        reader.close();
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof UnpackError) return undefined; // the way is blocked, or goes round in circles
    throw error;
  } finally {
    places.close();
  }
}
