/** /proc/PID (man 5 proc_pid). @module */
import { ENOENT, EPERM } from "../abi/errno.ts";
import type { Inode } from "../vfs/inode.ts";
import { mountinfo, mounts, mountstats } from "../vfs/mountinfo.ts";
import { BoundFile, type PseudoSuper, StaticDir, TextFile } from "../pseudo/mod.ts";
import { FdDir, FdInfoDir, shownPath, type TaskFinder } from "./fd_dir.ts";
import { GuardedLink, GuardedText } from "./guarded.ts";
import type { ProcHost, ProcTask } from "./host.ts";
import { HIDEPID } from "./options.ts";
import { limits, stat, statm, status } from "./pid_status.ts";

const lines = (list: readonly string[]): string => list.map((item) => `${item}\0`).join("");

/** Files whose content is generated, and which everybody may read. */
const OPEN: Readonly<Record<string, (t: ProcTask) => string>> = {
  cgroup: (t) => t.cgroup(),
  cmdline: (t) => lines(t.argv),
  limits,
  loginuid: () => "4294967295",
  mountinfo: (t) => mountinfo(t.mountNs, t.root),
  mounts: (t) => mounts(t.mountNs, t.root),
  oom_score: (t) => `${Math.max(0, 666 + Math.floor(t.oomScoreAdj * 2 / 3))}\n`,
  sessionid: () => "4294967295",
  stat,
  statm,
  status,
  wchan: () => "0",
};

/** Files that only those may read who may inspect the process. */
const GUARDED: Readonly<Record<string, (t: ProcTask) => string>> = {
  environ: (t) => lines(t.envp),
  mountstats: (t) => mountstats(t.mountNs, t.root),
  personality: (t) => `${t.personality.toString(16).padStart(8, "0")}\n`,
};

/** Files that are written, by their mode. */
const CONTROLS: Readonly<Record<string, number>> = {
  comm: 0o644,
  gid_map: 0o644,
  oom_score_adj: 0o644,
  setgroups: 0o644,
  timens_offsets: 0o644,
  uid_map: 0o644,
};

/** A procfs, which may hide processes. */
type Hider = PseudoSuper & { hides(t: ProcTask, level: number): boolean };

/** The directory of one process, or of its one thread. */
export class PidDir extends StaticDir {
  /** When the process started: tells it from a later one with its id. */
  readonly startedAt: number;
  readonly #owned: Inode[] = [];
  readonly #task: TaskFinder;
  readonly #procfs: Hider;
  #uid = 0;
  #gid = 0;

  /** The directory of `first`, whose id is `pid`; `thread`: it is /proc/PID/task/PID. */
  constructor(sb: Hider, host: ProcHost, pid: number, first: ProcTask, thread = false) {
    super(sb, 0o555);
    this.startedAt = first.startedAt;
    this.#procfs = sb;
    const task: TaskFinder = this.#task = () => {
      const now = host.task(pid);
      return now?.startedAt === first.startedAt ? now : undefined;
    };
    const own = (name: string, inode: Inode): void => {
      this.#owned.push(inode);
      this.add(name, inode);
    };
    const read = (f: (t: ProcTask) => string) => (): string => {
      const t = task();
      return t === undefined ? "" : f(t);
    };
    const link = (name: string, at: (t: ProcTask) => ProcTask["exe"]): void => {
      const place = (): ProcTask["exe"] | undefined => {
        const t = task();
        return t && at(t);
      };
      const text = (): string | undefined => {
        const found = place();
        return found ? shownPath(found, host.root()) : undefined;
      };
      own(name, new GuardedLink(sb, task, text, () => place() ?? undefined));
    };
    for (const [name, f] of Object.entries(OPEN)) own(name, new TextFile(sb, read(f)));
    for (const [name, f] of Object.entries(GUARDED)) own(name, new GuardedText(sb, task, read(f), 0o400));
    for (const [name, mode] of Object.entries(CONTROLS)) {
      const bind = (): ReturnType<ProcTask["control"]> => task()?.control(name) ?? { read: () => "" };
      own(name, new BoundFile(sb, { mode, strict: true, bind }));
    }
    link("cwd", (t) => t.cwd);
    link("exe", (t) => t.exe);
    link("root", (t) => t.root);
    own("fd", new FdDir(sb, host, task));
    own("fdinfo", new FdInfoDir(sb, task));
    own("ns", this.#namespaces(sb, task, first));
    const net = new StaticDir(sb, 0o555);
    for (const name of Object.keys(first.net)) {
      net.add(
        name,
        new TextFile(sb, read((t) => t.net[name]?.() ?? "")),
      );
    }
    own("net", net);
    if (thread) own("children", new TextFile(sb, read((t) => t.children.map((each) => `${each} `).join(""))));
    else own("task", new StaticDir(sb, 0o555).add(String(pid), new PidDir(sb, host, pid, first, true)));
    this.setOwner(first);
  }

  /** See Inode: with hidepid=noaccess the directory is seen, but nothing in it. */
  override lookup(name: string): Inode | number {
    const t = this.#task();
    if (t === undefined) return -ENOENT;
    return this.#procfs.hides(t, HIDEPID.NO_ACCESS) ? -EPERM : super.lookup(name);
  }

  /** Files belong to the process's effective ids, or to root when it is not dumpable; the directory to the ids in any case. */
  setOwner(t: ProcTask): void {
    [this.uid, this.gid] = t.user;
    const [uid, gid] = t.owner;
    if (uid === this.#uid && gid === this.#gid) return;
    [this.#uid, this.#gid] = [uid, gid];
    for (const inode of this.#owned) {
      if (inode instanceof FdDir || inode instanceof FdInfoDir) [inode.uid, inode.gid] = t.user;
      else [inode.uid, inode.gid] = [uid, gid];
    }
    const threads = this.child("task");
    const thread = threads instanceof StaticDir ? threads.child(String(t.pid)) : undefined;
    if (thread instanceof PidDir) thread.setOwner(t);
  }

  /** /proc/PID/ns: links to files that keep the namespaces alive and name them for setns(2). */
  #namespaces(sb: PseudoSuper, task: TaskFinder, first: ProcTask): StaticDir {
    const dir = new StaticDir(sb, 0o511);
    for (const type of Object.keys(first.namespaces)) {
      const link = new GuardedLink(
        sb,
        task,
        () => task()?.namespaces[type]?.text,
        () => task()?.namespaces[type]?.place(),
      );
      this.#owned.push(link);
      dir.add(type, link);
    }
    return dir;
  }
}
