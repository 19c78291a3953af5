/** The userland kernel: what its tasks share. @module */
import { ENOENT } from "../../../fs/abi/errno.ts";
import { MNT_DETACH } from "../../../fs/abi/mount.ts";
import type { VPath } from "../../../fs/vfs/dentry.ts";
import {
  lookupAt,
  mkdirAt,
  MountNamespace,
  openAt,
  parsePath,
  type PathName,
  Vfs,
} from "../../../fs/vfs/mod.ts";
import type { Inode, SuperBlock } from "../../../fs/vfs/inode.ts";
import { O_CREAT, O_EXCL, O_WRONLY } from "../../../fs/abi/open.ts";
import { isDir } from "../../../fs/abi/mode.ts";
import { TmpfsSuper } from "../../../fs/tmpfs/mod.ts";
import type { BinaryFormat } from "./binfmt.ts";
import { type KernelClock, PortableClock } from "./clock.ts";
import { Credentials } from "./credentials.ts";
import { FdTable } from "./fd_table.ts";
import { Namespace, type NsProxy, PidNamespace, UtsNamespace } from "./namespaces.ts";
import { Task } from "./task.ts";

/** Settings of a kernel. */
export interface KernelOptions {
  /** Its clocks; the host's by default. */
  readonly clock?: KernelClock;
  /** Host name of the initial UTS namespace. */
  readonly hostname?: string;
  /** Binary formats in the order they are tried. */
  readonly formats?: readonly BinaryFormat[];
}

/**
 * See the module's comment. The initial mount namespace stands for the host: a tmpfs in which host directories appear only
 * where somebody with the right to (the engine) mounts them.
 */
export class Kernel {
  /** Clocks. */
  readonly clock: KernelClock;
  /** The virtual filesystem. */
  readonly vfs: Vfs;
  /** Binary formats. */
  readonly formats: BinaryFormat[];
  /** The initial namespaces. */
  readonly initial: NsProxy;
  /** The kernel's own task (pid 0 elsewhere): caller of what is set up before the first process. */
  readonly swapper: Task;
  /** Monotonic milliseconds at its start: /proc/uptime's zero. */
  readonly bootedAt: number;

  /** A kernel without processes. */
  constructor(options: KernelOptions = {}) {
    this.clock = options.clock ?? new PortableClock();
    this.vfs = new Vfs();
    this.formats = [...options.formats ?? []];
    this.bootedAt = this.clock.monotonic();
    const root = new TmpfsSuper({ mode: 0o755 });
    const mnt = new MountNamespace(this.vfs, this.vfs.newMount(root, { source: "rootfs" }));
    this.initial = {
      mnt,
      mntId: new Namespace(),
      uts: new UtsNamespace(options.hostname ?? "localhost", "(none)"),
      pid: new PidNamespace(null),
      ipc: new Namespace(),
      net: new Namespace(),
      user: new Namespace(),
      cgroup: new Namespace(),
      time: new Namespace(),
    };
    this.swapper = new Task(this, {
      parent: null,
      nsproxy: this.initial,
      root: mnt.rootPath,
      cwd: mnt.rootPath,
      umask: 0o022,
      cred: Credentials.ROOT,
      files: new FdTable(),
    });
    this.swapper.comm = "swapper";
  }

  /** A first process: root, in the initial namespaces, without descriptors. */
  spawn(): Task {
    const { mnt } = this.initial;
    return new Task(this, {
      parent: this.swapper,
      nsproxy: this.initial,
      root: mnt.rootPath,
      cwd: mnt.rootPath,
      umask: 0o022,
      cred: Credentials.ROOT,
      files: new FdTable(),
    });
  }

  /**
   * Shows a filesystem at an absolute path of the initial namespace, making the directories (or, for a single file's
   * filesystem, the file) it needs. Throws when the path cannot be made: the paths are the engine's own.
   */
  mountHost(path: string, sb: SuperBlock, source = "none"): void {
    const at = this.#makePlace(path, sb.root);
    const error = this.initial.mnt.attach(this.vfs.newMount(sb, { source }), at);
    if (error < 0) {
      throw new Error(`mounting ${sb.type} on ${path} of the kernel's initial namespace: errno ${-error}`);
    }
  }

  #makePlace(path: string, root: Inode): VPath {
    const c = this.swapper;
    const name = this.#parse(path);
    const found = lookupAt(c, null, name, true);
    if (typeof found !== "number") return found;
    if (found !== -ENOENT) {
      throw new Error(`looking up ${path} in the kernel's initial namespace: errno ${-found}`);
    }
    const parents = path.split("/").filter((part) => part !== "");
    parents.reduce((parent, part, i) => {
      const next = `${parent}/${part}`;
      if (i < parents.length - 1 || isDir(root.mode)) mkdirAt(c, null, this.#parse(next), 0o755);
      else {
        const file = openAt(c, null, this.#parse(next), O_CREAT | O_EXCL | O_WRONLY, 0o644);
        if (typeof file !== "number") file.close();
      }
      return next;
    }, "");
    const made = lookupAt(c, null, name, true);
    if (typeof made === "number") {
      throw new Error(`making ${path} in the kernel's initial namespace: errno ${-made}`);
    }
    return made;
  }

  #parse(path: string): PathName {
    const name = parsePath(path);
    if (typeof name === "number") throw new Error(`path ${JSON.stringify(path)}: errno ${-name}`);
    return name;
  }

  /** Ends the kernel: unmounts everything of the initial namespace and lets filesystems release what they hold. */
  shutdown(): void {
    const { mnt } = this.initial;
    const supers = new Set<SuperBlock>(mnt.mounts().map((mount) => mount.sb));
    for (const mount of [...mnt.root.children.values()]) mnt.umount(mount, MNT_DETACH);
    for (const sb of supers) sb.shutdown();
  }
}
