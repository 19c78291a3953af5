/** Signal numbers, names and default actions (man 7 signal): the same on x86_64 and aarch64. @module */

/** Signals by name. */
export const SIGNAL = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** Highest signal number: real-time signals are 34 to 64 for programs (32 and 33 belong to the C library). */
export const SIGMAX = 64;

/** What a signal does to a process that has not said otherwise. */
export type DefaultAction = "terminate" | "core" | "ignore" | "stop" | "continue";

const CORE: readonly number[] = [3, 4, 5, 6, 7, 8, 11, 24, 25, 31];
const IGNORE: readonly number[] = [17, 23, 28];
const STOP: readonly number[] = [19, 20, 21, 22];

/** The default action of a signal. */
export function defaultAction(signal: number): DefaultAction {
  if (CORE.includes(signal)) return "core";
  if (IGNORE.includes(signal)) return "ignore";
  if (STOP.includes(signal)) return "stop";
  return signal === SIGNAL.SIGCONT ? "continue" : "terminate";
}

/** A signal's number from "KILL", "SIGKILL", "9" or "SIGRTMIN+3"; undefined if there is none. */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const n = Number(text);
    return n >= 1 && n <= SIGMAX ? n : undefined;
  }
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  const realtime = /^SIGRT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realtime !== null) {
    const base = realtime[1] === "MIN" ? 34 : 64;
    const n = base + (realtime[2] === "-" ? -1 : 1) * Number(realtime[3] ?? 0);
    return n >= 34 && n <= SIGMAX ? n : undefined;
  }
  return (SIGNAL as Record<string, number>)[name];
}

/** The name of a signal: "SIGKILL". */
export function signalName(signal: number): string {
  return Object.keys(SIGNAL).find((name) => (SIGNAL as Record<string, number>)[name] === signal) ??
    `signal ${signal}`;
}
