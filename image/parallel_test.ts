import assert from "node:assert/strict";
import { inParallel } from "./parallel.ts";

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("inParallel() has no more than `limit` at work, and takes every item once", async () => {
  let now = 0, most = 0;
  const seen: number[] = [];
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++now);
    await pause();
    seen.push(item);
    now--;
  });
  assert.equal(most, 3);
  assert.deepEqual(seen.sort(), [1, 2, 3, 4, 5, 6, 7]);
  await inParallel([], 3, () => assert.fail("there is none"));
});

Deno.test("inParallel() throws the first failure when all that was begun has ended, and begins nothing more", async () => {
  const ended: number[] = [];
  await assert.rejects(
    inParallel([1, 2, 3, 4], 2, async (item, signal) => {
      if (item === 1) {
        await pause();
        throw new Error("first");
      }
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await pause();
      ended.push(item);
      throw new Error("second");
    }),
    /first/,
  );
  assert.deepEqual(ended, [2]);
});

Deno.test("inParallel() ends with the signal's reason", async () => {
  const abort = new AbortController();
  const begun: number[] = [];
  await assert.rejects(
    inParallel([1, 2, 3], 1, async (item) => {
      begun.push(item);
      abort.abort(new Error("enough"));
      await pause();
    }, abort.signal),
    /enough/,
  );
  assert.deepEqual(begun, [1]);
  await assert.rejects(
    inParallel([1], 1, () => assert.fail("it is aborted already"), abort.signal),
    /enough/,
  );
});
