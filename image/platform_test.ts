import assert from "node:assert/strict";
import type { Descriptor } from "./descriptor.ts";
import { acceptable, defaultPlatforms, parsePlatform, platformText } from "./platform.ts";
import { parseReference, referenceText } from "./reference.ts";
import { selectPlatform, selectTag } from "./select.ts";

const entry = (platform: string | undefined, name?: string): Descriptor => ({
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest: `sha256:${"0".repeat(64)}`,
  size: 1,
  annotations: name === undefined ? {} : { "org.opencontainers.image.ref.name": name },
  ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
});

Deno.test("parsePlatform() gives the usual names", () => {
  const cases = {
    "wasi/wasm": "wasi/wasm",
    "wasip1/wasm32": "wasip1/wasm",
    "linux/x86_64": "linux/amd64",
    "Linux/X86-64/v1": "linux/amd64",
    "linux/aarch64": "linux/arm64",
    "linux/arm64/v8": "linux/arm64",
    "linux/arm": "linux/arm/v7",
    "linux/armhf": "linux/arm/v7",
    "linux/armel": "linux/arm/v6",
    "linux/arm/6": "linux/arm/v6",
    "macos/aarch64": "darwin/arm64",
    "linux/i686": "linux/386",
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.equal(platformText(parsePlatform(text)), expected, text);
  }
  for (const bad of ["", "linux", "linux/", "/amd64", "a/b/c/d", "a/b/"]) {
    assert.throws(() => parsePlatform(bad), /platform ".*": expected OS\/ARCHITECTURE/, bad);
  }
});

Deno.test("acceptable() goes from a processor to the older ones it also runs", () => {
  assert.deepEqual(acceptable(parsePlatform("linux/amd64/v2")), [
    "linux/amd64/v2",
    "linux/amd64",
    "linux/386",
  ]);
  assert.deepEqual(acceptable(parsePlatform("linux/arm")), ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]);
  assert.deepEqual(acceptable(parsePlatform("wasi/wasm")), ["wasi/wasm"]);
});

Deno.test("selectPlatform() prefers modules for WASI, then the host's own", () => {
  const wanted = defaultPlatforms(parsePlatform("linux/amd64"));
  const pick = (...entries: Descriptor[]): string => {
    const found = selectPlatform(entries, wanted, "x").platform;
    return found === undefined ? "none" : platformText(found);
  };
  assert.equal(pick(entry("linux/amd64"), entry("wasip1/wasm"), entry("wasi/wasm")), "wasi/wasm");
  assert.equal(pick(entry("linux/amd64"), entry("wasip1/wasm")), "wasip1/wasm");
  assert.equal(pick(entry("linux/arm64"), entry("linux/386"), entry("linux/amd64")), "linux/amd64");
  assert.equal(pick(entry("linux/arm64"), entry(undefined)), "none");
  assert.throws(
    () => pick(entry("linux/arm64"), entry("windows/amd64")),
    /^Error: x: no image for wasi\/wasm, wasip1\/wasm, linux\/amd64; it has linux\/arm64, windows\/amd64$/,
  );
});

Deno.test("selectTag() says what there is when a name means nothing or nothing is named", () => {
  const entries = [entry(undefined, "a"), entry(undefined, "docker.io/library/b:1")];
  assert.deepEqual(selectTag(entries, "a", "x"), [entries[0]]);
  assert.deepEqual(selectTag(entries, "1", "x"), [entries[1]]);
  assert.throws(
    () => selectTag(entries, "c", "x"),
    /x: no image is called "c"; it has a, docker\.io\/library\/b:1/,
  );
  assert.throws(
    () => selectTag(entries, undefined, "x"),
    /x: it contains several images, name one of them: a, /,
  );
  assert.throws(() => selectTag([], undefined, "x"), /x: it contains no image/);
  assert.throws(() => selectTag([entry(undefined)], "c", "x"), /none of its images has a name/);
  assert.deepEqual(selectTag([...entries, entry(undefined, "latest")], undefined, "x"), [
    entry(undefined, "latest"),
  ]);
});

Deno.test("parseReference() tells transport, path and tag apart", () => {
  const cases: [string, string, string, string | undefined][] = [
    ["oci:dir", "oci", "dir", undefined],
    ["oci:/a/b:v1.0", "oci", "/a/b", "v1.0"],
    ["oci:dir:example.org/x:1", "oci", "dir", "example.org/x:1"],
    ["oci-archive:x.tar", "oci-archive", "x.tar", undefined],
    ["docker-archive:x.tar:busybox:latest", "docker-archive", "x.tar", "busybox:latest"],
    ["oci:C:\\images\\a:tag", "oci", "C:\\images\\a", "tag"],
    ["oci:c:/images/a", "oci", "c:/images/a", undefined],
    ["./dir", "auto", "./dir", undefined],
    ["C:\\x.tar", "auto", "C:\\x.tar", undefined],
    ["ocidir:x", "auto", "ocidir:x", undefined],
  ];
  for (const [text, transport, path, tag] of cases) {
    const reference = parseReference(text);
    assert.deepEqual([reference.transport, reference.path, reference.tag], [transport, path, tag], text);
    assert.equal(referenceText(reference), text);
  }
  for (const bad of ["", "oci:", "oci:dir:", "docker-archive::x"]) {
    assert.throws(() => parseReference(bad), /image reference/, bad);
  }
});
