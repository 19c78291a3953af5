/** Owners in mount options: ids of the user namespace that mounts (fs_parser's fsparam_uid). @module */
import { EINVAL } from "../abi/errno.ts";
import type { FsCred } from "./cred.ts";

/** Owner and group that options ask for. */
export interface OptionIds {
  /** User id. */
  readonly uid?: number;
  /** Group id. */
  readonly gid?: number;
}

/** The same in the kernel's ids; -EINVAL if one is not mapped. */
export function kernelIds(cred: FsCred, { uid, gid }: OptionIds): OptionIds | number {
  const maps = cred.idMaps;
  const owner = uid === undefined || !maps ? uid : maps.uids.toKernel(uid);
  const group = gid === undefined || !maps ? gid : maps.gids.toKernel(gid);
  if ((owner ?? 0) < 0 || (group ?? 0) < 0) return -EINVAL;
  return { ...owner === undefined ? {} : { uid: owner }, ...group === undefined ? {} : { gid: group } };
}
