/** What the host tells of a file. @module */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../abi/mode.ts";

/** Fields of stat(2), as far as the host has them. */
export interface HostStat {
  /** st_mode. */
  readonly mode: number;
  /** Number of the file on its device; 0 where the host does not number files (some of Windows' filesystems). */
  readonly ino: number;
  /** Device. */
  readonly dev: number;
  /** When it was made, milliseconds since 1970; 0 if that is not known. */
  readonly birth: number;
  /** Number of names. */
  readonly nlink: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Device number of a device node. */
  readonly rdev: number;
  /** Bytes. */
  readonly size: number;
  /** Access time, seconds. */
  readonly atimeSec: number;
  /** Access time, nanoseconds. */
  readonly atimeNsec: number;
  /** Modification time, seconds. */
  readonly mtimeSec: number;
  /** Modification time, nanoseconds. */
  readonly mtimeNsec: number;
  /** Status change time, seconds. */
  readonly ctimeSec: number;
  /** Status change time, nanoseconds. */
  readonly ctimeNsec: number;
}

/** What tells a file from others on the host; undefined where the host does not number files. */
export function keyOf(stat: HostStat): string | undefined {
  return stat.ino === 0 ? undefined : `${stat.dev}:${stat.ino}:${stat.birth}`;
}

/** st_mode of a host file; on Windows, which has none, the bits a user would expect. */
function modeOf(info: Deno.FileInfo): number {
  const type = info.isDirectory
    ? S_IFDIR
    : info.isSymlink
    ? S_IFLNK
    : info.isFile
    ? S_IFREG
    : info.isFifo
    ? S_IFIFO
    : info.isSocket
    ? S_IFSOCK
    : info.isCharDevice
    ? S_IFCHR
    : info.isBlockDevice
    ? S_IFBLK
    : S_IFREG;
  const bits = Deno.build.os === "windows" || info.mode === null
    ? (type === S_IFREG ? 0o644 : 0o755)
    : info.mode & 0o7777;
  return type | bits;
}

function split(date: Date | null): [sec: number, nsec: number] {
  const ms = date?.getTime() ?? 0;
  const sec = Math.floor(ms / 1000);
  return [sec, (ms - sec * 1000) * 1e6];
}

/** What Deno tells of a file: times to the millisecond. */
export function statOf(info: Deno.FileInfo): HostStat {
  const [atimeSec, atimeNsec] = split(info.atime);
  const [mtimeSec, mtimeNsec] = split(info.mtime);
  const [ctimeSec, ctimeNsec] = split(info.ctime ?? info.mtime);
  return {
    mode: modeOf(info),
    ino: info.ino ?? 0,
    dev: info.dev,
    birth: info.birthtime?.getTime() ?? 0,
    nlink: info.nlink ?? 1,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    rdev: info.rdev ?? 0,
    size: info.size,
    atimeSec,
    atimeNsec,
    mtimeSec,
    mtimeNsec,
    ctimeSec,
    ctimeNsec,
  };
}
