/** Mounts: mount, umount2, pivot_root, and by descriptors open_tree, move_mount, mount_setattr. @module */
import { EBADF, EINVAL, ENOTDIR, EPERM } from "../../../../fs/abi/errno.ts";
import { isDir } from "../../../../fs/abi/mode.ts";
import {
  MNT_DETACH,
  MNT_EXPIRE,
  MNT_FORCE,
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_IDMAP,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_BENEATH,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_F_SYMLINKS,
  MOVE_MOUNT_SET_GROUP,
  MOVE_MOUNT_T_EMPTY_PATH,
  MOVE_MOUNT_T_SYMLINKS,
  MS_BIND,
  MS_MOVE,
  OPEN_TREE_CLONE,
  UMOUNT_NOFOLLOW,
} from "../../../../fs/abi/mount.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_RECURSIVE,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_PATH,
} from "../../../../fs/abi/open.ts";
import { CAP_SYS_ADMIN } from "../../../../fs/vfs/cred.ts";
import type { Mount, VPath } from "../../../../fs/vfs/dentry.ts";
import {
  lookupAt,
  mountAt,
  MountIdMap,
  PathFile,
  reconfigureSuper,
  sortSuperOptions,
} from "../../../../fs/vfs/mod.ts";
import type { MountAttr } from "../../../program/types.ts";
import type { IdMapping } from "../../../spec/types.ts";
import { IdMap } from "../id_map.ts";
import { NamespaceFile } from "../nsfs.ts";
import type { Task } from "../task.ts";
import { UserNamespace } from "../user_namespace.ts";
import { pathOfArgument, place } from "./arguments.ts";
import type { Syscall } from "./file.ts";
import { contextCalls, install, installMount, mayReconfigure } from "./mount_context.ts";

const TREE_FLAGS = OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_RECURSIVE |
  AT_SYMLINK_NOFOLLOW;
const ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
  MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_IDMAP;

/** The mount a place is the root of; -EINVAL if it is not one. */
function mountOf(at: VPath): Mount | number {
  return at.dentry === at.mount.root ? at.mount : -EINVAL;
}

/** The map of a user namespace, which a descriptor or its lines stand for. The initial namespace's is -EPERM. */
function mountIdMap(task: Task, userns: MountAttr["userns_fd"]): MountIdMap | number {
  if (typeof userns === "object" && "uidMappings" in userns) {
    return new MountIdMap({ uids: mapOf(userns.uidMappings), gids: mapOf(userns.gidMappings) });
  }
  const file = typeof userns === "number" ? task.files.get(userns)?.file : undefined;
  if (file === undefined) return -EBADF;
  if (!(file instanceof NamespaceFile) || !(file.namespace instanceof UserNamespace)) return -EINVAL;
  const { parent, uids, gids } = file.namespace;
  return parent === null ? -EPERM : new MountIdMap({ uids, gids });
}

const mapOf = (mappings: readonly IdMapping[]): IdMap =>
  new IdMap(
    mappings.map(({ containerID, hostID, size }) => ({ first: containerID, lower: hostID, count: size })),
  );

