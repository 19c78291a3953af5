/** statx(2), whose layout is the same on every processor. @module */
import { makedev } from "../../../fs/abi/device.ts";
import { ENOENT, ENOTDIR } from "../../../fs/abi/errno.ts";
import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW } from "../../../fs/abi/open.ts";
import { cString, failed, type Libc } from "./libc.ts";
import type { HostStat } from "./types.ts";

const STATX_BASIC_STATS = 0x7ff;
const buffer = new Uint8Array(256);
const view = new DataView(buffer.buffer);

const u64 = (at: number): number => view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);

/** What is known of an entry of a directory, or with an empty name of the descriptor itself; null if there is none. */
export function statOf(lib: Libc, fd: number, name: string, what: string): HostStat | null {
  const flags = AT_SYMLINK_NOFOLLOW | (name === "" ? AT_EMPTY_PATH : 0);
  if (lib.c.statx(fd, cString(name), flags, STATX_BASIC_STATS, buffer) < 0) {
    const errno = lib.errno();
    if (errno === ENOENT || errno === ENOTDIR) return null;
    throw failed(lib, `looking at ${what}`);
  }
  return {
    mode: view.getUint16(28, true),
    nlink: view.getUint32(16, true),
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    ino: u64(32),
    size: u64(40),
    blocks: u64(48),
    ctimeSec: Number(view.getBigInt64(96, true)),
    ctimeNsec: view.getUint32(104, true),
    mtimeSec: Number(view.getBigInt64(112, true)),
    mtimeNsec: view.getUint32(120, true),
    rdev: makedev(view.getUint32(128, true), view.getUint32(132, true)),
    dev: makedev(view.getUint32(136, true), view.getUint32(140, true)),
  };
}
