/** Filesystems being configured: fsopen(2), fspick(2), fsconfig(2), fsmount(2). @module */
import { EBADF, EBUSY, EINVAL, ENODEV, EOPNOTSUPP, EPERM } from "../../../../fs/abi/errno.ts";
import { S_IFREG } from "../../../../fs/abi/mode.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_CMD_RECONFIGURE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSPICK_EMPTY_PATH,
  FSPICK_SYMLINK_NOFOLLOW,
} from "../../../../fs/abi/mount.ts";
import { O_PATH } from "../../../../fs/abi/open.ts";
import type { Statfs } from "../../../../fs/abi/stat.ts";
import { CAP_SYS_ADMIN } from "../../../../fs/vfs/cred.ts";
import type { Mount } from "../../../../fs/vfs/dentry.ts";
import { Inode, SuperBlock } from "../../../../fs/vfs/inode.ts";
import {
  closeDetached,
  newSuper,
  OpenFile,
  PathFile,
  reconfigureSuper,
  sortSuperOptions,
  tooRevealing,
} from "../../../../fs/vfs/mod.ts";
import type { Task } from "../task.ts";
import { UserNamespace } from "../user_namespace.ts";
import { type Arguments, place } from "./arguments.ts";
import type { Syscall } from "./file.ts";

const CLOEXEC = 1;

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

/** What fsopen and fspick return: options being collected for a superblock that is to be made or changed. */
class FsContextFile extends OpenFile {
  options: string[] = [];
  source = "none";
  /** A failed creation leaves nothing that could go on. */
  failed = false;
  mounted = false;

  constructor(readonly type: string, public sb: SuperBlock | null) {
    super(anonfs.root, 0);
  }
}

/** A descriptor of a tree that is mounted nowhere: closing it ends the tree, unless that has been attached. */
class DetachedFile extends PathFile {
  protected override release(): number {
    closeDetached(this.mount!);
    return 0;
  }
}

/** A descriptor of a detached mount: what fsmount and open_tree give. */
export function installMount(task: Task, mount: Mount, cloexec: boolean): number {
  task.mountNs.detach(mount);
  const file = new DetachedFile(mount.root.inode!, O_PATH);
  file.mount = mount;
  file.dentry = mount.root;
  return install(task, file, cloexec);
}

/** The next descriptor for a file, or a negative errno and the file closed. */
export function install(task: Task, file: OpenFile, cloexec: boolean): number {
  const fd = task.files.install(file, cloexec);
  if (fd < 0) file.close();
  return fd;
}

function contextOf(task: Task, fd: number): FsContextFile | number {
  const file = task.files.get(fd)?.file;
  return file === undefined ? -EBADF : file instanceof FsContextFile ? file : -EINVAL;
}

function create(task: Task, context: FsContextFile): number {
  if (context.sb !== null || context.failed) return -EBUSY;
  const sb = newSuper(task, context.type, context.source, sortSuperOptions(context.options));
  if (typeof sb === "number") {
    context.failed = true;
    return sb;
  }
  context.sb = sb;
  context.options = [];
  return 0;
}

/** Options of a superblock are changed by who is privileged where it was made. */
export function mayReconfigure(task: Task, sb: SuperBlock): boolean {
  return task.cred.nsCapable(
    sb.owner instanceof UserNamespace ? sb.owner : UserNamespace.INITIAL,
    CAP_SYS_ADMIN,
  );
}

function reconfigure(task: Task, context: FsContextFile): number {
  const { sb } = context;
  if (sb === null) return -EBUSY;
  if (!mayReconfigure(task, sb)) return -EPERM;
  const error = reconfigureSuper(task.vfs, sb, sortSuperOptions(context.options));
  context.options = [];
  return error;
}

/** Notes an option; one that the filesystem would refuse whatever the others are, at once. */
function addOption(task: Task, context: FsContextFile, option: string): number {
  const own = sortSuperOptions([option]).own.length > 0;
  if (own && task.vfs.filesystems.get(context.type)?.accepts?.(option) === false) return -EINVAL;
  context.options.push(option);
  return 0;
}

function fsconfig(task: Task, a: Arguments): number {
  const context = contextOf(task, a.number(0));
  if (typeof context === "number") return context;
  switch (a.number(1)) {
    case FSCONFIG_SET_FLAG:
      return addOption(task, context, a.string(2));
    case FSCONFIG_SET_STRING:
      if (a.string(2) !== "source") return addOption(task, context, `${a.string(2)}=${a.string(3)}`);
      context.source = a.string(3);
      return 0;
    case FSCONFIG_CMD_CREATE:
      return create(task, context);
    case FSCONFIG_CMD_RECONFIGURE:
      return reconfigure(task, context);
  }
  return -EOPNOTSUPP;
}

/** By name. */
export const contextCalls = {
  fsopen(task, a) {
    if ((a.number(1) & ~CLOEXEC) !== 0) return -EINVAL;
    const type = a.string(0);
    if (!task.vfs.filesystems.has(type)) return -ENODEV;
    return install(task, new FsContextFile(type, null), a.number(1) !== 0);
  },
  fspick(task, a) {
    const flags = a.number(2);
    const follow = (flags & FSPICK_SYMLINK_NOFOLLOW) === 0;
    const at = place(task, a.number(0), a.string(1), (flags & FSPICK_EMPTY_PATH) !== 0, follow);
    if (typeof at === "number") return at;
    if (at.dentry !== at.mount.root) return -EINVAL;
    return install(task, new FsContextFile(at.mount.sb.type, at.mount.sb), (flags & CLOEXEC) !== 0);
  },
  fsconfig,
  fsmount(task, a) {
    const context = contextOf(task, a.number(0));
    if (typeof context === "number") return context;
    if (context.sb === null) return -EINVAL;
    if (context.mounted) return -EBUSY;
    const mount = task.vfs.newMount(context.sb, { flags: a.number(2), source: context.source });
    if (tooRevealing(task, mount)) return -EPERM;
    context.mounted = true;
    return installMount(task, mount, (a.number(1) & CLOEXEC) !== 0);
  },
} satisfies Record<string, Syscall>;
