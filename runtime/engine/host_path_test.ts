/** Paths of the host, beside node:path. @module */
import assert from "node:assert/strict";
import { isAbsolute, resolve } from "node:path/posix";
import { absolutePath, isAbsolutePath } from "./host_path.ts";

const PATHS = [
  "",
  ".",
  "..",
  "a",
  "./a/",
  "a//b",
  "a/./b/..",
  "../../../../x",
  "/",
  "//",
  "/a/b/",
  "/../a",
  "/a/../..",
  "..a/b..",
  "/.x",
];

Deno.test("absolutePath() and isAbsolutePath() say what node:path does", {
  ignore: Deno.build.os === "windows",
}, () => {
  for (const path of PATHS) {
    assert.equal(absolutePath(path), resolve(path), path);
    assert.equal(absolutePath(path, "/some/where"), resolve("/some/where", path), path);
    assert.equal(isAbsolutePath(path), isAbsolute(path), path);
  }
});
