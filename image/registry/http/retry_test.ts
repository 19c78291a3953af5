import assert from "node:assert/strict";
import { TestClock } from "../testing/served.ts";
import { NetworkError, RegistryError } from "./errors.ts";
import { RETRIES, type RetryPolicy, withRetries } from "./retry.ts";

function policy(clock: TestClock, more: Partial<RetryPolicy> = {}): RetryPolicy {
  return { ...RETRIES, clock, random: () => 0.5, ...more };
}

/** Fails with each of `errors` in turn, then succeeds. */
function failing(errors: readonly unknown[]): () => Promise<string> {
  let n = 0;
  return () => n < errors.length ? Promise.reject(errors[n++]) : Promise.resolve(`after ${n}`);
}

const down = (): RegistryError => new RegistryError("down", 503);

Deno.test("withRetries() backs off exponentially, up to a longest delay", async () => {
  const clock = new TestClock();
  assert.equal(await withRetries(failing([down(), down(), down(), down()]), policy(clock)), "after 4");
  assert.deepEqual(clock.sleeps.map(Math.round), [500, 1000, 2000, 4000]);
  const capped = new TestClock();
  await withRetries(failing([down(), down(), down(), down()]), policy(capped, { maxDelay: 1500 }));
  assert.deepEqual(capped.sleeps.map(Math.round), [500, 1000, 1500, 1500]);
});

Deno.test("withRetries() spreads the delays by a fifth either way", async () => {
  for (const [random, expected] of [[0, 400], [1, 600]] as const) {
    const clock = new TestClock();
    await withRetries(failing([down()]), policy(clock, { random: () => random }));
    assert.deepEqual(clock.sleeps.map(Math.round), [expected]);
  }
});

Deno.test("withRetries() obeys Retry-After, and gives up when it asks for too much (distribution-spec, Error Codes)", async () => {
  const clock = new TestClock();
  const busy = new RegistryError("busy", 429, [], 7000);
  assert.equal(await withRetries(failing([busy]), policy(clock)), "after 1");
  assert.deepEqual(clock.sleeps.map(Math.round), [7000]);
  const long = new RegistryError("busy", 429, [], 3_600_000);
  await assert.rejects(withRetries(failing([long]), policy(clock)), /busy: it asks to wait 3600 s/);
  assert.equal(clock.sleeps.length, 1);
});

Deno.test("withRetries() gives up after its last try, with that try's error", async () => {
  const clock = new TestClock();
  const errors = [1, 2, 3, 4, 5, 6].map((n) => new RegistryError(`try ${n}`, 500));
  await assert.rejects(withRetries(failing(errors), policy(clock)), /^Error: try 5$/);
  assert.equal(clock.sleeps.length, 4);
  await assert.rejects(withRetries(failing(errors), policy(clock, { retries: 0 })), /^Error: try 1$/);
});

Deno.test("withRetries() tries again only what may pass", async () => {
  const tries = async (error: unknown): Promise<number> => {
    const clock = new TestClock();
    await withRetries(failing([error, error, error, error, error]), policy(clock)).catch(() => {});
    return clock.sleeps.length;
  };
  for (const status of [408, 429, 500, 502, 503, 504]) {
    assert.equal(await tries(new RegistryError("", status)), 4);
  }
  for (const status of [400, 401, 403, 404, 405, 413, 416, 501, 505]) {
    assert.equal(await tries(new RegistryError("", status)), 0, String(status));
  }
  assert.equal(await tries(new NetworkError("reset", "often")), 4);
  assert.equal(await tries(new NetworkError("refused", "once")), 1);
  assert.equal(await tries(new NetworkError("certificate", "never")), 0);
  assert.equal(await tries(new Error("a mistake")), 0);
});

Deno.test("withRetries() ends its wait when the signal is aborted", async () => {
  const stop = new AbortController();
  const clock = new TestClock();
  clock.sleep = (): Promise<void> => {
    queueMicrotask(() => stop.abort(new Error("enough")));
    return new Promise(() => {});
  };
  await assert.rejects(withRetries(failing([down()]), policy(clock), stop.signal), /^Error: enough$/);
});

Deno.test("withRetries() around withRetries() does not multiply the tries", async () => {
  const clock = new TestClock();
  let tries = 0;
  const inner = (): Promise<never> => withRetries(() => (tries++, Promise.reject(down())), policy(clock));
  await assert.rejects(withRetries(inner, policy(clock)), /down/);
  assert.equal(tries, 5);
});
