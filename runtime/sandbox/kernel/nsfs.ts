/** nsfs: the files behind /proc/PID/ns/TYPE, which keep a namespace alive and name it (man 7 namespaces, man 2 ioctl_ns). @module */
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import { S_IFREG } from "../../../fs/abi/mode.ts";
import type { Statfs } from "../../../fs/abi/stat.ts";
import { Dentry, type VPath } from "../../../fs/vfs/dentry.ts";
import { Inode, SuperBlock } from "../../../fs/vfs/inode.ts";
import { OpenFile } from "../../../fs/vfs/open_file.ts";
import type { Vfs } from "../../../fs/vfs/vfs.ts";
import type { Namespace } from "./namespace.ts";
import { PidNamespace } from "./pid_namespace.ts";
import type { Task } from "./task.ts";
import { UserNamespace } from "./user_namespace.ts";

/** NSFS_MAGIC. */
const MAGIC = 0x6e736673;

/** The file of a namespace. */
export class NamespaceInode extends Inode {
  /** The file of `namespace`. */
  constructor(sb: SuperBlock, readonly namespace: Namespace) {
    super(sb, namespace.ino, S_IFREG | 0o444);
    this.setTimes(sb.clock.now());
  }
  /** See Inode. */
  override open(flags: number): OpenFile {
    return new NamespaceFile(this, flags);
  }
}

/** An open file of a namespace: nothing to read, but setns(2) and ioctl_ns(2) take it. */
export class NamespaceFile extends OpenFile {
  /** The namespace it keeps alive. */
  get namespace(): Namespace {
    return (this.inode as NamespaceInode).namespace;
  }
  /** See OpenFile. */
  override read(): number {
    return -EINVAL;
  }
  /** See OpenFile. */
  override write(): number {
    return -EINVAL;
  }
}

/** The filesystem: one of each kernel, mounted nowhere. */
export class NsfsSuper extends SuperBlock {
  /** See SuperBlock. */
  readonly type = "nsfs";
  /** See SuperBlock. */
  readonly root: Inode = new (class extends Inode {})(this, 1, S_IFREG);
  readonly #places: WeakMap<Namespace, VPath> = new WeakMap();

  /** A filesystem of `vfs`. */
  constructor(readonly vfs: Vfs) {
    super(vfs.clock);
    vfs.rootDentry(this); // gives it its device
  }

  /** See SuperBlock. */
  statfs(out: Statfs): number {
    out.type = MAGIC;
    out.bsize = 4096;
    out.blocks =
      out.bfree =
      out.bavail =
      out.files =
      out.ffree =
        0;
    out.namelen = 255;
    return 0;
  }

  /** Has the file of a namespace been reached? Then somebody may have it open, or mounted. */
  isKnown(namespace: Namespace): boolean {
    return this.#places.has(namespace);
  }

  /** Where the file of a namespace is: the same place as long as the namespace lives. */
  place(namespace: Namespace): VPath {
    let at = this.#places.get(namespace);
    if (at === undefined) {
      const name = `${namespace.kind}:[${namespace.ino}]`;
      const dentry = new Dentry(this, name, null, new NamespaceInode(this, namespace));
      at = { mount: this.vfs.newMount(this, { root: dentry, source: "nsfs" }), dentry };
      this.#places.set(namespace, at);
    }
    return at;
  }
}

/** ioctl NS_GET_USERNS: the user namespace that owns it; -EPERM if that is outside of the caller's. */
export function owningNamespace(task: Task, namespace: Namespace): UserNamespace | number {
  const { owner } = namespace;
  return owner !== null && owner.isWithin(task.cred.userNs) ? owner : -EPERM;
}

/** ioctl NS_GET_PARENT: of pid and user namespaces; -EPERM if it is outside of the caller's, -EINVAL for other types. */
export function parentNamespace(task: Task, namespace: Namespace): Namespace | number {
  if (namespace instanceof PidNamespace) {
    const { parent } = namespace;
    return parent !== null && parent.isWithin(task.pidNs) ? parent : -EPERM;
  }
  if (!(namespace instanceof UserNamespace)) return -EINVAL;
  const { parent } = namespace;
  return parent !== null && parent.isWithin(task.cred.userNs) ? parent : -EPERM;
}
