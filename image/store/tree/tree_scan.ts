/** Looks at every file of a tree on the host, in the order of changesets. @module */
import { isDir, isLnk, isReg, isSock } from "../../../fs/abi/mode.ts";
import { hasher } from "../../digest.ts";
import { compareNames } from "../../layer/inode_reading.ts";
import type { HostDirectory, HostReader, HostTree } from "../host_fs/types.ts";
import type { MetadataStore } from "./metadata.ts";
import { type Place, Places } from "./places.ts";
import type { TreeEntry } from "./tree_entry.ts";

/** Digest of extended attributes; "" without any. */
export function xattrDigest(xattrs: ReadonlyMap<string, Uint8Array>): string {
  if (xattrs.size === 0) return "";
  const hash = hasher("sha256");
  for (const name of [...xattrs.keys()].sort()) {
    const value = xattrs.get(name)!;
    hash.update(`${name.length}:${value.length}:${name}`).update(value);
  }
  return hash.digest("base64url");
}

const BUFFER = 256 * 1024;

/** Digest of a file's content, as layers are unpacked with it. Holes are read as the zeros they are. */
export function contentDigest(reader: HostReader): string {
  const hash = hasher("sha256"), buffer = new Uint8Array(BUFFER);
  for (let at = 0;;) {
    const n = reader.read(buffer, at);
    if (n === 0) return hash.digest("base64url");
    hash.update(n === buffer.length ? buffer : buffer.subarray(0, n));
    at += n;
  }
}

/** What a scan wants to know beside the tree. */
export interface ScanOptions {
  /** How metadata is kept. */
  readonly metadata: MetadataStore;
  /** Digests that are known already, by inode number. */
  readonly hashes?: ReadonlyMap<number, string>;
  /** Told of a socket, which no layer can contain. */
  readonly onSocket?: (path: string) => void;
}

interface Level {
  readonly place: Place;
  readonly path: string;
  /** Names still to come, the last one first. */
  readonly names: string[];
}

/** Every entry, the root first, each directory before what is in it and names in the order of their bytes. */
export function* scanTree(tree: HostTree, options: ScanOptions): Generator<TreeEntry> {
  const leaders = new Map<string, string>();
  const places = new Places(tree.root);
  const entry = (directory: HostDirectory, name: string | undefined, path: string): TreeEntry | null => {
    const stat = directory.stat(name);
    if (stat === null) return null; // removed meanwhile
    if (isSock(stat.mode)) {
      options.onSocket?.(path);
      return null;
    }
    const file = options.metadata.read(stat, directory.xattrs(name));
    let leader = path;
    if (stat.nlink > 1 && !isDir(stat.mode)) {
      const key = `${stat.dev}:${stat.ino}`;
      leader = leaders.get(key) ?? path;
      if (leader === path) leaders.set(key, path);
    }
    return {
      path,
      mode: file.mode,
      uid: file.uid,
      gid: file.gid,
      size: isReg(file.mode) ? stat.size : 0,
      rdev: file.rdev,
      mtimeSec: stat.mtimeSec,
      mtimeNsec: stat.mtimeNsec,
      ctime: `${stat.ctimeSec}.${stat.ctimeNsec}`,
      ino: stat.ino,
      leader,
      target: isLnk(stat.mode) ? directory.readlink(name!) : "",
      xattrs: xattrDigest(file.xattrs),
      hash: isReg(file.mode) ? options.hashes?.get(stat.ino) ?? "" : "",
    };
  };
  const level = (place: Place, path: string): Level => ({
    place,
    path,
    names: places.open(place).names().sort(compareNames).reverse(),
  });
  try {
    const root = entry(tree.root, undefined, "");
    if (root !== null) yield root;
    const open: Level[] = [level(places.root, "")];
    for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
      const name = here.names.pop();
      if (name === undefined) {
        open.pop();
        if (open.length > 0) places.forget(here.place);
        continue;
      }
      const path = here.path === "" ? name : `${here.path}/${name}`;
      const found = entry(places.open(here.place), name, path);
      if (found === null) continue;
      yield found;
      if (isDir(found.mode)) open.push(level(places.child(here.place, name, [0, 0]), path));
    }
  } finally {
    places.close();
  }
}
