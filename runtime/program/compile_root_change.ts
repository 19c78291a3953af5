/** The change of the root (config.md#root): pivot_root(2), or where that cannot be chroot(2). @module */
import { MNT_DETACH, MOVE_MOUNT_F_EMPTY_PATH, MS_SLAVE } from "../../fs/abi/mount.ts";
import { AT_FDCWD, AT_RECURSIVE, O_CLOEXEC, O_DIRECTORY, O_PATH } from "../../fs/abi/open.ts";
import type { ProgramBuilder } from "./builder.ts";
import { mountAttr, newFilesystem } from "./compile_mounts.ts";
import type { Ref } from "./types.ts";

const WHAT = "changing the root filesystem";

/** pivot_root(".", "."), and the old root gone (man 2 pivot_root, NOTES). */
export function compilePivot(b: ProgramBuilder, root: Ref): void {
  const how = { flags: O_PATH | O_DIRECTORY | O_CLOEXEC, mode: 0, resolve: 0 };
  const old = b.call("openat2", [AT_FDCWD, "/", how], WHAT, { keep: "fd" });
  b.call("fchdir", [root], WHAT);
  b.call("pivot_root", [".", "."], WHAT, { spec: "config.md#root" });
  b.call("fchdir", [old], WHAT);
  // Or the unmount would reach the host (man 2 pivot_root, NOTES).
  b.call("mount_setattr", [AT_FDCWD, ".", AT_RECURSIVE, mountAttr(0, 0, MS_SLAVE)], WHAT);
  b.call("umount2", [".", MNT_DETACH], WHAT);
  b.call("chdir", ["/"], WHAT);
  b.call("close", [old], WHAT);
  b.call("close", [root], WHAT);
}

/**
 * Moves the root over the old one, which stays below it (--no-pivot, for a root that is an initramfs). What it has of procfs and sysfs is taken away or
 * hidden before: as long as one is there as a whole, the container could mount its own without masks. `there`: it is in its place already.
 */
export function compileChroot(b: ProgramBuilder, root: Ref, hidden: readonly string[], there: boolean): void {
  for (const path of hidden) {
    const what = `hiding ${path}`, cover = b.newLabel("cover"), done = b.newLabel("hidden");
    // Or the unmount would reach the host.
    b.call("mount_setattr", [AT_FDCWD, path, AT_RECURSIVE, mountAttr(0, 0, MS_SLAVE)], what, {
      onError: done,
    });
    b.call("umount2", [path, MNT_DETACH], what, { onError: cover });
    b.jump(done);
    b.label(cover);
    const empty = newFilesystem(b, "tmpfs", "tmpfs", [], 0, what);
    b.call("move_mount", [empty, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH], what);
    b.call("close", [empty], what);
    b.label(done);
  }
  if (!there) b.call("move_mount", [root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH], WHAT);
  b.call("fchdir", [root], WHAT);
  b.call("chroot", ["."], WHAT, { spec: "config.md#root" });
  b.call("chdir", ["/"], WHAT);
  b.call("close", [root], WHAT);
}
