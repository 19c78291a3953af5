/** Turns of the event loop. @module */

interface Immediate {
  setImmediate?: (f: () => void) => unknown;
}

/**
 * Resolves when the event loop has come around: everything that was ready has run. By setImmediate where the host has it: it takes
 * microseconds, a timer a millisecond or more.
 */
export function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as Immediate;
  return new Promise((resolve) => {
    if (setImmediate === undefined) setTimeout(resolve, 0);
    else setImmediate(resolve);
  });
}