/** By name. All but open_tree without OPEN_TREE_CLONE need CAP_SYS_ADMIN over the mount namespace. */
export const mountCalls: Record<string, Syscall> = {
  ...contextCalls,
  mount(task, a) {
    const target = pathOfArgument(a.string(1));
    if (typeof target === "number") return target;
    const flags = a.number(3);
    const name = a.optional(0) ?? "none";
    const source = (flags & (MS_BIND | MS_MOVE)) !== 0 ? pathOfArgument(name) : name;
    if (typeof source === "number") return source;
    return mountAt(task, source, target, a.optional(2) ?? "", flags, a.optional(4) ?? "");
  },
  open_tree(task, a) {
    const flags = a.number(2);
    const clone = (flags & OPEN_TREE_CLONE) !== 0, recursive = (flags & AT_RECURSIVE) !== 0;
    if ((flags & ~TREE_FLAGS) !== 0 || (recursive && !clone)) return -EINVAL;
    const follow = (flags & AT_SYMLINK_NOFOLLOW) === 0;
    const at = place(task, a.number(0), a.string(1), (flags & AT_EMPTY_PATH) !== 0, follow);
    if (typeof at === "number") return at;
    if (!clone) {
      const file = new PathFile(at.dentry.inode!, O_PATH);
      file.mount = at.mount;
      file.dentry = at.dentry;
      return install(task, file, (flags & O_CLOEXEC) !== 0);
    }
    const copy = task.mountNs.cloneTree(at, recursive);
    return typeof copy === "number" ? copy : installMount(task, copy, (flags & O_CLOEXEC) !== 0);
  },
  move_mount(task, a) {
    const flags = a.number(4);
    const beneath = (flags & MOVE_MOUNT_BENEATH) !== 0, group = (flags & MOVE_MOUNT_SET_GROUP) !== 0;
    if (beneath && group) return -EINVAL;
    const find = (i: number, empty: number, follow: number): VPath | number =>
      place(task, a.number(i), a.string(i + 1), (flags & empty) !== 0, (flags & follow) !== 0);
    const from = find(0, MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_F_SYMLINKS);
    if (typeof from === "number") return from;
    const to = find(2, MOVE_MOUNT_T_EMPTY_PATH, MOVE_MOUNT_T_SYMLINKS);
    if (typeof to === "number") return to;
    if (group) return task.mountNs.setGroup(from, to);
    const mount = mountOf(from);
    return typeof mount === "number" ? mount : task.mountNs.move(mount, to, beneath, task.root);
  },
  mount_setattr(task, a) {
    const flags = a.number(2);
    const { attr_set: set, attr_clr: clear, propagation } = a.mountAttr(3);
    if (((set | clear) & ~ATTRIBUTES) !== 0) return -EINVAL;
    if ((flags & ~(AT_EMPTY_PATH | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)) !== 0) {
      return -EINVAL;
    }
    if ((clear & MOUNT_ATTR_IDMAP) !== 0) return -EINVAL;
    if (set === 0 && clear === 0 && propagation === 0) return 0;
    const follow = (flags & AT_SYMLINK_NOFOLLOW) === 0;
    const at = place(task, a.number(0), a.string(1), (flags & AT_EMPTY_PATH) !== 0, follow);
    if (typeof at === "number") return at;
    const mount = mountOf(at);
    if (typeof mount === "number") return mount;
    const recursive = (flags & AT_RECURSIVE) !== 0;
    const idmap = (set & MOUNT_ATTR_IDMAP) === 0 ? undefined : mountIdMap(task, a.mountAttr(3).userns_fd);
    if (typeof idmap === "number") return idmap;
    if (idmap !== undefined && !mayReconfigure(task, mount.sb)) return -EPERM;
    return task.mountNs.setAttr(mount, set & ~MOUNT_ATTR_IDMAP, clear, propagation, recursive, idmap);
  },
  umount2(task, a) {
    const flags = a.number(1);
    if ((flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW)) !== 0) return -EINVAL;
    const path = pathOfArgument(a.string(0));
    if (typeof path === "number") return path;
    const at = lookupAt(task, null, path, (flags & UMOUNT_NOFOLLOW) === 0);
    if (typeof at === "number") return at;
    const mount = mountOf(at);
    if (typeof mount === "number") return mount;
    // The caller's root is not taken off but made read-only (do_umount_root).
    if (mount === task.root.mount && (flags & (MNT_DETACH | MNT_EXPIRE)) === 0) {
      if (!mayReconfigure(task, mount.sb)) return -EPERM;
      return reconfigureSuper(task.vfs, mount.sb, sortSuperOptions(["ro"]));
    }
    return task.mountNs.umount(mount, flags & ~UMOUNT_NOFOLLOW, task.root);
  },
  pivot_root(task, a) {
    const newRoot = place(task, AT_FDCWD, a.string(0), false, true);
    if (typeof newRoot === "number") return newRoot;
    const putOld = place(task, AT_FDCWD, a.string(1), false, true);
    if (typeof putOld === "number") return putOld;
    if (!isDir(newRoot.dentry.inode!.mode) || !isDir(putOld.dentry.inode!.mode)) return -ENOTDIR;
    const old = task.root;
    const error = task.mountNs.pivotRoot(newRoot, putOld, old);
    if (error < 0) return error;
    // Tasks whose root or working directory was the old root move along (man 2 pivot_root).
    const moved: VPath = { mount: newRoot.mount, dentry: newRoot.dentry };
    const wasOld = (at: VPath): boolean => at.mount === old.mount && at.dentry === old.dentry;
    for (const each of task.kernel.tasks()) {
      if (wasOld(each.root)) each.root = moved;
      if (wasOld(each.cwd)) each.cwd = moved;
    }
    return 0;
  },
};

for (const [name, call] of Object.entries(mountCalls)) {
  const needsNothing = (values: readonly unknown[]): boolean =>
    name === "open_tree" && (Number(values[2]) & OPEN_TREE_CLONE) === 0;
  mountCalls[name] = (task, a) => {
    const mayMount = task.cred.nsCapable(task.nsproxy.mnt.owner!, CAP_SYS_ADMIN);
    if (!mayMount && !needsNothing(a.values)) return -EPERM;
    return call(task, a);
  };
}
