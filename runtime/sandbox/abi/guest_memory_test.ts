/** Guest memory: ranges and 64-bit numbers. @module */
import assert from "node:assert/strict";
import { GuestMemory } from "./guest_memory.ts";

function memory(): GuestMemory {
  const guest = new GuestMemory();
  guest.attach(new WebAssembly.Memory({ initial: 1 }));
  return guest;
}

Deno.test("setNs() writes sec × 10^9 + nsec exactly, also where a double cannot hold it", () => {
  const guest = memory();
  const cases: [number, number][] = [[0, 0], [0, 999_999_999], [4, 294_967_296], [4, 294_967_295], [
    1_700_000_000,
    1,
  ]];
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
  for (let i = 0; i < 20_000; i++) cases.push([random(2 ** 32), random(1_000_000_000)]);
  // Around every multiple of 2^32 the high half is decided by a few nanoseconds.
  for (let i = 0n; i < 4000n; i++) {
    const ns = (390_000_000n + i * 997n) * 2n ** 32n + i % 7n - 3n;
    cases.push([Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)]);
  }
  for (const [sec, nsec] of cases) {
    guest.setNs(8, sec, nsec);
    assert.equal(guest.view.getBigUint64(8, true), BigInt(sec) * 1_000_000_000n + BigInt(nsec));
  }
});

Deno.test("holds() refuses every range that ends outside", () => {
  const guest = memory();
  assert.ok(guest.holds(0, 65536) && guest.holds(65536, 0) && guest.holds(65535, 1));
  assert.ok(!guest.holds(65536, 1) && !guest.holds(1, 65536) && !guest.holds(0xffffffff, 0xffffffff));
});
