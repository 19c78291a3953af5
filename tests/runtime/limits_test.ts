/** Limits of a process bite (config.md#posix-process, man 2 getrlimit). @module */
import assert from "node:assert/strict";
import { testWhen } from "../support/when.ts";
import { withBench } from "./support.ts";

const unix = { os: ["linux", "darwin"] as const };
/** What a bundle has for one limit, soft and hard. */
const limit = (type: string, value: number): Record<string, unknown> => ({
  process: { rlimits: [{ type, soft: value, hard: value }] },
});

testWhen(
  unix,
  "RLIMIT_CPU ends a busy loop with SIGKILL at the hard limit",
  () =>
    withBench(async (bench) => {
      const bundle = bench.bundle("b", ["spin"], limit("RLIMIT_CPU", 1));
      assert.equal((await bench.call("run", "--bundle", bundle, "c")).code, 137);
    }),
);

testWhen(
  unix,
  "RLIMIT_FSIZE: what is beyond it is EFBIG, since the init of a namespace ignores SIGXFSZ",
  () =>
    withBench(async (bench) => {
      const bundle = bench.bundle("b", ["append", "/f", "0123456789abcdef"], limit("RLIMIT_FSIZE", 10));
      const path = `${bundle}/rootfs/f`;
      await Deno.writeTextFile(path, "");
      // A write that crosses the limit is short, the next one fails.
      for (const wanted of [/^write \/f: /, /^write \/f: .*too large/i]) {
        const { code, stdout } = await bench.call("run", "--bundle", bundle, "c");
        assert.equal(code, 1);
        assert.match(stdout, wanted);
        assert.equal(await Deno.readTextFile(path), "0123456789");
      }
    }),
);

testWhen(unix, "RLIMIT_AS: memory beyond it cannot be had", () =>
  withBench(async (bench) => {
    for (const [size, wanted] of [["20", 0], ["200", 1]] as const) {
      const bundle = bench.bundle(`b${size}`, ["alloc", size], limit("RLIMIT_AS", 64 * 2 ** 20));
      const { code } = await bench.call("run", "--bundle", bundle, `c${size}`);
      assert.equal(Math.min(code, 1), wanted, `${size} MiB`);
    }
  }));
