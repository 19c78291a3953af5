import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chainIds } from "./chain_id.ts";

Deno.test("chainIds(): ChainID(A|B|C) = Digest(Digest(A + ' ' + B) + ' ' + C) (config.md#layer-chainid)", () => {
  const digest = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;
  const [a, b, c] = ["a", "b", "c"].map(digest) as [string, string, string];
  assert.deepEqual(chainIds([a, b, c]), [a, digest(`${a} ${b}`), digest(`${digest(`${a} ${b}`)} ${c}`)]);
  assert.deepEqual(chainIds([]), []);
});
