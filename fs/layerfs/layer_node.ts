/** The files of a layer while its index is being built. @module */
import { isDir, S_IFCHR, S_IFDIR } from "../abi/mode.ts";
import type { OverlayInode } from "../overlay/inode.ts";
import type { Inode } from "../vfs/inode.ts";

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

const UNTIMED = { uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0 };
/** What stands for a name that is hidden, as an overlay has it. */
export const WHITEOUT: NodeAttributes = { mode: S_IFCHR, ...UNTIMED, rdev: 0 };
/** A directory that no entry describes, where no layer below has it. */
export const IMPLIED: NodeAttributes = { mode: S_IFDIR | 0o755, ...UNTIMED };

/** A file or directory of a layer. */
export class LayerNode {
  /** What is in a directory. */
  readonly children: Map<string, LayerNode> | null;
  /** The directory a directory is in. */
  parent: LayerNode | null = null;
  /** A directory's name. */
  name = "";
  /** How many names it has in the finished layer. */
  names = 0;
  /** Its number in the index. */
  index = 0;
  /** No entry describes it: it has the attributes of the directory below. */
  implied = false;
  /** It hides the directory below. */
  opaque = false;
  /** Nothing of the layers below is to be seen in it: it or one above it is opaque, or they have nothing there. */
  detached = false;
  /** The layer made it, describes it, or has put something in it. Whiteouts spare only such. */
  own = false;
  /** Number of what was taken for granted about it, or -1. */
  need = -1;
  /** The directory below, if that is known. */
  beneath: OverlayInode | null = null;
  /** The file of a layer below that it is another name of. */
  foreign: Inode | null = null;

  /** A new node. */
  constructor(public attributes: NodeAttributes) {
    this.children = isDir(attributes.mode) ? new Map() : null;
  }

  /** It stands for nothing. */
  get isWhiteout(): boolean {
    return this.attributes === WHITEOUT;
  }

  /** Path of a name in a directory. */
  pathOf(name: string): string {
    const parts = [name];
    if (this.parent !== null) parts.push(this.name);
    for (let at = this.parent; at !== null && at.parent !== null; at = at.parent) parts.push(at.name);
    return parts.reverse().join("/");
  }
}

/** What a directory below has for one that shows its attributes. */
export function attributesOf(dir: Inode): NodeAttributes {
  const { mode, uid, gid, mtimeSec, mtimeNsec } = dir;
  const xattrs = new Map<string, Uint8Array>();
  const names = dir.listxattr();
  for (const name of typeof names === "number" ? [] : names) {
    const value = dir.getxattr(name);
    if (typeof value !== "number") xattrs.set(name, value);
  }
  return { mode, uid, gid, mtimeSec, mtimeNsec, xattrs };
}
