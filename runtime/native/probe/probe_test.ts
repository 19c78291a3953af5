import assert from "node:assert/strict";
import { testWhen } from "../../../tests/support/when.ts";
import { tryInChild, whileChild } from "./child.ts";
import { grantedIn } from "./ids.ts";

const PASSWD = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";

Deno.test("grantedIn(): by name or by number, the first range that is one (man 5 subuid)", () => {
  const text = "bob:1:2\nann:x:5\nann:100000:65536\n1000:7:8\n";
  assert.deepEqual(grantedIn(text, 1000, PASSWD), { first: 100000, size: 65536 });
  assert.deepEqual(grantedIn("1000:7:8\n", 1000, ""), { first: 7, size: 8 });
  assert.equal(grantedIn("ann:100000:0\n", 1000, PASSWD), undefined);
  assert.equal(grantedIn(text, 1001, PASSWD), undefined);
});

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
