/** A directory tree of the host as layers are unpacked to and read from: by directories that are open, never by long paths. @module */

/** What is known of a file (man 2 statx). Symbolic links are not followed. */
export interface HostStat {
  /** Type and permission bits. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Allocated units of 512 bytes. */
  readonly blocks: number;
  /** Which device it is (fs/abi/device.ts). */
  readonly rdev: number;
  /** Names. */
  readonly nlink: number;
  /** Inode number. */
  readonly ino: number;
  /** Filesystem it is on. */
  readonly dev: number;
  /** Modification time, seconds. */
  readonly mtimeSec: number;
  /** Modification time, nanoseconds. */
  readonly mtimeNsec: number;
  /** Status change time, seconds. */
  readonly ctimeSec: number;
  /** Status change time, nanoseconds. */
  readonly ctimeNsec: number;
}

/** Attributes to set; absent ones stay. They are set in an order that loses none: the owner first, the times last. */
export interface HostAttributes {
  /** Owner and group. */
  readonly owner?: readonly [uid: number, gid: number];
  /** Permission bits; a symbolic link has none. */
  readonly mode?: number;
  /** Modification time. */
  readonly mtime?: readonly [sec: number, nsec: number];
  /** Extended attributes. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** A call of the host failed. */
export class HostError extends Error {
  /** `code`: "ENOENT" and so on. */
  constructor(readonly doing: string, readonly code: string, text: string) {
    super(`${doing}: ${text}`);
    this.name = "HostError";
  }
}

/** A regular file that has just been made, open for writing. */
export interface HostFile {
  /** What is known of it. */
  stat(): HostStat;
  /** Writes at `position`. */
  write(bytes: Uint8Array, position: number): void;
  /** Sets its size: what was not written is a hole. */
  truncate(size: number): void;
  /** Sets attributes; what the host cannot set is reported through `lost`. */
  set(attributes: HostAttributes, lost: (attribute: string) => void): void;
  /** Closes it. */
  close(): void;
}

/** A regular file open for reading. */
export interface HostReader {
  /** What is known of it. */
  stat(): HostStat;
  /** Reads at `position`; 0 at the end. */
  read(buffer: Uint8Array, position: number): number;
  /** Where data goes on at or behind `position`; -1 if only a hole follows. `position` itself where the host does not tell. */
  data(position: number): number;
  /** Where the data at `position` ends: the next hole, or the end of the file. */
  hole(position: number): number;
  /** Closes it. */
  close(): void;
}

/** An open directory. Names are single components, bytes as fs/abi/name.ts has them. Every method throws a HostError. */
export interface HostDirectory {
  /** What is known of an entry; null if there is none. Without a name of the directory itself. */
  stat(name?: string): HostStat | null;
  /** Opens a directory in it. A symbolic link is not one. */
  open(name: string): HostDirectory;
  /** Names in it, in no order, without "." and "..". */
  names(): string[];
  /** Target of a symbolic link. */
  readlink(name: string): string;
  /** Makes a directory. */
  mkdir(name: string, mode: number): void;
  /** Makes a symbolic link. */
  symlink(name: string, target: string): void;
  /** Makes a hard link to an entry of another directory; a symbolic link itself is linked, not what it points to. */
  link(name: string, from: HostDirectory, fromName: string): void;
  /** Makes a device node or a FIFO, by the type in `mode`. */
  mknod(name: string, mode: number, rdev: number): void;
  /** Removes an entry, which is an empty directory if `directory`. */
  remove(name: string, directory: boolean): void;
  /** Makes a regular file; an entry of this name must not be there. */
  create(name: string): HostFile;
  /** Opens a regular file; throws for anything else, without opening it. */
  read(name: string): HostReader;
  /** Sets attributes of an entry, or without a name of the directory itself; what the host cannot set is reported through `lost`. */
  set(name: string | undefined, attributes: HostAttributes, lost: (attribute: string) => void): void;
  /** Extended attributes of an entry, or without a name of the directory itself. */
  xattrs(name?: string): Map<string, Uint8Array>;
  /** Removes an extended attribute of the directory itself; one that is not there is no error. */
  removeXattr(attribute: string): void;
  /** Closes it. */
  close(): void;
}

/** What a host's trees cannot keep. */
export interface HostLimits {
  /** Owners, modes (beyond what Deno can set), device nodes, FIFOs and extended attributes. */
  readonly full: boolean;
  /** Names that differ in case or in their Unicode form only are one name. */
  readonly folds: boolean;
  /** Why it is limited, for people. */
  readonly reason?: string;
}

/** A root directory, opened. */
export interface HostTree {
  /** The root. */
  readonly root: HostDirectory;
  /** What it cannot keep. */
  readonly limits: HostLimits;
}
