/** distribution-spec#pull. */
import assert from "node:assert/strict";
import { bytesOf, digestOf, forEachStorage, Harness, MANIFEST } from "./testing/harness.ts";
import { matchesTag, parseRange } from "./ranges.ts";
import { MemoryStorage } from "./memory_storage.ts";

forEachStorage(
  "spec.md#pulling-manifests: by tag and by digest the exact bytes, type and digest",
  async (h) => {
    // Unusual white space has to survive.
    const bytes = bytesOf(
      `  ${JSON.stringify(JSON.parse(new TextDecoder().decode(await h.manifest("a/b"))), null, 3)}\n`,
    );
    await h.put("a/b", "v1", bytes);
    const digest = digestOf(bytes);
    for (const reference of ["v1", digest, digest.replace(":", "%3A")]) {
      const answer = await h.send("GET", `/v2/a/b/manifests/${reference}`);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.bytes, bytes);
      assert.equal(answer.headers.get("content-type"), MANIFEST);
      assert.equal(answer.headers.get("docker-content-digest"), digest);
      assert.equal(answer.headers.get("content-length"), String(bytes.length));
    }
  },
);

forEachStorage("spec.md#pulling-manifests: what is not there is 404, whatever its name", async (h) => {
  await h.put("a", "v1", await h.manifest("a"));
  const absent = digestOf(bytesOf("absent"));
  for (const method of ["GET", "HEAD"]) {
    await h.refused(404, "MANIFEST_UNKNOWN", method, "/v2/a/manifests/v2");
    await h.refused(404, "MANIFEST_UNKNOWN", method, `/v2/a/manifests/${absent}`);
    await h.refused(404, "MANIFEST_UNKNOWN", method, "/v2/a/manifests/.INVALID");
    await h.refused(404, "NAME_UNKNOWN", method, "/v2/other/manifests/v1");
    await h.refused(404, "NAME_INVALID", method, "/v2/UPPER/manifests/v1");
    // A blob is no manifest, even if it is there.
    await h.refused(404, "MANIFEST_UNKNOWN", method, `/v2/a/manifests/${digestOf(bytesOf("{}"))}`);
  }
});

