/** status, stat, statm and limits of /proc/PID (man 5 proc_pid_status, proc_pid_stat, proc_pid_statm, proc_pid_limits). @module */
import type { ProcTask } from "./host.ts";
import { ticks } from "./system.ts";

const STATES: Readonly<Record<string, string>> = { R: "running", S: "sleeping", T: "stopped", Z: "zombie" };
const PAGE = 4096;
/** RLIM_INFINITY. */
const NO_LIMIT = "18446744073709551615";

/** /proc/PID/status. */
export function status(t: ProcTask): string {
  const { signals } = t;
  const kb = `${String(Math.ceil(t.memory / 1024)).padStart(8)} kB`;
  const memory: [string, string][] = t.state === "Z"
    ? []
    : ["VmPeak", "VmSize", "VmHWM", "VmRSS", "VmData"].map((name) => [name, kb]);
  const rows: [string, string | number][] = [
    ["Name", escape(t.comm)],
    ["Umask", t.umask.toString(8).padStart(4, "0")],
    ["State", `${t.state} (${STATES[t.state] ?? "?"})`],
    ["Tgid", t.pid],
    ["Ngid", 0],
    ["Pid", t.pid],
    ["PPid", t.ppid],
    ["TracerPid", 0],
    ["Uid", t.uids.join("\t")],
    ["Gid", t.gids.join("\t")],
    ["FDSize", Math.max(64, 1 << 32 - Math.clz32(t.fds().at(-1) ?? 0))],
    ["Groups", `${t.groups.join(" ")} `],
    ["NStgid", t.nsPids.join("\t")],
    ["NSpid", t.nsPids.join("\t")],
    ["NSpgid", t.nsPgids.join("\t")],
    ["NSsid", t.nsSids.join("\t")],
    ...memory,
    ["Threads", 1],
    ["SigQ", `${signals.queued}/${signals.limit === Infinity ? NO_LIMIT : signals.limit}`],
    ["SigPnd", "0".repeat(16)],
    ["ShdPnd", signals.pending],
    ["SigBlk", signals.blocked],
    ["SigIgn", signals.ignored],
    ["SigCgt", signals.caught],
    ...Object.entries(t.capabilities),
    ["NoNewPrivs", t.noNewPrivs ? 1 : 0],
    ["Seccomp", t.seccomp.mode],
    ["Seccomp_filters", t.seccomp.filters],
    ["Cpus_allowed", 1],
    ["Cpus_allowed_list", 0],
    ["Mems_allowed", 1],
    ["Mems_allowed_list", 0],
    ["voluntary_ctxt_switches", 0],
    ["nonvoluntary_ctxt_switches", 0],
  ];
  return rows.map(([name, value]) => `${name}:\t${value}\n`).join("");
}

/** Names as status shows them: newline and backslash escaped. */
const escape = (name: string): string => name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

/** The lower 32 bits of a set of signals, as stat has them: decimal. */
const low = (hex: string): number => parseInt(hex.slice(8), 16) & 0x7fffffff;

/** /proc/PID/stat: 52 fields; what is not kept here is 0. */
export function stat(t: ProcTask): string {
  const fields: (string | number)[] = new Array(52).fill(0);
  fields.splice(0, 8, t.pid, `(${t.comm})`, t.state, t.ppid, t.pgid, t.sid, t.tty, t.foreground);
  fields[13] = ticks(t.cpuMs); // utime
  fields[15] = ticks(t.childrenCpuMs); // cutime
  fields[17] = 20 + t.scheduling.nice; // priority
  fields[18] = t.scheduling.nice;
  fields[19] = 1; // threads
  fields[21] = ticks(t.startMs);
  fields[22] = t.memory; // vsize, bytes
  fields[23] = Math.ceil(t.memory / PAGE); // rss, pages
  fields[24] = NO_LIMIT; // rsslim: none
  fields[30] = low(t.signals.pending);
  fields[31] = low(t.signals.blocked);
  fields[32] = low(t.signals.ignored);
  fields[33] = low(t.signals.caught);
  fields[37] = t.exitSignal;
  fields[40] = t.scheduling.policy;
  fields[51] = t.exitCode;
  return `${fields.join(" ")}\n`;
}

/** /proc/PID/statm, in pages: size, resident, shared, text, lib, data, dirty. */
export function statm(t: ProcTask): string {
  const pages = Math.ceil(t.memory / PAGE);
  return `${pages} ${pages} 0 0 0 ${pages} 0\n`;
}

/** /proc/PID/limits. */
export function limits(t: ProcTask): string {
  const value = (n: number): string => n === Infinity ? "unlimited" : String(n);
  const row = (a: string, b: string, c: string, d: string): string =>
    `${a.padEnd(26)}${b.padEnd(21)}${c.padEnd(21)}${d.padEnd(10)}\n`;
  return row("Limit", "Soft Limit", "Hard Limit", "Units") +
    t.limits.map(([name, soft, hard, unit]) => row(name, value(soft), value(hard), unit)).join("");
}
