/** /proc/PID (man 5 proc_pid). @module */
import type { Inode } from "../vfs/inode.ts";
import { mountinfo, mounts, mountstats } from "../vfs/mountinfo.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import { pathOf } from "../vfs/path_of.ts";
import { isFifo, isSock, S_IFLNK } from "../abi/mode.ts";
import { MagicLink, PseudoDir, type PseudoSuper, StaticDir, TextFile, TextLink } from "../pseudo/mod.ts";
import type { ProcHost, ProcTask } from "./host.ts";
import { ticks } from "./system.ts";

const lines = (list: readonly string[]): string => list.map((item) => `${item}\0`).join("");

const STATES: Readonly<Record<string, string>> = { R: "running", S: "sleeping", T: "stopped", Z: "zombie" };

function status(t: ProcTask): string {
  const rows: [string, string | number][] = [
    ["Name", t.comm],
    ["Umask", t.umask.toString(8).padStart(4, "0")],
    ["State", `${t.state} (${STATES[t.state] ?? "?"})`],
    ["Tgid", t.pid],
    ["Ngid", 0],
    ["Pid", t.pid],
    ["PPid", t.ppid],
    ["TracerPid", 0],
    ["Uid", t.uids.join("\t")],
    ["Gid", t.gids.join("\t")],
    ["FDSize", Math.max(64, (t.fds().at(-1) ?? 0) + 1)],
    ["Groups", t.groups.join(" ")],
    ["Threads", 1],
    ["SigQ", "0/0"],
    ...["SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"].map((
      name,
    ): [string, string] => [name, "0".repeat(16)]),
    ...Object.entries(t.capabilities),
    ["NoNewPrivs", t.noNewPrivs ? 1 : 0],
    ["Seccomp", 0],
  ];
  return rows.map(([name, value]) => `${name}:\t${value}\n`).join("");
}

/** The 52 fields of proc_pid_stat; what is not kept here is 0. */
function stat(t: ProcTask): string {
  const fields: (string | number)[] = new Array(52).fill(0);
  fields.splice(0, 8, t.pid, `(${t.comm})`, t.state, t.ppid, t.pid, t.pid, 0, -1);
  fields[13] = ticks(t.cpuMs);
  fields[17] = 20; // priority of a normal task
  fields[19] = 1; // threads
  fields[21] = ticks(t.startMs);
  fields[24] = "18446744073709551615"; // RSS limit: none
  fields[37] = 17; // SIGCHLD to the parent
  return `${fields.join(" ")}\n`;
}

function limits(t: ProcTask): string {
  const value = (n: number): string => n === Infinity ? "unlimited" : String(n);
  const row = (a: string, b: string, c: string, d: string): string =>
    `${a.padEnd(26)}${b.padEnd(21)}${c.padEnd(21)}${d.padEnd(10)}\n`;
  return row("Limit", "Soft Limit", "Hard Limit", "Units") +
    t.limits.map(([name, soft, hard, unit]) => row(name, value(soft), value(hard), unit)).join("");
}

/** The text of /proc/PID/fd/N. */
function describe(file: OpenFile, t: ProcTask): string {
  if (file.mount !== null && file.dentry !== null && file.mount.namespace !== null) {
    return pathOf({ mount: file.mount, dentry: file.dentry }, t.root);
  }
  const { ino, mode } = file.inode;
  if (isFifo(mode)) return `pipe:[${ino}]`;
  return isSock(mode) ? `socket:[${ino}]` : `anon_inode:[${ino}]`;
}

/** The directory of one process. */
export class PidDir extends StaticDir {
  /** When the process started: tells it from a later one with its id. */
  readonly startMs: number;

