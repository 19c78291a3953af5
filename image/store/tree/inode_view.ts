/** Trees of images, which are not on the host, to be compared like those that are. @module */
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { isDir, isLnk, isReg } from "../../../fs/abi/mode.ts";
import type { Inode } from "../../../fs/vfs/inode.ts";
import { hasher } from "../../digest.ts";
import { checked, inodeContent, inodeNames, inodeXattrs } from "../../layer/inode_reading.ts";
import type { TreeView } from "../repack.ts";
import type { TreeEntry } from "./tree_entry.ts";
import { xattrDigest } from "./tree_scan.ts";

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
      const hash = hasher("sha256");
      for (const piece of inodeContent(inodes.get(path)!, `/${path}`)) hash.update(piece);
      return hash.digest("base64url");
    },
    close: () => {},
  };
}
