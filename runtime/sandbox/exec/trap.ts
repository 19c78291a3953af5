/** What a WebAssembly trap is in Linux's terms: the signal that a native program would have died of. @module */

const SIGABRT = 6, SIGFPE = 8, SIGSEGV = 11;

/** Signal number for an error that ended a guest. `unreachable` is how abort() is compiled, so it is SIGABRT. */
export function signalOfTrap(error: unknown): number {
  if (error instanceof RangeError) return SIGSEGV; // the call stack is exhausted
  const message = error instanceof Error ? error.message : String(error);
  if (/out of bounds|null|signature|stack/i.test(message)) return SIGSEGV;
  if (/zero|overflow|unrepresentable/i.test(message)) return SIGFPE;
  return SIGABRT;
}
