/** What a tar archive says about one file, whatever dialect it says it in. @module */

/** Kinds of entries. */
export type TarType = "file" | "link" | "symlink" | "char" | "block" | "dir" | "fifo";

/** A part of a sparse file that has data. */
export interface SparsePart {
  /** Where it belongs in the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** One entry. Names are bytes with the escape of fs/abi/name.ts. */
export interface TarEntry {
  /** Path as written. */
  readonly name: string;
  /** What it is. */
  readonly type: TarType;
  /** Target of a hard or symbolic link. */
  readonly linkname: string;
  /** Permission bits (07777). */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Bytes of the file, holes included. */
  readonly size: number;
  /** Modification time, seconds. */
  readonly mtimeSec: number;
  /** Modification time, nanoseconds. */
  readonly mtimeNsec: number;
  /** Device numbers. */
  readonly devmajor: number;
  /** See devmajor. */
  readonly devminor: number;
  /** Extended attributes (SCHILY.xattr.*, LIBARCHIVE.xattr.*). */
  readonly xattrs: ReadonlyMap<string, Uint8Array> | null;
  /** Where the header is in the archive: for error messages. */
  readonly position: number;
  /** Where the data begins in the archive. */
  readonly offset: number;
  /** Bytes of data in the archive. */
  readonly stored: number;
  /** The parts with data, in order, of a sparse file. */
  readonly sparse: readonly SparsePart[] | null;
}

/** The archive is not what it should be. The message says where and what. */
export class TarError extends Error {
  /** An error at a byte offset. */
  constructor(position: number, message: string) {
    super(`tar archive, offset ${position}: ${message}`);
    this.name = "TarError";
  }
}
