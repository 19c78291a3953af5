/** Wait status as wait(2) gives it: exit code in bits 8 to 15, or the signal in bits 0 to 6. @module */

/** The status of a process that exited with a code. */
export const exited = (code: number): number => (code & 0xff) << 8;
/** The status of a process that a signal ended. */
export const signaled = (signal: number): number => signal & 0x7f;
/** A signal ended it. */
export const isSignaled = (status: number): boolean => (status & 0x7f) !== 0;
/** What a shell reports: the code, or 128 + the signal. */
export const shellStatus = (status: number): number =>
  isSignaled(status) ? 128 + (status & 0x7f) : (status >>> 8) & 0xff;
