import assert from "node:assert/strict";
import { EACCES, EINVAL, EPERM, ERANGE } from "../../../fs/abi/errno.ts";
import { CLOCK_MONOTONIC, KernelClock } from "./clock.ts";
import { Credentials } from "./credentials.ts";
import { TimeNamespace } from "./time_namespace.ts";
import { UserNamespace } from "./user_namespace.ts";

const ROOT = Credentials.ROOT;
const fresh = (): TimeNamespace => new TimeNamespace(UserNamespace.INITIAL, null);

class FixedClock extends KernelClock {
  override readonly resolutionNs = 1;
  override sample(): void {
    this.sec = 100;
    this.nsec = 600_000_000;
  }
}

Deno.test("time_namespaces(7): lines of clock, seconds and nanoseconds; clocks by name or number", () => {
  const namespace = fresh();
  assert.equal(namespace.writeOffsets("monotonic 86400 5\nboottime -3 0\n", ROOT, 10_000), 0);
  assert.equal(namespace.showOffsets(), "monotonic       86400         5\nboottime           -3         0\n");
  assert.equal(namespace.writeOffsets("1 7 0", ROOT, 0), 0);
  assert.equal(namespace.monotonicMs, 7000);
  assert.deepEqual(namespace.boottime, { sec: -3, nsec: 0 });
  for (const text of ["", "realtime 1 0", "monotonic 1", "1 1 1000000000", "1 1 -1", "1 1 1\n7 1 1\n1 1 1"]) {
    assert.equal(fresh().writeOffsets(text, ROOT, 0), -EINVAL, text);
  }
});

Deno.test("time_namespaces(7): EPERM without CAP_SYS_TIME, EACCES once a process has entered, ERANGE below zero or beyond the clock", () => {
  const namespace = fresh();
  assert.equal(namespace.writeOffsets("monotonic -11 0", ROOT, 10_000), -ERANGE);
  assert.equal(namespace.writeOffsets("monotonic 9223372036 0", ROOT, 10_000), -ERANGE);
  const user = UserNamespace.create(ROOT) as UserNamespace;
  assert.equal(namespace.writeOffsets("monotonic 1 0", ROOT.entering(user), 0), -EPERM);
  namespace.frozen = true;
  assert.equal(namespace.writeOffsets("monotonic 1 0", ROOT, 0), -EACCES);
});

Deno.test("shift() adds the offset to a sample, with the carry; a new namespace has the offsets of the old", () => {
  const namespace = fresh();
  const clock = new FixedClock();
  namespace.writeOffsets("monotonic -50 500000000", ROOT, 100_000);
  clock.sample();
  new TimeNamespace(UserNamespace.INITIAL, namespace).shift(clock);
  assert.deepEqual([clock.sec, clock.nsec], [51, 100_000_000]);
  assert.equal(CLOCK_MONOTONIC, 1);
});
