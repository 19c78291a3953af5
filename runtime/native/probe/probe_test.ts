import assert from "node:assert/strict";
import { testWhen } from "../../../tests/support/when.ts";
import { tryInChild, whileChild } from "./child.ts";

testWhen({ os: ["linux"] }, "tryInChild(): the errno of the step that fails, in words", () => {
  const what = "trying";
  assert.equal(tryInChild([{ native: "close", args: [1000], what }], "/tmp"), "EBADF");
  assert.equal(tryInChild([], "/tmp"), undefined);
  return Promise.resolve();
});

testWhen({ os: ["linux"] }, "whileChild(): there is a child, and none afterwards", () => {
  const pid = whileChild(0, "/tmp", (pid) => {
    assert.equal(Deno.statSync(`/proc/${pid}`).isDirectory, true);
    return pid;
  });
  assert.throws(() => Deno.statSync(`/proc/${pid}`), Deno.errors.NotFound);
  assert.throws(() =>
    whileChild(0, "/tmp", () => {
      throw new Error("told");
    }), /told/);
  return Promise.resolve();
});
