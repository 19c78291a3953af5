/** How the metadata of an image's files is kept on the host, and read back. @module */
import { isBlk, isChr, isDir, isFifo, isLnk, isReg, S_IFMT, S_IFREG } from "../../../fs/abi/mode.ts";
import type { HostAttributes, HostStat } from "../host_fs/types.ts";
import { type IdMaps, mapAcl } from "./id_map.ts";
import { decodeOwner, decodeStat, encodeOwner, encodeStat, OWNER_XATTR, STAT_XATTR } from "./rootless.ts";

/** What an image says about a file, in the ids of its containers. */
export interface FileMetadata {
  /** Type and permission bits. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Which device it is. */
  readonly rdev: number;
  /** Extended attributes. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** What to do on the host for a file. */
export interface HostPlan {
  /** Attributes to set. */
  readonly attributes: HostAttributes;
  /** An empty regular file takes its place. */
  readonly standIn: boolean;
  /** Part of it is lost, in words; null if all is kept. */
  readonly lost: string | null;
}

/** One way of keeping metadata. */
export interface MetadataStore {
  /** How a file is made. Throws if it cannot be: an id without a host id. */
  plan(file: FileMetadata): HostPlan;
  /** What a file of the host is to the image. */
  read(stat: HostStat, xattrs: ReadonlyMap<string, Uint8Array>): FileMetadata;
}

/** Attributes that belong to the host, or to an overlay of its kernel, never to an image. */
const HOST_XATTR = /^(security\.(selinux|ima|evm)|system\.nfs4_acl|(trusted|user)\.overlay\..*)$/;

/** True for an attribute that is the host's own affair. */
export function isHostXattr(name: string): boolean {
  return HOST_XATTR.test(name);
}
const isSpecial = (mode: number): boolean => isChr(mode) || isBlk(mode);
const isAcl = (name: string): boolean => name.startsWith("system.posix_acl_");

function imageXattrs(
  xattrs: ReadonlyMap<string, Uint8Array>,
  keep: (name: string) => boolean = () => true,
): Map<string, Uint8Array> {
  return new Map([...xattrs].filter(([name]) => !HOST_XATTR.test(name) && keep(name)));
}

/** As root on Linux everything is kept as it is, ids mapped. On a host that is not `full`, devices and FIFOs become empty files. */
export class FullMetadata implements MetadataStore {
  /** With id maps. */
  constructor(readonly maps: IdMaps, readonly full: boolean) {}

  #host(id: number, group: boolean): number {
    const host = (group ? this.maps.gids : this.maps.uids).toHost(id);
    if (host === undefined) {
      throw new Error(`${group ? "group" : "user"} ${id} has no id on the host in the map`);
    }
    return host;
  }
  #container(id: number, group: boolean): number {
    const container = (group ? this.maps.gids : this.maps.uids).toContainer(id);
    if (container === undefined) {
      throw new Error(`${group ? "group" : "user"} ${id} of the host has no id in the container in the map`);
    }
    return container;
  }
  #xattrs(
    xattrs: ReadonlyMap<string, Uint8Array>,
    map: (id: number, group: boolean) => number,
  ): ReadonlyMap<string, Uint8Array> {
    if (this.maps.uids.ranges.length + this.maps.gids.ranges.length === 0) return xattrs;
    return new Map([...xattrs].map(([name, value]) => [name, isAcl(name) ? mapAcl(value, map) : value]));
  }

  /** See MetadataStore. */
  plan({ mode, uid, gid, xattrs }: FileMetadata): HostPlan {
    const owner = [this.#host(uid, false), this.#host(gid, true)] as const;
    const mapped = this.#xattrs(xattrs, (id, group) => this.#host(id, group));
    const standIn = !this.full && (isSpecial(mode) || isFifo(mode));
    const lost = this.full ? null : "metadata"; // times are rounded there, too
    return {
      attributes: {
        owner,
        ...(mapped.size === 0 ? {} : { xattrs: mapped }),
        ...(isLnk(mode) ? {} : { mode: mode & 0o7777 }),
      },
      standIn,
      lost,
    };
  }
  /** See MetadataStore. */
  read(stat: HostStat, xattrs: ReadonlyMap<string, Uint8Array>): FileMetadata {
    return {
      mode: stat.mode,
      uid: this.full ? this.#container(stat.uid, false) : 0,
      gid: this.full ? this.#container(stat.gid, true) : 0,
      rdev: stat.rdev,
      xattrs: imageXattrs(this.#xattrs(xattrs, (id, group) => this.#container(id, group))),
    };
  }
}

/** As an ordinary user: every file is the user's own, and what it should be is in extended attributes. See rootless.ts. */
export class RootlessMetadata implements MetadataStore {
  /** See MetadataStore. */
  plan(file: FileMetadata): HostPlan {
    const { mode, uid, gid, rdev } = file;
    const foreign = uid !== 0 || gid !== 0;
    const standIn = isSpecial(mode);
    if (!isReg(mode) && !isDir(mode) && !standIn) {
      // Neither links nor FIFOs can have attributes of an ordinary user's.
      const attributes = isLnk(mode) ? {} : { mode: mode & 0o7777 | 0o600 };
      return {
        attributes,
        standIn,
        lost: foreign || file.xattrs.size > 0 ? "owner of a link or FIFO" : null,
      };
    }
    // The user must be able to read everything, and to write in directories, to change and to remove the tree.
    const own = (mode & 0o7777 | (isDir(mode) ? 0o700 : 0o600)) & (standIn ? 0o777 : 0o7777);
    const xattrs = imageXattrs(file.xattrs, (name) => name !== OWNER_XATTR && name !== STAT_XATTR);
    if (foreign) xattrs.set(OWNER_XATTR, encodeOwner(uid, gid));
    if (standIn || own !== (mode & 0o7777)) xattrs.set(STAT_XATTR, encodeStat({ uid, gid, mode, rdev }));
    return { attributes: { mode: own, ...(xattrs.size === 0 ? {} : { xattrs }) }, standIn, lost: null };
  }
  /** See MetadataStore. */
  read(stat: HostStat, xattrs: ReadonlyMap<string, Uint8Array>): FileMetadata {
    const override = xattrs.get(STAT_XATTR), owner = xattrs.get(OWNER_XATTR);
    const own = imageXattrs(xattrs, (name) => name !== OWNER_XATTR && name !== STAT_XATTR);
    const said = override === undefined ? undefined : decodeStat(override, stat.mode & S_IFMT);
    const ids = owner === undefined ? undefined : decodeOwner(owner);
    const uid = ids?.[0] ?? said?.uid ?? 0, gid = ids?.[1] ?? said?.gid ?? 0;
    // A stand-in is an empty regular file; permission bits somebody has changed since count more than those noted.
    const type = said !== undefined && (stat.mode & S_IFMT) === S_IFREG && stat.size === 0
      ? said.mode & S_IFMT
      : stat.mode & S_IFMT;
    const noted = said !== undefined &&
      (stat.mode & 0o7777) ===
        ((said.mode & 0o7777 | (isDir(said.mode) ? 0o700 : 0o600)) & (isSpecial(said.mode) ? 0o777 : 0o7777));
    const bits = noted ? said.mode & 0o7777 : stat.mode & 0o7777;
    return {
      mode: type | bits,
      uid,
      gid,
      rdev: isSpecial(type) ? said?.rdev ?? stat.rdev : stat.rdev,
      xattrs: own,
    };
  }
}
