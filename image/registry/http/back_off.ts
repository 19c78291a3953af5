/** Exponential back-off with jitter, as an effect: cancellable, and with a clock and randomness that tests replace. @module */
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Random from "effect/Random";
import * as Schedule from "effect/Schedule";
import { RegistryError } from "./errors.ts";
import { isRepeatable, type RetryPolicy } from "./retry.ts";

/** Delays of a policy: exponential, capped, jittered by a fifth; never shorter than what the registry asks for. */
function delays(policy: RetryPolicy): Schedule.Schedule<unknown, unknown> {
  return Schedule.exponential(policy.baseDelay).pipe(
    Schedule.modifyDelay(({ duration }) =>
      Effect.succeed(Duration.min(duration, Duration.millis(policy.maxDelay)))
    ),
    Schedule.jittered,
    Schedule.modifyDelay(({ duration, input }) => {
      const asked = input instanceof RegistryError ? input.retryAfter ?? 0 : 0;
      return Effect.succeed(Duration.max(duration, Duration.millis(asked)));
    }),
    Schedule.upTo({ times: policy.retries }),
  );
}

/** The default services with those of the policy in place of some. */
function withPolicy<T>(effect: Effect.Effect<T, unknown>, policy: RetryPolicy): Effect.Effect<T, unknown> {
  const { clock, random } = policy;
  return Effect.gen(function* () {
    const usualClock = yield* Clock.Clock;
    const usualRandom = yield* Random.Random;
    const ownClock = clock === undefined ? usualClock : {
      ...nanoseconds(clock.now),
      currentTimeMillisUnsafe: () => clock.now(),
      currentTimeMillis: Effect.sync(() => clock.now()),
      sleep: (duration: Duration.Duration) =>
        Effect.promise((signal) => clock.sleep(Duration.toMillis(duration), signal)),
    };
    const ownRandom = random === undefined ? usualRandom : {
      nextIntUnsafe: () => Math.floor(random() * Number.MAX_SAFE_INTEGER),
      nextDoubleUnsafe: random,
    };
    return yield* effect.pipe(
      Effect.provideService(Clock.Clock, ownClock),
      Effect.provideService(Random.Random, ownRandom),
    );
  });
}

function nanoseconds(
  now: () => number,
): Pick<
  Clock.Clock,
  "currentTimeNanosUnsafe" | "currentTimeNanos" | "monotonicTimeNanosUnsafe" | "monotonicTimeNanos"
> {
  const read = (): bigint => BigInt(Math.round(now())) * 1_000_000n;
  return {
    currentTimeNanosUnsafe: read,
    currentTimeNanos: Effect.sync(read),
    monotonicTimeNanosUnsafe: read,
    monotonicTimeNanos: Effect.sync(read),
  };
}

/** Waits after `failure` and runs `attempt`, again and again, as far as the policy allows. */
export function backOff<T>(
  failure: unknown,
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<T> {
  let failures = 0;
  const once = Effect.tryPromise({
    // The first try has been made: its failure stands for it.
    try: () => failures === 0 ? Promise.reject(failure) : attempt(),
    catch: (error) => error,
  });
  const repeated = Effect.retry(once, {
    schedule: delays(policy),
    while: (error) => isRepeatable(error, ++failures, policy),
  });
  return Effect.runPromise(withPolicy(repeated, policy), signal === undefined ? {} : { signal });
}
