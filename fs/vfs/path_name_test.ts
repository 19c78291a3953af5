/** Path names from text and from bytes. @module */
import assert from "node:assert/strict";
import { asciiName } from "../abi/name.ts";
import { parseAsciiPath, parsePath } from "./path_name.ts";

const encoder = new TextEncoder();
const fromBytes = (text: string): ReturnType<typeof parsePath> => {
  const bytes = encoder.encode(`xx${text}yy`); // what is around it must not matter
  return parseAsciiPath(bytes, 2, bytes.length - 2);
};

Deno.test("parseAsciiPath() says what parsePath() says", () => {
  const paths = [
    "",
    "/",
    "a",
    "/a",
    "a/",
    "a/.",
    "a/..",
    ".",
    "..",
    "./a",
    "//a//b//",
    "a/./b",
    "a/../b",
    "...",
    "a..",
    ".a",
  ];
  const words = [
    "",
    ".",
    "..",
    "a",
    "bc",
    "name-of-eight",
    "x".repeat(255),
    "y".repeat(256),
    "...",
    "z".repeat(17),
  ];
  let seed = 11;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
  for (let i = 0; i < 3000; i++) {
    paths.push(Array.from({ length: 1 + random(5) }, () => words[random(words.length)]!).join("/"));
  }
  for (const path of paths) assert.deepEqual(fromBytes(path), parsePath(path), JSON.stringify(path));
});

Deno.test("asciiName() gives every length its characters", () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => 0x40 + i);
  for (let from = 0; from < 9; from++) {
    for (let to = from; to < 64; to++) {
      assert.equal(asciiName(bytes, from, to), String.fromCharCode(...bytes.subarray(from, to)));
    }
  }
});
