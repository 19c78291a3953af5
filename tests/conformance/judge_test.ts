import assert from "node:assert/strict";
import { fill, mergePatch } from "./bundle.ts";
import { disagreement } from "./judge.ts";

const report = { a: { "/b": [1, "x"], c: "text" }, n: 5, empty: [] };

Deno.test("disagreement() is undefined where all expectations hold", () => {
  assert.equal(
    disagreement(report, [
      ["a./b", "is", [1, "x"]],
      ["a./b", "has", "x"],
      ["a./b", "has", [1, "x"]],
      ["a./b", "lacks", 2],
      ["a.c", "matches", "^te"],
      ["n", "atLeast", 5],
      ["n", "atMost", 5],
      ["a.d", "absent"],
      ["a.c", "differs", "$host.c"],
      ["empty", "is", []],
    ], { c: "other" }),
    undefined,
  );
});

Deno.test("disagreement() says what was wanted and what there is", () => {
  assert.equal(disagreement(report, [["n", "is", 6]]), "n is 6: it is 5");
  assert.equal(disagreement(report, [["a.d", "present"]]), "a.d present : it is nothing");
  assert.equal(disagreement(report, [["a.d", "lacks", "x"]]), 'a.d lacks "x": it is nothing');
  assert.equal(disagreement(report, [["a.d", "differs", 1]]), "a.d differs 1: it is nothing");
});

Deno.test("mergePatch() merges objects, removes nulls, replaces lists", () => {
  assert.deepEqual(mergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: 3 }, d: [2] }), {
    ...{ a: { c: 2, e: 3 }, d: [2] },
  });
});

Deno.test("fill() replaces names in all texts", () => {
  assert.deepEqual(fill({ "${a}": ["x${a}y", 1] }, { a: "b" }), { b: ["xby", 1] });
});
