/** What ps(1) says with -ef, of given processes only: it looks at all of the machine's, and need not be there. Linux. @module */

import { statFields } from "../../runtime/lifecycle/host/processes.ts";

/** Clock ticks of a second (man 3 sysconf, _SC_CLK_TCK), in which the kernel counts for everybody. */
const TICKS = 100;
/** Most of a column of names, and of processor time in percent. */
const NAME_WIDTH = 8, MOST_PERCENT = 99;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const read = (path: string): string => Deno.readTextFileSync(path);
const two = (number: number): string => String(number).padStart(2, "0");

/** Names of users by their numbers. */
function userNames(): Map<string, string> {
  try {
    const fields = read("/etc/passwd").split("\n").map((line) => line.split(":"));
    return new Map(fields.map(([name = "", , uid = ""]): [string, string] => [uid, name]).reverse());
  } catch {
    return new Map(); // there are only numbers
  }
}

/** The terminal of a device number (man 5 proc, /proc/PID/stat, tty_nr). */
function terminalName(device: number): string {
  const major = device >>> 8 & 0xfff, minor = device & 0xff | device >>> 12 & 0xfff00;
  if (major >= 136 && major < 144) return `pts/${minor + ((major - 136) << 8)}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  if (major === 5 && minor === 1) return "console";
  return "?";
}

/** When it began: the time of today, the day of this year, or the year. */
function startText(start: Date, now: Date): string {
  if (start.getFullYear() !== now.getFullYear()) return String(start.getFullYear());
  const isToday = start.getMonth() === now.getMonth() && start.getDate() === now.getDate();
  if (isToday) return `${two(start.getHours())}:${two(start.getMinutes())}`;
  return `${MONTHS[start.getMonth()]}${two(start.getDate())}`;
}

/** Processor time: [DD-]HH:MM:SS. */
function timeText(ticks: number): string {
  const seconds = Math.floor(ticks / TICKS), days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(two);
  return `${days > 0 ? `${days}-` : ""}${clock.join(":")}`;
}

/** The command line; the name, in brackets, of a process that has none. What would not be printed is "?". */
function commandText(pid: number, state: string): string {
  const line = read(`/proc/${pid}/cmdline`).replace(/\0+$/, "").replaceAll("\0", " ");
  const name = (): string => read(`/proc/${pid}/comm`).trimEnd();
  const text = line === "" ? `[${name()}]${state === "Z" ? " <defunct>" : ""}` : line;
  // deno-lint-ignore no-control-regex
  return text.replace(/[\0-\x1f\x7f]/g, "?");
}

/** What a line says. */
type Row = readonly [
  ...[user: string, pid: string, parent: string, percent: string],
  ...[start: string, terminal: string, time: string, command: string],
];

/** The table's lines, in the order of their numbers as /proc has them, without those of processes that have ended. */
export function psTable(pids: readonly number[]): string {
  const width = read("/proc/sys/kernel/pid_max").trim().length, users = userNames();
  const now = new Date(), uptime = Number(read("/proc/uptime").split(" ")[0]);
  const line = ([user, pid, parent, percent, start, terminal, time, command]: Row): string =>
    [
      ...[user.padEnd(NAME_WIDTH), pid.padStart(width), parent.padStart(width), percent.padStart(2)],
      ...[start.padStart(5), terminal.padEnd(8), time.padStart(8), command],
    ].join(" ") + "\n";
  const row = (pid: number): string => {
    const fields = statFields(pid) ?? [];
    const [state = "", parent = "", , , terminal = ""] = fields;
    const [user, system, began] = [fields[11], fields[12], fields[19]].map(Number) as [
      number,
      number,
      number,
    ];
    const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? "?";
    const known = users.get(uid) ?? uid;
    const age = uptime - began / TICKS;
    const percent = age > 0 ? Math.min(Math.floor((user + system) / age), MOST_PERCENT) : 0;
    return line([
      known.length > NAME_WIDTH ? `${known.slice(0, NAME_WIDTH - 1)}+` : known,
      String(pid),
      parent,
      String(percent),
      startText(new Date(now.getTime() - age * 1000), now),
      terminalName(Number(terminal)),
      timeText(user + system),
      commandText(pid, state),
    ]);
  };
  const rows = pids.toSorted((a, b) => a - b).map((pid) => {
    try {
      return row(pid);
    } catch {
      return ""; // it has ended
    }
  });
  return line(["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]) + rows.join("");
}