forEachStorage(
  "spec.md#pulling-blobs: the bytes and their digest; 404 for another repository's",
  async (h) => {
    const { digest } = await h.blob("a", bytesOf("0123456789"));
    const answer = await h.send("GET", `/v2/a/blobs/${digest}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.bytes, bytesOf("0123456789"));
    assert.equal(answer.headers.get("docker-content-digest"), digest);
    assert.equal(answer.headers.get("accept-ranges"), "bytes");
    for (const method of ["GET", "HEAD"]) {
      await h.refused(404, "BLOB_UNKNOWN", method, `/v2/b/blobs/${digest}`);
      await h.refused(404, "BLOB_UNKNOWN", method, `/v2/a/blobs/${digestOf(bytesOf("absent"))}`);
      await h.refused(400, "DIGEST_INVALID", method, "/v2/a/blobs/sha256:abc");
      await h.refused(400, "DIGEST_INVALID", method, "/v2/a/blobs/blake3:abc");
    }
  },
);

forEachStorage(
  "spec.md#checking-if-content-exists-in-the-registry: HEAD has digest and size, and no body",
  async (h) => {
    const manifest = await h.manifest("a");
    await h.put("a", "v1", manifest);
    const { digest } = await h.blob("a", bytesOf("0123456789"));
    const blob = await h.send("HEAD", `/v2/a/blobs/${digest}`);
    assert.deepEqual([blob.status, blob.headers.get("content-length")], [200, "10"]);
    assert.equal(blob.headers.get("docker-content-digest"), digest);
    for (const reference of ["v1", digestOf(manifest)]) {
      const answer = await h.send("HEAD", `/v2/a/manifests/${reference}`);
      assert.deepEqual([answer.status, answer.headers.get("content-length")], [200, String(manifest.length)]);
      assert.equal(answer.headers.get("docker-content-digest"), digestOf(manifest));
      assert.equal(answer.headers.get("content-type"), MANIFEST);
    }
  },
);

forEachStorage("RFC 9110, 14: a part of a blob is 206, no part 416, and others are the whole", async (h) => {
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  const { digest } = await h.blob("a", bytes);
  const path = `/v2/a/blobs/${digest}`;
  const cases: [string, number, number][] = [
    ["bytes=0-0", 0, 1],
    ["bytes=10-", 10, 50_000],
    ["bytes=49999-", 49_999, 50_000],
    ["bytes=100-40000", 100, 40_001],
    ["bytes=10-999999", 10, 50_000],
    ["bytes=-7", 49_993, 50_000],
    ["bytes=-999999", 0, 50_000],
  ];
  for (const [range, start, end] of cases) {
    const answer = await h.send("GET", path, { headers: { range } });
    assert.equal(answer.status, 206, range);
    assert.equal(answer.headers.get("content-range"), `bytes ${start}-${end - 1}/50000`);
    assert.equal(answer.headers.get("content-length"), String(end - start));
    assert.deepEqual(answer.bytes, bytes.subarray(start, end), range);
  }
  for (const range of ["bytes=50000-", "bytes=60000-70000", "bytes=-0"]) {
    const answer = await h.send("GET", path, { headers: { range } });
    assert.deepEqual([answer.status, answer.headers.get("content-range")], [416, "bytes */50000"], range);
  }
  for (const range of ["bytes=5-2", "bytes=0-1,5-6", "lines=0-1", "bytes=x", "bytes=-"]) {
    const answer = await h.send("GET", path, { headers: { range } });
    assert.deepEqual([answer.status, answer.bytes.length], [200, 50_000], range);
  }
  assert.equal((await h.send("HEAD", path, { headers: { range: "bytes=0-0" } })).status, 200);
  const other = { range: "bytes=0-0", "if-range": '"sha256:0"' };
  assert.equal((await h.send("GET", path, { headers: other })).status, 200);
  const same = { range: "bytes=0-0", "if-range": `"${digest}"` };
  assert.equal((await h.send("GET", path, { headers: same })).status, 206);
});

forEachStorage("RFC 9110, 13: what the client has is not sent again", async (h) => {
  const manifest = await h.manifest("a");
  await h.put("a", "v1", manifest);
  const blob = digestOf(bytesOf("{}"));
  for (const [path, etag] of [["manifests/v1", digestOf(manifest)], [`blobs/${blob}`, blob]]) {
    const headers = { "if-none-match": `"x", W/"${etag}"` };
    assert.equal((await h.send("GET", `/v2/a/${path}`, { headers })).status, 304);
    assert.equal((await h.send("GET", `/v2/a/${path}`)).headers.get("etag"), `"${etag}"`);
  }
});

forEachStorage("an empty blob can be pushed and pulled", async (h) => {
  const { digest } = await h.blob("a", new Uint8Array());
  const answer = await h.send("GET", `/v2/a/blobs/${digest}`);
  assert.deepEqual([answer.status, answer.bytes.length, answer.headers.get("content-length")], [200, 0, "0"]);
});

Deno.test("spec.md#determining-support: GET /v2/ is 200; what is not an endpoint is 404; wrong methods 405 with Allow", async () => {
  const h = new Harness(new MemoryStorage());
  for (const path of ["/v2/", "/v2"]) assert.equal((await h.send("GET", path)).status, 200);
  for (const path of ["/", "/v1/", "/v2x", "/v2/a", "/v2/a/tags", "/v2/a/tags/list/x", "/v2/a/toString/x"]) {
    await h.refused(404, "UNSUPPORTED", "GET", path);
  }
  for (
    const [method, path, allow] of [
      ["POST", "/v2/", "GET, HEAD"],
      ["PUT", "/v2/a/tags/list", "GET, HEAD"],
      ["PATCH", "/v2/a/manifests/x", "GET, HEAD, PUT, DELETE"],
      ["GET", "/v2/a/blobs/uploads/", "POST"],
      ["POST", "/v2/a/blobs/sha256:x", "GET, HEAD, DELETE"],
      ["constructor", "/v2/a/blobs/sha256:x", "GET, HEAD, DELETE"],
    ] as const
  ) {
    const answer = await h.send(method, path);
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, allow], `${method} ${path}`);
  }
});

Deno.test("parseRange() reads what RFC 9110 has, and nothing else", () => {
  assert.deepEqual(parseRange("Bytes= 1 - 2", 10), { start: 1, end: 3 });
  assert.equal(parseRange(null, 10), undefined);
  assert.equal(parseRange("bytes=0-", 0), "unsatisfiable");
  assert.equal(parseRange("bytes=9".padEnd(400, "9") + "-", 10), "unsatisfiable");
});

Deno.test("matchesTag() knows * and lists", () => {
  assert.deepEqual([matchesTag("*", '"a"'), matchesTag('"b", "a"', '"a"'), matchesTag(null, '"a"')], [
    true,
    true,
    false,
  ]);
  assert.equal(matchesTag('"b"', '"a"'), false);
});
