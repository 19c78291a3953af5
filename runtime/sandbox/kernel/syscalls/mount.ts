/** The mount API by descriptors: fsopen, fsconfig, fsmount, open_tree, move_mount, mount_setattr, umount2, pivot_root. @module */
import { EBADF, EBUSY, EINVAL, ENODEV, EOPNOTSUPP, EPERM } from "../../../../fs/abi/errno.ts";
import { S_IFREG } from "../../../../fs/abi/mode.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_CMD_RECONFIGURE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  MOUNT_ATTR_IDMAP,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  OPEN_TREE_CLONE,
  UMOUNT_NOFOLLOW,
} from "../../../../fs/abi/mount.ts";
import {
  AT_EMPTY_PATH,
  AT_RECURSIVE,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_PATH,
} from "../../../../fs/abi/open.ts";
import type { Statfs } from "../../../../fs/abi/stat.ts";
import { CAP_SYS_ADMIN } from "../../../../fs/vfs/cred.ts";
import type { Mount, VPath } from "../../../../fs/vfs/dentry.ts";
import { Inode, SuperBlock } from "../../../../fs/vfs/inode.ts";
import { lookupAt, OpenFile, PathFile } from "../../../../fs/vfs/mod.ts";
import type { FsType } from "../../../../fs/vfs/vfs.ts";
import type { Task } from "../task.ts";
import { type Arguments, baseOf, pathOfArgument } from "./arguments.ts";
import type { Syscall } from "./file.ts";

class AnonInode extends Inode {}
class AnonSuper extends SuperBlock {
  readonly type = "anon_inodefs";
  readonly root: Inode = new AnonInode(this, 1, S_IFREG | 0o600);
  statfs(out: Statfs): number {
    out.type = 0x09041934;
    return 0;
  }
}
const anonfs = new AnonSuper();

/** What fsopen returns: options being collected, then a superblock. */
class FsContextFile extends OpenFile {
  readonly options: string[] = [];
  source = "none";
  sb: SuperBlock | null = null;

  constructor(readonly type: FsType) {
    super(anonfs.root, 0);
  }
}

/** Looks up descriptor and path; an empty path with its flag means the descriptor's own place. */
function place(task: Task, fd: number, path: string, emptyAllowed: boolean, follow: boolean): VPath | number {
  const base = baseOf(task, fd);
  if (typeof base === "number") return base;
  const name = pathOfArgument(path, emptyAllowed ? AT_EMPTY_PATH : 0);
  return typeof name === "number" ? name : lookupAt(task, base, name, follow);
}

/** A descriptor of a detached mount: what fsmount and open_tree give. */
function installMount(task: Task, mount: Mount, cloexec: boolean): number {
  const file = new PathFile(mount.root.inode!, O_PATH);
  file.mount = mount;
  file.dentry = mount.root;
  const fd = task.files.install(file, cloexec);
  if (fd < 0) file.close();
  return fd;
}

function addOption(context: FsContextFile, option: string): number {
  if (context.type.accepts?.(option) === false) return -EINVAL;
  context.options.push(option);
  return 0;
}

function fsconfig(task: Task, a: Arguments): number {
  const context = task.files.get(a.number(0))?.file;
  if (context === undefined) return -EBADF;
  if (!(context instanceof FsContextFile)) return -EINVAL;
  switch (a.number(1)) {
    case FSCONFIG_SET_FLAG:
      return addOption(context, a.string(2));
    case FSCONFIG_SET_STRING:
      if (a.string(2) !== "source") return addOption(context, `${a.string(2)}=${a.string(3)}`);
      context.source = a.string(3);
      return 0;
    case FSCONFIG_CMD_CREATE: {
      if (context.sb !== null) return -EBUSY;
      const sb = context.type.create(context.options, context.source, task);
      if (typeof sb === "number") return sb;
      context.sb = sb;
      return 0;
    }
    case FSCONFIG_CMD_RECONFIGURE:
      return context.sb === null ? -EINVAL : context.sb.reconfigure(context.options);
  }
  return -EOPNOTSUPP;
}

/** The mount a place is the root of; -EINVAL if it is not one. */
function mountAt(at: VPath): Mount | number {
  return at.dentry === at.mount.root ? at.mount : -EINVAL;
}

