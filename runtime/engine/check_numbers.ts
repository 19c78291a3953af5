/** Numbers that a caller of the library gives: those of the command line have been parsed. @module */
import { SIGMAX } from "../abi/linux/signal.ts";
import { RunError, type RunOptions } from "./options.ts";

/** What a number may be, and what it counts. */
const NUMBERS: readonly {
  readonly name: "memory" | "pidsLimit" | "cpus" | "timeout" | "stopSignal";
  readonly what: string;
  readonly fits: (n: number) => boolean;
}[] = [
  { name: "memory", what: "a number of bytes", fits: (n) => Number.isSafeInteger(n) && n >= -1 },
  { name: "pidsLimit", what: "a number of processes", fits: (n) => Number.isSafeInteger(n) && n >= -1 },
  { name: "cpus", what: "0.01 processors or more", fits: (n) => n >= 0.01 && n <= 1e6 },
  { name: "timeout", what: "a number of milliseconds", fits: (n) => n >= 0 && n <= Number.MAX_SAFE_INTEGER },
  { name: "stopSignal", what: "a signal", fits: (n) => Number.isInteger(n) && n >= 1 && n <= SIGMAX },
];

/** Throws a RunError that says which number of the options cannot be. */
export function checkNumbers(options: RunOptions): void {
  for (const { name, what, fits } of NUMBERS) {
    const value = options[name];
    if (value !== undefined && !fits(value)) throw new RunError(`${name}: ${value} is not ${what}`, 125);
  }
}
