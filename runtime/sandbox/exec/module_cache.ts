/** Compiled modules of files: processes of one kernel that execute the same file share one. @module */
import type { Inode } from "../../../fs/vfs/inode.ts";
import type { GuestModule } from "./guest_module.ts";

/** Milliseconds after a change within which a file may change again without another time. */
const UNSETTLED_MS = 2000;

/** See the module's comment. A file that has changed, or may have, is compiled again. */
export class ModuleCache {
  readonly #modules: WeakMap<Inode, { readonly stamp: string; readonly guest: GuestModule }> = new WeakMap();

  /** What tells one content of a file from another; "" if nothing can, because it has only just changed. */
  stamp(inode: Inode): string {
    const changed = inode.ctimeSec * 1000 + inode.ctimeNsec / 1e6;
    if (Math.abs(inode.sb.clock.now() - changed) < UNSETTLED_MS) return "";
    return `${inode.size} ${inode.mtimeSec}.${inode.mtimeNsec} ${inode.ctimeSec}.${inode.ctimeNsec}`;
  }

  /** The module of a file that is as it was. */
  get(inode: Inode): GuestModule | undefined {
    const known = this.#modules.get(inode);
    return known !== undefined && known.stamp === this.stamp(inode) ? known.guest : undefined;
  }

  /** Remembers the module of a file that had `stamp` before it was read. */
  set(inode: Inode, stamp: string, guest: GuestModule): void {
    if (stamp !== "" && stamp === this.stamp(inode)) this.#modules.set(inode, { stamp, guest });
  }
}
