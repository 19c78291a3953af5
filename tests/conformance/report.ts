/** What the probe has seen, made readable: from the texts of /proc to values that cases can name. @module */
import { CAPABILITIES } from "../../runtime/abi/linux/capability.ts";

/** The probe's own report. */
interface Raw {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly tty: readonly number[];
  readonly fds: Readonly<Record<string, string>>;
  readonly namespaces: Readonly<Record<string, string>>;
  readonly pids: readonly string[];
  readonly files: Readonly<Record<string, string | { readonly error: string }>>;
  readonly asked: Readonly<Record<string, unknown>>;
  readonly stdin?: string;
}

/** A mount as mountinfo has it. */
export interface MountReport {
  readonly root: string;
  readonly options: readonly string[];
  /** "shared", "master", "propagate_from", "unbindable". */
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly data: readonly string[];
}

const unescape = (text: string): string =>
  text.replace(/\\(\d{3})/g, (_whole, octal) => String.fromCharCode(parseInt(octal, 8)));

/** Mounts by mount point, the topmost of each. */
function mountsOf(text: string): Record<string, MountReport> {
  const mounts: Record<string, MountReport> = {};
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [before, after] = line.split(" - ");
    const [, , , root, point, options, ...optional] = before!.split(" ");
    const [type, source, data] = after!.split(" ");
    mounts[unescape(point!)] = {
      root: unescape(root!),
      options: options!.split(","),
      propagation: optional.map((field) => field.split(":")[0]!),
      type: type!,
      source: unescape(source!),
      data: (data ?? "").split(","),
    };
  }
  return mounts;
}

/** Names of the capabilities of a mask. */
function capabilitiesOf(hex: string | undefined): string[] {
  const mask = BigInt(`0x${hex ?? "0"}`);
  return CAPABILITIES.filter((_name, bit) => (mask >> BigInt(bit) & 1n) === 1n);
}

const LIMITS: Readonly<Record<string, string>> = {
  ...{ "Max cpu time": "RLIMIT_CPU", "Max file size": "RLIMIT_FSIZE", "Max data size": "RLIMIT_DATA" },
  ...{
    "Max stack size": "RLIMIT_STACK",
    "Max core file size": "RLIMIT_CORE",
    "Max resident set": "RLIMIT_RSS",
  },
  ...{ "Max processes": "RLIMIT_NPROC", "Max open files": "RLIMIT_NOFILE" },
  ...{
    "Max locked memory": "RLIMIT_MEMLOCK",
    "Max address space": "RLIMIT_AS",
    "Max file locks": "RLIMIT_LOCKS",
  },
  ...{ "Max pending signals": "RLIMIT_SIGPENDING", "Max msgqueue size": "RLIMIT_MSGQUEUE" },
  ...{ "Max nice priority": "RLIMIT_NICE", "Max realtime priority": "RLIMIT_RTPRIO" },
  ...{ "Max realtime timeout": "RLIMIT_RTTIME" },
};

/** Limits by name: soft and hard, as the kernel writes them. */
function limitsOf(text: string): Record<string, { soft: string; hard: string }> {
  const rows = text.split("\n").map((line) => /^(Max [a-z ]+?)\s{2,}(\S+)\s+(\S+)/.exec(line));
  return Object.fromEntries(
    rows.filter((row) => row !== null).map(([, name, soft, hard]) => [
      ...[LIMITS[name!] ?? name!, { soft: soft!, hard: hard! }],
    ]),
  );
}

const words = (text: string): string[] => text.trim().split(/\s+/).filter((word) => word !== "");

/** Rows of numbers, as id maps are. */
const rows = (text: string): number[][] =>
  text.split("\n").filter((line) => line.trim() !== "").map((line) => words(line).map(Number));

/** The report in the words of cases. */
export function interpret(
  json: string,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const raw = JSON.parse(json) as Raw;
  const text = (path: string): string => {
    const content = raw.files[path];
    return typeof content === "string" ? content : "";
  };
  const status = Object.fromEntries(
    text("/proc/self/status").split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const cap = (name: string): string[] => capabilitiesOf(status[`Cap${name}`]);
  const stat = text("/proc/self/stat").replace(/^\d+ \(.*\) /s, "").split(" ");
  const offsets = Object.fromEntries(
    text("/proc/self/timens_offsets").split("\n").filter((line) => line !== "").map((line) => {
      const [clock, secs, nanosecs] = words(line);
      return [clock, [Number(secs), Number(nanosecs)]];
    }),
  );
  return {
    ...{ args: raw.args, env: raw.env, cwd: raw.cwd, tty: raw.tty, stdin: raw.stdin, fds: raw.fds },
    ...{ asked: raw.asked, files: raw.files, namespaces: raw.namespaces, pids: raw.pids.map(Number) },
    pid: Number(status.Pid),
    ppid: Number(status.PPid),
    session: Number(stat[3]),
    nice: Number(stat[16]),
    policy: Number(stat[38]),
    uids: words(status.Uid ?? "").map(Number),
    gids: words(status.Gid ?? "").map(Number),
    groups: words(status.Groups ?? "").map(Number).sort((x, y) => x - y),
    umask: status.Umask,
    noNewPrivs: status.NoNewPrivs,
    seccomp: status.Seccomp,
    cpus: status.Cpus_allowed_list,
    capabilities: {
      ...{ effective: cap("Eff"), permitted: cap("Prm"), inheritable: cap("Inh") },
      ...{ bounding: cap("Bnd"), ambient: cap("Amb") },
    },
    limits: limitsOf(text("/proc/self/limits")),
    mounts: mountsOf(text("/proc/self/mountinfo")),
    mountPoints: text("/proc/self/mountinfo").split("\n").filter((line) => line !== "").map((line) =>
      unescape(line.split(" ")[4]!)
    ),
    cgroup: text("/proc/self/cgroup").trim(),
    oomScoreAdj: text("/proc/self/oom_score_adj").trim(),
    personality: text("/proc/self/personality").trim(),
    uidMap: rows(text("/proc/self/uid_map")),
    gidMap: rows(text("/proc/self/gid_map")),
    setgroups: text("/proc/self/setgroups").trim(),
    timeOffsets: offsets,
    hostname: text("/proc/sys/kernel/hostname").trim(),
    domainname: text("/proc/sys/kernel/domainname").trim(),
    uptime: Number(text("/proc/uptime").split(" ")[0]),
    interfaces: text("/proc/net/dev").split("\n").slice(2).filter((line) => line.includes(":"))
      .map((line) => line.split(":")[0]!.trim()),
    ...extra,
  };
}
