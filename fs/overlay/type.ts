/** mount -t overlay -o lowerdir=A:B,upperdir=C,workdir=D. @module */
import { EINVAL, ENOTDIR } from "../abi/errno.ts";
import { isDir } from "../abi/mode.ts";
import type { Inode } from "../vfs/inode.ts";
import { parsePath } from "../vfs/path_name.ts";
import type { Caller, FsType } from "../vfs/vfs.ts";
import { lookupAt } from "../vfs/walk.ts";
import { OverlaySuper } from "./super.ts";

/** Options that change nothing here: there is no index, and inode numbers are always stable. */
const ACCEPTED = /^(index|redirect_dir|xino|metacopy|nfs_export|uuid|volatile|userxattr)(=.*)?$/;

function directory(caller: Caller, path: string): Inode | number {
  const name = parsePath(path);
  if (typeof name === "number") return name;
  const at = lookupAt(caller, null, name, true);
  if (typeof at === "number") return at;
  return isDir(at.dentry.inode!.mode) ? at.dentry.inode! : -ENOTDIR;
}

/** Splits at colons that no backslash protects (overlay(5), "Multiple lower layers"). */
function splitColons(text: string): string[] {
  return text.split(/(?<!\\):/).map((part) => part.replace(/\\([:\\,])/g, "$1"));
}

/** The type. */
export const overlayType: FsType = {
  name: "overlay",
  nodev: true,
  create(options, _source, caller) {
    const lowers: Inode[] = [];
    let upper: Inode | null = null, work = false;
    for (const option of options) {
      const at = option.indexOf("=");
      const key = option.slice(0, Math.max(at, 0)), value = option.slice(at + 1);
      if (key === "lowerdir" || key === "lowerdir+") {
        for (const path of key === "lowerdir" ? splitColons(value) : [value]) {
          const dir = directory(caller, path);
          if (typeof dir === "number") return dir;
          lowers.push(dir);
        }
      } else if (key === "upperdir" || key === "workdir") {
        const dir = directory(caller, value);
        if (typeof dir === "number") return dir;
        if (key === "upperdir") upper = dir;
        else work = true;
      } else if (!ACCEPTED.test(option)) return -EINVAL;
    }
    if (lowers.length === 0 || (upper !== null) !== work) return -EINVAL;
    if (upper?.sb.readOnly) upper = null;
    return new BorrowedOverlay({ lowers, upper, clock: caller.vfs.clock, shown: options.join(",") });
  },
};

/** An overlay of trees that others have mounted: they live on when it ends. */
class BorrowedOverlay extends OverlaySuper {
  override shutdown(): void {}
}
