/** Id-mapped mounts (man 2 mount_setattr, "ID-mapped mounts"): files of a mount have other owners than they have on disk. @module */
import type { CredIdMap, CredIdMaps, FsCred } from "./cred.ts";
import type { Mount } from "./dentry.ts";

/** What an id without a mapping is shown as. */
const OVERFLOW_ID = 65534;

/** Between what a caller calls an id and what the filesystem has: through the caller's user namespace, then through the mount. */
class Through implements CredIdMap {
  constructor(readonly mount: CredIdMap, readonly caller: CredIdMap | null) {}

  /** The filesystem's id. */
  toKernel(id: number): number {
    const kernel = this.caller === null ? id : this.caller.toKernel(id);
    return kernel < 0 ? -1 : this.mount.fromKernel(kernel);
  }
  fromKernel(id: number): number {
    const kernel = this.mount.toKernel(id);
    return kernel < 0 || this.caller === null ? kernel : this.caller.fromKernel(kernel);
  }
  shown(id: number): number {
    const seen = this.fromKernel(id);
    return seen < 0 ? OVERFLOW_ID : seen;
  }
}

/** The map of a mount. Ids of the filesystem are taken for ids of a user namespace; what they are outside of it is what is seen. */
export class MountIdMap {
  /** What callers are to the filesystem, by what they are elsewhere. */
  readonly #seen: WeakMap<FsCred, FsCred> = new WeakMap();

  /** The maps of the user namespace. */
  constructor(readonly maps: CredIdMaps) {}

  /** A caller with the ids it has for the filesystem; -1 for an id that has none. */
  cred(caller: FsCred): FsCred {
    let cred = this.#seen.get(caller);
    if (cred === undefined) this.#seen.set(caller, cred = this.#translate(caller));
    return cred;
  }

  #translate(caller: FsCred): FsCred {
    const { uids, gids } = this.maps;
    const own = caller.idMaps ?? null;
    return {
      fsuid: uids.fromKernel(caller.fsuid),
      fsgid: gids.fromKernel(caller.fsgid),
      groups: caller.groups.map((gid) => gids.fromKernel(gid)).filter((gid) => gid >= 0),
      capable: (cap) => caller.capable(cap),
      globallyCapable: (cap) => caller.globallyCapable?.(cap) ?? caller.capable(cap),
      idMaps: { uids: new Through(uids, own?.uids ?? null), gids: new Through(gids, own?.gids ?? null) },
    };
  }
}

/** Owner and group of a file as they are seen through a mount; -1 for an id that the mount does not map. */
export function ownerOn(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  mount: Mount | null,
): { readonly uid: number; readonly gid: number } {
  const idmap = mount?.idmap ?? null;
  return idmap === null
    ? { uid, gid }
    : { uid: idmap.maps.uids.toKernel(uid), gid: idmap.maps.gids.toKernel(gid) };
}

/** A caller as the files of a mount know it: itself, but on an id-mapped mount. */
export function credOn(cred: FsCred, mount: Mount | null): FsCred {
  return mount === null || mount.idmap === null ? cred : mount.idmap.cred(cred);
}
