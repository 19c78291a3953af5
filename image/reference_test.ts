import assert from "node:assert/strict";
import { type ImageReference, looksLikePath, parseReference, referenceText } from "./reference.ts";

Deno.test("parseReference() tells transports, paths, names and tags apart, and referenceText() puts them together", () => {
  const cases: [string, ImageReference][] = [
    ["oci:dir", { transport: "oci", path: "dir" }],
    ["oci:dir:a/b:c", { transport: "oci", path: "dir", tag: "a/b:c" }],
    ["oci:C:\\dir:x", { transport: "oci", path: "C:\\dir", tag: "x" }],
    ["oci-archive:a.tar:v1", { transport: "oci-archive", path: "a.tar", tag: "v1" }],
    ["docker-archive:a.tar:name:v1", { transport: "docker-archive", path: "a.tar", tag: "name:v1" }],
    ["docker://host:5000/a:b", { transport: "docker", path: "host:5000/a:b" }],
    ["store:a:b", { transport: "store", path: "a:b" }],
    ["docker:a", { transport: "auto", path: "docker:a" }],
    ["localhost:5000/a", { transport: "auto", path: "localhost:5000/a" }],
  ];
  for (const [text, reference] of cases) {
    assert.deepEqual(parseReference(text), reference);
    assert.equal(referenceText(reference), text);
  }
  for (const bad of ["", "oci:", "oci::x", "oci:dir:", "docker://", "store:"]) {
    assert.throws(() => parseReference(bad), /^Error: image reference/, bad);
  }
});

Deno.test("looksLikePath() knows what cannot be a name", () => {
  for (
    const path of ["/a", "./a", "../a", ".", "a/", "~/a", "C:\\a", "a\\b", "app.wasm", "x.tar", "x.tar.gz"]
  ) {
    assert.ok(looksLikePath(path), path);
  }
  for (const name of ["a", "a/b:c", "host.example:5000/a", "busybox:1.36", "a@sha256:0"]) {
    assert.ok(!looksLikePath(name), name);
  }
});
