/**
 * Ownership and types that an ordinary user cannot give to files, in extended attributes: `user.rootlesscontainers`, which umoci and
 * others write (a protobuf message with uid and gid), and `user.containers.override_stat`, which fuse-overlayfs and containers/storage read
 * (`UID:GID:MODE:TYPE`).
 * @module
 */
import { major, makedev, minor } from "../../../fs/abi/device.ts";
import {
  isBlk,
  isChr,
  isDir,
  isFifo,
  isLnk,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from "../../../fs/abi/mode.ts";

/** Owner as umoci keeps it. */
export const OWNER_XATTR = "user.rootlesscontainers";
/** Owner, mode and type as fuse-overlayfs keeps it. */
export const STAT_XATTR = "user.containers.override_stat";
/** In a message of owners: the one the file really has. */
const UNCHANGED = 0xffffffff;

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
  return [...bytes, value];
}

/** The message for an owner; fields that are zero are left out, as protobuf has it. */
export function encodeOwner(uid: number, gid: number): Uint8Array {
  return Uint8Array.from([
    ...(uid === 0 ? [] : [0x08, ...varint(uid)]),
    ...(gid === 0 ? [] : [0x10, ...varint(gid)]),
  ]);
}

/** Owner of a message; undefined where it says that the file's own counts, or if it is no such message. */
export function decodeOwner(
  message: Uint8Array,
): [uid: number | undefined, gid: number | undefined] | undefined {
  const fields: [number, number] = [0, 0];
  for (let at = 0; at < message.length;) {
    const field = message[at] === 0x08 ? 0 : message[at] === 0x10 ? 1 : undefined;
    if (field === undefined) return undefined;
    let value = 0, scale = 1, byte = 0x80;
    for (at++; byte >= 0x80; scale *= 128) {
      if (at >= message.length || scale > 2 ** 28) return undefined;
      byte = message[at++]!;
      value += byte % 128 * scale;
    }
    fields[field] = value;
  }
  const [uid, gid] = fields;
  if (uid > UNCHANGED || gid > UNCHANGED) return undefined;
  return [uid === UNCHANGED ? undefined : uid, gid === UNCHANGED ? undefined : gid];
}

/** What a file is to be taken for. */
export interface OverriddenStat {
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Type and permission bits. */
  readonly mode: number;
  /** Which device it is. */
  readonly rdev: number;
}

function typeName({ mode, rdev }: OverriddenStat): string {
  if (isDir(mode)) return "dir";
  if (isLnk(mode)) return "symlink";
  if (isFifo(mode)) return "pipe";
  if (isChr(mode) || isBlk(mode)) return `${isChr(mode) ? "char" : "block"}-${major(rdev)}-${minor(rdev)}`;
  return "file";
}

const TYPES: Readonly<Record<string, number>> = {
  dir: S_IFDIR,
  symlink: S_IFLNK,
  pipe: S_IFIFO,
  socket: S_IFSOCK,
  file: S_IFREG,
  char: S_IFCHR,
  block: S_IFBLK,
};

/** The attribute's value. */
export function encodeStat(stat: OverriddenStat): Uint8Array {
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
  return new TextEncoder().encode(`${stat.uid}:${stat.gid}:${mode}:${typeName(stat)}`);
}

/** Reads a value, with `type` where it says none (as older versions wrote it); undefined if it is malformed. */
export function decodeStat(value: Uint8Array, type: number): OverriddenStat | undefined {
  const text = new TextDecoder().decode(value);
  const match = /^(\d{1,10}):(\d{1,10}):([0-7]{1,7})(?::([a-z]+)(?:-(\d{1,4})-(\d{1,7}))?)?$/.exec(text);
  if (match === null) return undefined;
  const [, uid, gid, mode, name, high, low] = match;
  const bits = name === undefined ? type : TYPES[name];
  if (bits === undefined || Number(uid) >= UNCHANGED || Number(gid) >= UNCHANGED) return undefined;
  const rdev = high === undefined ? 0 : makedev(Number(high), Number(low));
  return { uid: Number(uid), gid: Number(gid), mode: bits | parseInt(mode!, 8) & 0o7777, rdev };
}
