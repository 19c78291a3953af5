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
import type { PageSource } from "../../../fs/vfs/vfs.ts";
import { O_CREAT, O_EXCL, O_WRONLY } from "../../../fs/abi/open.ts";
import { major, minor } from "../../../fs/abi/device.ts";
import { isDir } from "../../../fs/abi/mode.ts";
import { OverlaySuper } from "../../../fs/overlay/mod.ts";
import { TmpfsSuper } from "../../../fs/tmpfs/mod.ts";
import { CLONE_CLEAR_SIGHAND } from "../../abi/linux/clone.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import type { BinaryFormat } from "./binfmt.ts";
import { Hierarchy } from "./cgroup/tree.ts";
import { cgroupHost } from "./cgroup_host.ts";
import { kernelFilesystems } from "./filesystems.ts";
import { holders } from "./holders.ts";
import { type KernelClock, PortableClock } from "./clock.ts";
import { Credentials } from "./credentials.ts";
import { FdTable } from "./fd_table.ts";
import { CgroupNamespace, IpcNamespace, MntNamespace, type NsProxy } from "./namespaces.ts";
import { NsfsSuper } from "./nsfs.ts";
import { INITIAL_INODES, type NamespaceName } from "./namespace.ts";
import { PidNamespace } from "./pid_namespace.ts";
import { DEFAULT_ACTION, SA_NOCLDWAIT } from "./sigaction.ts";
import { NetNamespace } from "../net/namespace.ts";
import { Task } from "./task.ts";
import { clone } from "./task_clone.ts";
import { TimeNamespace } from "./time_namespace.ts";
import { registerTerminals } from "./tty/drivers.ts";
import { UserNamespace } from "./user_namespace.ts";
import { UtsNamespace } from "./uts_namespace.ts";

/** Settings of a kernel. */
export interface KernelOptions {
  /** Its clocks; the host's by default. */
  readonly clock?: KernelClock;
  /** Host name of the initial UTS namespace. */
  readonly hostname?: string;
  /** Binary formats in the order they are tried. */
  readonly formats?: readonly BinaryFormat[];
  /** Hears what Linux would write to its audit log. */
  readonly audit?: (message: string) => void;
  /** Memory for large files. */
  readonly pages?: PageSource;
}

/**
 * See the module's comment. The initial mount namespace stands for the host: a tmpfs in which host directories appear only
 * where somebody with the right to (the engine) mounts them.
 */
export class Kernel {
  /** Clocks. */
  readonly clock: KernelClock;
  /** Hears what Linux would write to its audit log. */
  readonly audit: (message: string) => void;
  /** The virtual filesystem. */
  readonly vfs: Vfs;
  /** Binary formats. */
  readonly formats: BinaryFormat[];
  /** Files of namespaces. */
  readonly nsfs: NsfsSuper;
  /** Control groups. */
  readonly cgroups: Hierarchy = new Hierarchy(cgroupHost);
  /** The initial namespaces. */
  readonly initial: NsProxy;
  /** The kernel's own task, init of the initial pid namespace: caller of what is set up before the first process. */
  readonly swapper: Task;
  /** Monotonic milliseconds at its start: /proc/uptime's zero. */
  readonly bootedAt: number;

  /** A kernel without processes. */
  constructor(options: KernelOptions = {}) {
    this.clock = options.clock ?? new PortableClock();
    this.audit = options.audit ?? (() => {});
    this.vfs = new Vfs();
    this.nsfs = new NsfsSuper(this.vfs);
    this.vfs.devices.allows = (caller, type, rdev, access) =>
      this.cgroups.mayUse(caller, type, major(rdev), minor(rdev), access);
    this.vfs.holders = () => holders(this.tasks());
    this.vfs.pages = options.pages ?? null;
    this.vfs.payer = () => this.cgroups.of(this.vfs.walk.caller).account;
    for (const type of kernelFilesystems()) this.vfs.filesystems.set(type.name, type);
    registerTerminals(this.vfs.devices);
    this.formats = [...options.formats ?? []];
    this.bootedAt = this.clock.monotonic();
    const root = new TmpfsSuper({ mode: 0o755 });
    const mnt = new MountNamespace(this.vfs, this.vfs.newMount(root, { source: "rootfs" }), {
      owner: UserNamespace.INITIAL,
    });
    const owner = UserNamespace.INITIAL;
    const time = new TimeNamespace(owner, null);
    time.frozen = true;
    this.initial = {
      mnt: new MntNamespace(owner, mnt),
      uts: new UtsNamespace(owner, options.hostname ?? "localhost", "(none)"),
      pid: new PidNamespace(null, owner),
      ipc: new IpcNamespace(owner, this.vfs),
      net: NetNamespace.withLoopback(owner),
      cgroup: new CgroupNamespace(owner, this.cgroups.root),
      time,
      timeForChildren: time,
    };
    for (const namespace of [...Object.values(this.initial), owner]) {
      namespace.ino = INITIAL_INODES[namespace.kind as NamespaceName];
    }
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
    // Who hosts the kernel looks at exit statuses itself: its children do not become zombies.
    this.swapper.signals.setAction(SIGNAL.SIGCHLD, { ...DEFAULT_ACTION, flags: SA_NOCLDWAIT });
  }

  /** A first process: root, in the initial namespaces, without descriptors. */
  spawn(): Task {
    const task = clone(this.swapper, { flags: CLONE_CLEAR_SIGHAND });
    if (typeof task === "number") throw new Error(`making a process: errno ${-task}`);
    return task;
  }

  /** Every task but the kernel's own. */
  *tasks(): Generator<Task> {
    for (const task of this.initial.pid.tasks()) if (task !== this.swapper) yield task;
  }

  /** How many tasks have this real user id (RLIMIT_NPROC). */
  processesOf(uid: number): number {
    let count = 0;
    for (const task of this.tasks()) if (task.cred.fields.uid === uid) count++;
    return count;
  }

  /**
   * Shows a filesystem at an absolute path of the initial namespace, making the directories (or, for a single file's
   * filesystem, the file) it needs. Throws when the path cannot be made: the paths are the engine's own.
   */
  mountHost(path: string, sb: SuperBlock, source = "none"): void {
    const writable = sb instanceof OverlaySuper ? sb.upper?.sb : sb;
    if (writable instanceof TmpfsSuper) {
      writable.payer = this.vfs.payer;
      writable.pages = this.vfs.pages;
    }
    const at = this.#makePlace(path, sb.root);
    const error = this.initial.mnt.tree.attach(this.vfs.newMount(sb, { source }), at);
    if (error < 0) {
      throw new Error(`mounting ${sb.type} on ${path} of the kernel's initial namespace: errno ${-error}`);
    }
  }

  /** Takes away what mountHost has shown at a path. Its filesystem lives on as long as a process has it in its own namespace. */
  unmountHost(path: string): void {
    const at = lookupAt(this.swapper, null, this.#parse(path), true);
    if (typeof at === "number" || at.dentry !== at.mount.root) return; // nothing is mounted there
    this.initial.mnt.tree.umount(at.mount, MNT_DETACH);
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
    const mnt = this.initial.mnt.tree;
    const supers = new Set<SuperBlock>(mnt.mounts().map((mount) => mount.sb));
    for (const mount of [...mnt.root.children.values()]) mnt.umount(mount, MNT_DETACH);
    for (const sb of supers) sb.end();
  }
}
