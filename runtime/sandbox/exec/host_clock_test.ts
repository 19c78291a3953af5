/** The host's clocks. @module */
import assert from "node:assert/strict";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "../kernel/clock.ts";
import { hostClock } from "./host_clock.ts";

Deno.test("hostClock() never goes back, also while it changes over to the C library's clock", () => {
  const clock = hostClock();
  let sec = 0, nsec = 0;
  for (let i = 0; i < 5000; i++) {
    clock.sample(CLOCK_MONOTONIC);
    assert.ok(clock.nsec >= 0 && clock.nsec < 1e9 && Number.isInteger(clock.nsec), `${clock.nsec} ns`);
    assert.ok(clock.sec > sec || clock.sec === sec && clock.nsec >= nsec, `reading ${i}`);
    ({ sec, nsec } = clock);
  }
});

Deno.test("hostClock() tells the time of day", () => {
  const clock = hostClock();
  for (let i = 0; i < 5000; i++) {
    const before = Date.now();
    clock.sample(CLOCK_REALTIME);
    const after = Date.now();
    const ms = clock.sec * 1000 + Math.floor(clock.nsec / 1e6);
    assert.ok(ms >= before && ms <= after, `${before} ≤ ${ms} ≤ ${after}`);
    assert.ok(clock.nsec >= 0 && clock.nsec < 1e9 && Number.isInteger(clock.nsec));
  }
});
