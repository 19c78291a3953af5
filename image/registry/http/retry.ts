/** Tries again what may succeed later. @module */
import { plain, RegistryError, repeatOf } from "./errors.ts";

/** When and how often to try again. */
export interface RetryPolicy {
  /** Tries after the first one. */
  readonly retries: number;
  /** First delay in milliseconds; every further one is twice as long. */
  readonly baseDelay: number;
  /** Longest delay of our own choosing, in milliseconds. */
  readonly maxDelay: number;
  /** Longest delay that a registry may ask for (Retry-After), in milliseconds: if it asks for more, the error stands. */
  readonly maxRetryAfter: number;
  /** The time, for tests: milliseconds since 1970, and how to wait. */
  readonly clock?: RetryClock;
  /** Randomness from 0 to 1, for tests. */
  readonly random?: () => number;
}

/** A clock to wait by. */
export interface RetryClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after some milliseconds. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Unless told otherwise: five tries in about eight seconds. */
export const RETRIES: RetryPolicy = {
  retries: 4,
  baseDelay: 500,
  maxDelay: 10_000,
  maxRetryAfter: 120_000,
};

/** Errors that all tries have been spent on: whoever tries something larger again does not begin with them anew. */
const givenUp = new WeakSet<object>();

/** True if to try again after the `tries`-th failure in a row. */
export function isRepeatable(error: unknown, tries: number, policy: RetryPolicy): boolean {
  const repeat = repeatOf(error);
  if (givenUp.has(error as object)) return false;
  if (repeat === "never" || (repeat === "once" && tries > 1)) return false;
  return !(error instanceof RegistryError) || (error.retryAfter ?? 0) <= policy.maxRetryAfter;
}

/** Runs `attempt`, and again when it fails for a passing reason. Throws its last error, or the signal's reason. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    return await retryAfterFailure(error, attempt, policy, signal);
  }
}

/** As withRetries, after a first failure that has already happened. */
export async function retryAfterFailure<T>(
  failure: unknown,
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  if (!isRepeatable(failure, 1, policy) || policy.retries === 0) throw final(failure, policy);
  // Only now, so that a registry that simply answers costs nothing of it.
  const { backOff } = await import("./back_off.ts");
  try {
    return await backOff(failure, attempt, policy, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw final(error, policy);
  }
}

/** The error that whoever called gets to see. */
function final(error: unknown, policy: RetryPolicy): unknown {
  if (!(error instanceof Error) || givenUp.has(error)) return error;
  const wait = error instanceof RegistryError ? error.retryAfter ?? 0 : 0;
  const { message, status, codes } = error as RegistryError;
  const shown = wait <= policy.maxRetryAfter ? error : new RegistryError(
    `${plain(message, 1000)}: it asks to wait ${Math.ceil(wait / 1000)} s`,
    status,
    codes,
    wait,
  );
  givenUp.add(shown);
  return shown;
}