/** By name. All need CAP_SYS_ADMIN. */
export const mountCalls = {
  fsopen(task, a) {
    const type = task.vfs.filesystems.get(a.string(0));
    if (type === undefined) return -ENODEV;
    const file = new FsContextFile(type);
    const fd = task.files.install(file, (a.number(1) & FSOPEN_CLOEXEC) !== 0);
    if (fd < 0) file.close();
    return fd;
  },
  fsconfig,
  fsmount(task, a) {
    const context = task.files.get(a.number(0))?.file;
    if (context === undefined) return -EBADF;
    if (!(context instanceof FsContextFile) || context.sb === null) return -EINVAL;
    const mount = task.vfs.newMount(context.sb, { flags: a.number(2), source: context.source });
    return installMount(task, mount, (a.number(1) & FSMOUNT_CLOEXEC) !== 0);
  },
  open_tree(task, a) {
    const flags = a.number(2);
    const at = place(
      task,
      a.number(0),
      a.string(1),
      (flags & AT_EMPTY_PATH) !== 0,
      (flags & AT_SYMLINK_NOFOLLOW) === 0,
    );
    if (typeof at === "number") return at;
    if ((flags & OPEN_TREE_CLONE) === 0) {
      const file = new PathFile(at.dentry.inode!, O_PATH);
      file.mount = at.mount;
      file.dentry = at.dentry;
      const fd = task.files.install(file, (flags & O_CLOEXEC) !== 0);
      if (fd < 0) file.close();
      return fd;
    }
    const copy = task.mountNs.cloneTree(at, (flags & AT_RECURSIVE) !== 0);
    return typeof copy === "number" ? copy : installMount(task, copy, (flags & O_CLOEXEC) !== 0);
  },
  move_mount(task, a) {
    const flags = a.number(4);
    const from = place(task, a.number(0), a.string(1), (flags & MOVE_MOUNT_F_EMPTY_PATH) !== 0, false);
    if (typeof from === "number") return from;
    const to = place(task, a.number(2), a.string(3), (flags & MOVE_MOUNT_T_EMPTY_PATH) !== 0, false);
    if (typeof to === "number") return to;
    const mount = mountAt(from);
    if (typeof mount === "number") return mount;
    return mount.namespace === null ? task.mountNs.attach(mount, to) : task.mountNs.move(mount, to);
  },
  mount_setattr(task, a) {
    const flags = a.number(2);
    const attr = a.mountAttr(3);
    if (((attr.attr_set | attr.attr_clr) & MOUNT_ATTR_IDMAP) !== 0) return -EOPNOTSUPP;
    const at = place(
      task,
      a.number(0),
      a.string(1),
      (flags & AT_EMPTY_PATH) !== 0,
      (flags & AT_SYMLINK_NOFOLLOW) === 0,
    );
    if (typeof at === "number") return at;
    const mount = mountAt(at);
    if (typeof mount === "number") return mount;
    const recursive = (flags & AT_RECURSIVE) !== 0;
    return task.mountNs.setAttr(mount, attr.attr_set, attr.attr_clr, attr.propagation, recursive);
  },
  umount2(task, a) {
    const flags = a.number(1);
    const path = pathOfArgument(a.string(0));
    if (typeof path === "number") return path;
    const at = lookupAt(task, null, path, (flags & UMOUNT_NOFOLLOW) === 0);
    if (typeof at === "number") return at;
    const mount = mountAt(at);
    return typeof mount === "number" ? mount : task.mountNs.umount(mount, flags & ~UMOUNT_NOFOLLOW);
  },
  pivot_root(task, a) {
    const newRoot = place(task, -100, a.string(0), false, true);
    if (typeof newRoot === "number") return newRoot;
    const putOld = place(task, -100, a.string(1), false, true);
    if (typeof putOld === "number") return putOld;
    const oldRoot = task.mountNs.rootPath;
    const error = task.mountNs.pivotRoot(newRoot, putOld);
    if (error < 0) return error;
    // Tasks whose root or working directory was the old root move along (man 2 pivot_root).
    const moved: VPath = { mount: newRoot.mount, dentry: newRoot.dentry };
    for (const each of task.nsproxy.pid.tasks.values()) {
      if (each.mountNs !== task.mountNs) continue;
      if (each.root.mount === oldRoot.mount && each.root.dentry === oldRoot.dentry) each.root = moved;
      if (each.cwd.mount === oldRoot.mount && each.cwd.dentry === oldRoot.dentry) each.cwd = moved;
    }
    return 0;
  },
} satisfies Record<string, Syscall>;

const FSOPEN_CLOEXEC = 1, FSMOUNT_CLOEXEC = 1;

for (const [name, call] of Object.entries(mountCalls)) {
  (mountCalls as Record<string, Syscall>)[name] = (task, a) =>
    task.cred.capable(CAP_SYS_ADMIN) ? call(task, a) : -EPERM;
}
