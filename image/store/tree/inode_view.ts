/** Trees of images, which are not on the host, to be compared like those that are. @module */
import { createHash } from "node:crypto";
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { isDir, isLnk, isReg } from "../../../fs/abi/mode.ts";
import { O_RDONLY } from "../../../fs/abi/open.ts";
import type { Inode } from "../../../fs/vfs/inode.ts";
import type { TreeView } from "../repack.ts";
import type { TreeEntry } from "./tree_entry.ts";
import { compareNames, xattrDigest } from "./tree_scan.ts";

const BUFFER = 256 * 1024;

/** What a method gave, if it was no errno. */
function checked<T>(result: T | number, doing: string): T {
  if (typeof result === "number") throw new Error(`${doing}: ${errnoText(-result)}`);
  return result;
}

/** Extended attributes of a file, without those that speak to overlay filesystems. */
export function inodeXattrs(inode: Inode, path: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const name of checked(inode.listxattr(), `listing the attributes of ${path}`)) {
    if (/^(trusted|user)\.overlay\./.test(name)) continue;
    found.set(name, checked(inode.getxattr(name), `reading attribute ${name} of ${path}`));
  }
  return found;
}

/** Names in a directory, in the order of changesets. */
export function inodeNames(dir: Inode, path: string): string[] {
  const stream = checked(dir.openDir(), `reading directory ${path}`);
  const names: string[] = [];
  for (let entry = stream.next(); entry !== null; entry = stream.next()) {
    names.push(checked(entry, `reading directory ${path}`).name);
  }
  return names.sort(compareNames);
}

/** Content of a regular file, in pieces that are used again. */
export function* inodeContent(inode: Inode, path: string): Generator<Uint8Array> {
  const file = checked(inode.open(O_RDONLY), `opening ${path}`);
  try {
    const buffer = new Uint8Array(BUFFER);
    for (let at = 0;;) {
      const n = file.pread(buffer, 0, buffer.length, at);
      if (n < 0) throw new Error(`reading ${path}: ${errnoText(-n)}`);
      if (n === 0) return;
      yield buffer.subarray(0, n);
      at += n;
    }
  } finally {
    file.close();
  }
}

/** The tree below a root, as it is now. */
export function inodeView(root: Inode): TreeView {
  const entries = new Map<string, TreeEntry>(), inodes = new Map<string, Inode>();
  const leaders = new Map<string, string>();
  const todo: [path: string, inode: Inode][] = [["", root]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [path, inode] = next;
    const error = inode.refresh();
    if (error < 0) throw new Error(`looking at /${path}: ${errnoText(-error)}`);
    const { mode, uid, gid, rdev, mtimeSec, mtimeNsec, ino } = inode;
    const key = `${inode.sb.dev}:${ino}`, shared = inode.nlink > 1 && !isDir(mode);
    const leader = shared ? leaders.get(key) ?? path : path;
    if (shared && leader === path) leaders.set(key, path);
    inodes.set(path, inode);
    entries.set(path, {
      ...{ path, mode, uid, gid, rdev, mtimeSec, mtimeNsec, ino, leader },
      size: isReg(mode) ? inode.size : 0,
      ctime: "",
      target: isLnk(mode) ? checked(inode.readlink(), `reading the link /${path}`) : "",
      xattrs: xattrDigest(inodeXattrs(inode, `/${path}`)),
      hash: "",
    });
    if (!isDir(mode)) continue;
    for (const name of inodeNames(inode, `/${path}`).reverse()) {
      const child = path === "" ? name : `${path}/${name}`;
      todo.push([child, checked(inode.lookup(name), `looking up /${child}`)]);
    }
  }
  return {
    entries,
    digest: (path) => {
      const hash = createHash("sha256");
      for (const piece of inodeContent(inodes.get(path)!, `/${path}`)) hash.update(piece);
      return hash.digest("base64url");
    },
    close: () => {},
  };
}
