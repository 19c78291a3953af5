/** Processes of the host: what tells one from another, and whether it lives. @module */
import type { Processes } from "../context.ts";
import type { ProcessIdentity } from "../record.ts";
import { signalByPidfd } from "./pidfd.ts";

/** /proc/PID/stat from its third field on, the state (man 5 proc); undefined if there is no such process. Linux. */
export function statFields(pid: number): string[] | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch {
    return undefined;
  }
  // The name may have spaces and parentheses: the fields begin after the last one.
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Where it has the time when the process began. */
const STARTED = 19;

/** Start of a process in the words of ps(1); undefined if there is none. */
function psStart(pid: number): string | undefined {
  const { success, stdout } = new Deno.Command("ps", { args: ["-o", "stat=,lstart=", "-p", String(pid)] })
    .outputSync();
  const line = new TextDecoder().decode(stdout).trim();
  if (!success || line === "" || line.startsWith("Z")) return undefined;
  return line.replace(/^\S+\s+/, "");
}

/** True if Windows has a process of this id. */
function windowsHas(pid: number): boolean {
  const { stdout } = new Deno.Command("tasklist", { args: ["/nh", "/fi", `PID eq ${pid}`] }).outputSync();
  return new RegExp(`\\b${pid}\\b`).test(new TextDecoder().decode(stdout));
}

/** Who a process is; "" as its start where the system does not say. Throws if there is none. */
export function identify(pid: number): ProcessIdentity {
  const startTime = Deno.build.os === "linux"
    ? statFields(pid)?.[STARTED]
    : Deno.build.os === "windows"
    ? ""
    : psStart(pid);
  if (startTime === undefined) throw new Error(`process ${pid}: it has ended`);
  return { pid, startTime };
}

/** Processes of this machine. */
export const hostProcesses: Processes = {
  isAlive({ pid, startTime }) {
    if (Deno.build.os === "windows") return windowsHas(pid);
    if (Deno.build.os !== "linux") return psStart(pid) === startTime;
    const stat = statFields(pid);
    return stat?.[STARTED] === startTime && stat[0] !== "Z" && stat[0] !== "X";
  },
};

const FIRST_WAIT_MS = 1, LONGEST_WAIT_MS = 20;

/** Waits until a process has ended. False if it has not after `ms` milliseconds. */
export async function waitForEnd(process: ProcessIdentity, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  for (let wait = FIRST_WAIT_MS; hostProcesses.isAlive(process); wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return true;
}

/**
 * Sends a signal by its number, if the process is still the one that is meant. False if it has ended. By pidfd where there is one, which is
 * also faster: for Deno.kill, Deno compiles its whole library of processes.
 */
export function sendSignal(process: ProcessIdentity, signal: number): boolean {
  if (process.pid <= 0 || !hostProcesses.isAlive(process)) return false;
  const sent = signalByPidfd(process.pid, signal, () => hostProcesses.isAlive(process));
  if (sent !== undefined) return sent;
  try {
    Deno.kill(process.pid, signal as unknown as Deno.Signal); // the system's numbers include those that Deno has no name for
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || /ESRCH/.test((error as Error).message)) return false;
    throw error;
  }
}
