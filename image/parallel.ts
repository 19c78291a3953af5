/** Several things at a time, but not too many. @module */

/**
 * Calls `each` for every item, at most `limit` at a time. When one fails, or `signal` is aborted, the others' signal is aborted, and the
 * first failure is thrown once all have ended: nothing goes on in the background.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  each: (item: T, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const own = new AbortController();
  const stop = (): void => own.abort(signal!.reason);
  if (signal?.aborted) own.abort(signal.reason);
  signal?.addEventListener("abort", stop);
  const queue = items[Symbol.iterator]();
  let failed = false, failure: unknown;
  const work = async (): Promise<void> => {
    for (let step = queue.next(); !step.done && !own.signal.aborted; step = queue.next()) {
      try {
        await each(step.value, own.signal);
      } catch (error) {
        if (!failed) failure = error;
        failed = true;
        own.abort(error);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(1, limit) }, work));
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  if (failed) throw failure;
  signal?.throwIfAborted();
}
