/** Files of /proc about the whole system (man 5 proc). @module */
import type { ProcHost } from "./host.ts";

/** Clock ticks in a second (sysconf(_SC_CLK_TCK)). */
export const TICKS = 100;

/** Milliseconds to clock ticks. */
export const ticks = (ms: number): number => Math.floor(ms * TICKS / 1000);

const seconds = (ms: number): string => (ms / 1000).toFixed(2);

function meminfo(host: ProcHost): string {
  const { total, free } = host.memory();
  const rows: [string, number][] = [
    ["MemTotal", total],
    ["MemFree", free],
    ["MemAvailable", free],
    ["Buffers", 0],
    ["Cached", 0],
    ["SwapCached", 0],
    ["SwapTotal", 0],
    ["SwapFree", 0],
    ["Shmem", 0],
  ];
  return rows.map(([name, bytes]) =>
    `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`
  ).join("");
}

function cpuinfo(host: ProcHost): string {
  const cpu = (i: number): string =>
    [
      ["processor\t", i],
      ["vendor_id\t", "umiak"],
      ["model name\t", "WebAssembly"],
      ["physical id\t", 0],
      ["siblings\t", host.cpus],
      ["core id\t\t", i],
      ["cpu cores\t", host.cpus],
    ].map(([key, value]) => `${key}: ${value}\n`).join("");
  return Array.from({ length: host.cpus }, (_, i) => cpu(i)).join("\n") + "\n";
}

function stat(host: ProcHost): string {
  const busy = host.pids().reduce((sum, pid) => sum + (host.task(pid)?.cpuMs ?? 0), 0);
  const idle = Math.max(0, host.uptimeMs() - busy);
  const columns = `${ticks(busy)} 0 0 ${ticks(idle)} 0 0 0 0 0 0`;
  const cpus = Array.from(
    { length: host.cpus },
    (_, i) => `cpu${i} ${i === 0 ? columns : "0 0 0 0 0 0 0 0 0 0"}\n`,
  );
  const running = host.pids().filter((pid) => host.task(pid)?.state === "R").length;
  return `cpu  ${columns}\n${cpus.join("")}intr 0\nctxt 0\nbtime ${Math.floor(host.bootTime)}\n` +
    `processes ${host.lastPid()}\nprocs_running ${running}\nprocs_blocked 0\n`;
}

/** The files by name. */
export function systemFiles(host: ProcHost): Record<string, () => string> {
  return {
    cmdline: () => "\n",
    cpuinfo: () => cpuinfo(host),
    devices: () =>
      "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n\nBlock devices:\n",
    filesystems: () =>
      host.filesystems().map(([name, nodev]) => `${nodev ? "nodev" : ""}\t${name}\n`).join(""),
    loadavg: () => `0.00 0.00 0.00 1/${host.pids().length} ${host.lastPid()}\n`,
    meminfo: () => meminfo(host),
    stat: () => stat(host),
    swaps: () => "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n",
    uptime: () => `${seconds(host.uptimeMs())} 0.00\n`,
    version: () => `Linux version ${host.release} (umiak) ${host.version}\n`,
  };
}
