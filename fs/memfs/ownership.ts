/**
 * Owners and modes of a Volume's files. memfs asks for permission on every call, as the user of this process and with no exception for
 * root; here the path walk has asked already, for the user of the container. So a Volume's files stay this process's own, and open to it;
 * owners and modes that a container sets are kept beside the Volume, until somebody changes the file's there.
 * @module
 */
import { isDir } from "../abi/mode.ts";

/** Owner and st_mode of a file. */
export interface Ownership {
  /** st_mode. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
}

/** What a Volume tells of a file that matters here. */
interface Told extends Ownership {
  readonly ino: number;
  readonly birthtimeMs?: number;
}

const volumes: WeakMap<object, Map<number, { readonly told: string; readonly set: Ownership }>> =
  new WeakMap();

const text = ({ mode, uid, gid, birthtimeMs }: Told): string => `${mode}:${uid}:${gid}:${birthtimeMs ?? ""}`;

/** The permission bits that a file has in the Volume itself: with its owner's, who is this process. */
export function volumeMode(mode: number): number {
  return mode & 0o7777 | (isDir(mode) ? 0o700 : 0o600);
}

/** Notes what a container has set. */
export function setOwnership(volume: object, told: Told, set: Ownership): void {
  let files = volumes.get(volume);
  if (files === undefined) volumes.set(volume, files = new Map());
  files.set(told.ino, { told: text(told), set });
}

/** What a container has set, or else what the Volume tells. */
export function ownershipOf(volume: object, told: Told): Ownership {
  const files = volumes.get(volume), known = files?.get(told.ino);
  if (known === undefined) return told;
  if (known.told === text(told)) return known.set;
  files!.delete(told.ino); // it has been changed in the Volume, or is another file
  return told;
}

/** A file is gone: its number can be another's. */
export function forgetOwnership(volume: object, ino: number): void {
  volumes.get(volume)?.delete(ino);
}