  /** The directory of `first`, whose id is `pid`. */
  constructor(sb: PseudoSuper, host: ProcHost, pid: number, first: ProcTask) {
    super(sb, 0o555);
    this.startMs = first.startMs;
    const task = (): ProcTask | undefined => {
      const now = host.task(pid);
      return now?.startMs === first.startMs ? now : undefined;
    };
    const own = <T extends Inode>(inode: T): T => {
      inode.uid = first.uids[1];
      inode.gid = first.gids[1];
      return inode;
    };
    const text = (name: string, read: (t: ProcTask) => string, mode = 0o444): void => {
      this.add(name, own(new TextFile(sb, () => withTask(task, read), { mode })));
    };
    const place = (name: string, at: (t: ProcTask) => ProcTask["exe"]): void => {
      const where = (): { t: ProcTask; at: NonNullable<ProcTask["exe"]> } | undefined => {
        const t = task();
        const found = t === undefined ? null : at(t);
        return t === undefined || found === null ? undefined : { t, at: found };
      };
      const target = (): string | undefined => {
        const found = where();
        return found && pathOf(found.at, found.t.root);
      };
      this.add(name, own(new MagicLink(sb, target, () => where()?.at)));
    };
    own(this);
    text("cgroup", (t) => t.cgroup());
    text("cmdline", (t) => lines(t.argv));
    text("comm", (t) => `${t.comm}\n`);
    place("cwd", (t) => t.cwd);
    text("environ", (t) => lines(t.envp), 0o400);
    place("exe", (t) => t.exe);
    this.add("fd", own(new FdDir(sb, host, task)));
    text("gid_map", () => "         0          0 4294967295\n");
    text("limits", limits);
    text("mountinfo", (t) => mountinfo(t.mountNs, t.root));
    text("mounts", (t) => mounts(t.mountNs, t.root));
    text("mountstats", (t) => mountstats(t.mountNs, t.root), 0o400);
    this.add("ns", own(namespaces(sb, first, task)));
    text("oom_score", () => "0\n");
    text("oom_score_adj", () => "0\n");
    place("root", (t) => t.root);
    text("setgroups", () => "allow\n");
    text("stat", stat);
    text("statm", () => "0 0 0 0 0 0 0\n");
    text("status", status);
    text("uid_map", () => "         0          0 4294967295\n");
  }
}

function withTask(task: () => ProcTask | undefined, read: (t: ProcTask) => string): string {
  const t = task();
  return t === undefined ? "" : read(t);
}

function namespaces(sb: PseudoSuper, first: ProcTask, task: () => ProcTask | undefined): StaticDir {
  const dir = new StaticDir(sb, 0o511);
  for (const type of Object.keys(first.namespaces)) {
    const target = (): string | undefined => {
      const t = task();
      return t && `${type}:[${t.namespaces[type]}]`;
    };
    dir.add(type, new TextLink(sb, target));
  }
  return dir;
}

/** /proc/PID/fd. */
class FdDir extends PseudoDir {
  readonly #links: Map<number, { readonly file: OpenFile; readonly link: MagicLink }> = new Map();

  constructor(
    readonly pseudo: PseudoSuper,
    readonly host: ProcHost,
    readonly task: () => ProcTask | undefined,
  ) {
    super(pseudo, 0o500);
  }

  override child(name: string): Inode | undefined {
    if (!/^(0|[1-9][0-9]*)$/.test(name)) return undefined;
    const fd = Number(name);
    const t = this.task();
    const file = t?.file(fd);
    if (t === undefined || file === undefined) {
      this.#links.delete(fd);
      return undefined;
    }
    const known = this.#links.get(fd);
    if (known?.file === file) return known.link;
    const at = (): ReturnType<ProcHost["placeOf"]> =>
      file.mount !== null && file.dentry !== null
        ? { mount: file.mount, dentry: file.dentry }
        : this.host.placeOf(file);
    const link = new MagicLink(this.pseudo, () => describe(file, t), at);
    link.mode = S_IFLNK | 0o100 | (file.readable ? 0o400 : 0) | (file.writable ? 0o200 : 0);
    link.uid = this.uid;
    link.gid = this.gid;
    this.#links.set(fd, { file, link });
    return link;
  }

  override names(): readonly (readonly [string, number])[] {
    return (this.task()?.fds() ?? []).map((fd) => [String(fd), fd + 1] as const);
  }
}
