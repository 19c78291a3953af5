/** The start of proc(5). @module */
import { type Clock, hostClock } from "../vfs/clock.ts";
import type { Inode } from "../vfs/inode.ts";
import type { Caller, FsType } from "../vfs/vfs.ts";
import { PseudoDir, PseudoSuper, StaticDir, TextFile, TextLink } from "../pseudo/mod.ts";
import type { ProcHost, ProcTask } from "./host.ts";
import { HIDEPID, parseProcOptions, PROC_DEFAULTS, type ProcOptions, showProcOptions } from "./options.ts";
import { PidDir } from "./pid_dir.ts";
import { addSystemTree } from "./sysctl.ts";
import { systemFiles } from "./system.ts";

/** What a procfs is made of. */
export interface ProcfsOptions {
  /** The kernel. */
  readonly host: ProcHost;
  /** Source of times. */
  readonly clock?: Clock;
  /** Mount options. */
  readonly shown?: ProcOptions;
}

/** A procfs of one pid namespace. */
export class ProcfsSuper extends PseudoSuper {
  /** See SuperBlock. */
  readonly type = "proc";
  /** See PseudoSuper. */
  readonly magic = 0x9fa0;
  /** See SuperBlock: processes come and go. */
  override readonly volatile = true;
  /** See SuperBlock. */
  readonly root: Inode;
  /** The kernel. */
  readonly host: ProcHost;
  /** Mount options. */
  readonly shown: ProcOptions;

  /** A procfs over a kernel. */
  constructor(options: ProcfsOptions) {
    super(options.clock ?? hostClock);
    this.host = options.host;
    this.shown = options.shown ?? PROC_DEFAULTS;
    this.root = new ProcRoot(this);
  }

  /** See SuperBlock. */
  override showOptions(): string {
    return showProcOptions(this.shown);
  }

  /** Is a process hidden from whoever is walking, at a level of hidepid or above? */
  hides(t: ProcTask, level: number): boolean {
    const { hidepid, gid } = this.shown;
    if (hidepid < level) return false;
    const member = hidepid !== HIDEPID.PTRACEABLE && this.host.isMember(gid);
    return !member && !t.mayInspect();
  }
}

/** Names of processes come after all others in listings; their position is this plus the id. */
const PID_COOKIE = 1000;

class ProcRoot extends PseudoDir {
  readonly #fixed: StaticDir;
  readonly #pids: Map<number, PidDir> = new Map();
  #limit = 64;

  constructor(readonly fs: ProcfsSuper) {
    super(fs, 0o555);
    const { host } = fs;
    const self = (): string | undefined => {
      const pid = host.current();
      return pid === undefined ? undefined : String(pid);
    };
    const fixed = this.#fixed = new StaticDir(fs, 0o555);
    fixed.add("self", new TextLink(fs, self));
    const thread = (): string | undefined => {
      const pid = host.current();
      return pid === undefined ? undefined : `${pid}/task/${pid}`;
    };
    fixed.add("thread-self", new TextLink(fs, thread));
    if (fs.shown.onlyPids) return;
    fixed.add("mounts", new TextLink(fs, () => "self/mounts"));
    fixed.add("net", new TextLink(fs, () => "self/net"));
    for (const [name, read] of Object.entries(systemFiles(host))) fixed.add(name, new TextFile(fs, read));
    addSystemTree(fs, host, fixed);
  }

  override child(name: string): Inode | undefined {
    if (!/^[1-9][0-9]*$/.test(name)) return this.#fixed.child(name);
    const pid = Number(name);
    const task = this.fs.host.task(pid);
    const known = this.#pids.get(pid);
    if (task === undefined) {
      this.#pids.delete(pid);
      return undefined;
    }
    if (this.fs.hides(task, HIDEPID.INVISIBLE)) return undefined;
    if (known !== undefined && known.startedAt === task.startedAt) {
      known.setOwner(task);
      return known;
    }
    if (this.#pids.size >= this.#limit) this.#forget();
    const dir = new PidDir(this.fs, this.fs.host, pid, task);
    this.#pids.set(pid, dir);
    return dir;
  }

  /** Directories of processes that are gone are let go, whenever there are twice as many as were left the last time. */
  #forget(): void {
    for (const pid of this.#pids.keys()) if (this.fs.host.task(pid) === undefined) this.#pids.delete(pid);
    this.#limit = 2 * this.#pids.size + 64;
  }

  override names(): readonly (readonly [string, number])[] {
    return [
      ...this.#fixed.names(),
      ...this.fs.host.pids().map((pid) => [String(pid), PID_COOKIE + pid] as const),
    ];
  }
}

/** mount -t proc: an instance for the caller's pid namespace. */
export function procType(hostOf: (caller: Caller) => ProcHost): FsType {
  return {
    name: "proc",
    nodev: true,
    create(options, _source, caller) {
      const groups = caller.cred.idMaps?.gids;
      const shown = parseProcOptions(options, (gid) => groups === undefined ? gid : groups.toKernel(gid));
      if (typeof shown === "number") return shown;
      return new ProcfsSuper({ host: hostOf(caller), clock: caller.vfs.clock, shown });
    },
  };
}
