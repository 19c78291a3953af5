/** distribution-spec#pushing-blobs and what belongs to it. */
import assert from "node:assert/strict";
import { bytesOf, digestOf, forEachStorage, Harness, type Received } from "./testing/harness.ts";
import { MemoryStorage } from "./memory_storage.ts";

const TEN = bytesOf("0123456789");
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function chunk(h: Harness, location: string, start: number, text: string, end?: number): Promise<Received> {
  const range = `${start}-${end ?? start + text.length - 1}`;
  return h.send("PATCH", location, {
    headers: { "content-range": range, "content-length": String(text.length) },
    body: text,
  });
}

forEachStorage(
  "spec.md#post-then-put: 202 with a URL that has a UUID, then 201 with a URL to pull from",
  async (h) => {
    const begun = await h.send("POST", "/v2/a/blobs/uploads/");
    assert.equal(begun.status, 202);
    const location = begun.headers.get("location")!;
    assert.match(location, UUID);
    assert.equal(begun.headers.has("oci-chunk-min-length"), false);
    const digest = digestOf(TEN);
    const done = await h.send("PUT", `${location}?digest=${digest}`, {
      headers: { "content-length": "10", "content-type": "application/octet-stream" },
      body: TEN,
    });
    assert.equal(done.status, 201);
    assert.equal(done.headers.get("docker-content-digest"), digest);
    assert.deepEqual((await h.send("GET", done.headers.get("location")!)).bytes, TEN);
    await h.refused(404, "BLOB_UPLOAD_UNKNOWN", "GET", location);
  },
);

forEachStorage("spec.md#pushing-blobs: a wrong, malformed, unknown or missing digest is 400", async (h) => {
  for (
    const [query, code] of [
      [`?digest=${digestOf(bytesOf("other"))}`, "DIGEST_INVALID"],
      ["?digest=sha256:xyz", "DIGEST_INVALID"],
      ["?digest=md5:d41d8cd98f00b204e9800998ecf8427e", "DIGEST_INVALID"],
      ["", "DIGEST_INVALID"],
    ] as const
  ) {
    const location = await h.begin("a");
    await h.refused(400, code, "PUT", location + query, { body: TEN });
  }
  await h.refused(404, "BLOB_UNKNOWN", "GET", `/v2/a/blobs/${digestOf(TEN)}`);
  for (const algorithm of ["md5", "constructor", ""]) {
    const path = `/v2/a/blobs/uploads/?digest-algorithm=${algorithm}`;
    await h.refused(400, "DIGEST_INVALID", "POST", path);
  }
});

forEachStorage(
  "spec.md#single-post: 201 with a URL to pull from; content-length and digest must be right",
  async (h) => {
    const path = `/v2/a/blobs/uploads/?digest=${digestOf(TEN)}`;
    await h.refused(400, "SIZE_INVALID", "POST", path, { headers: { "content-length": "9" }, body: TEN });
    await h.refused(400, "SIZE_INVALID", "POST", path, { headers: { "content-length": "11" }, body: TEN });
    await h.refused(400, "SIZE_INVALID", "POST", path, { headers: { "content-length": "1e1" }, body: TEN });
    await h.refused(400, "DIGEST_INVALID", "POST", path, { body: bytesOf("other") });
    const answer = await h.send("POST", path, { body: TEN });
    assert.equal(answer.status, 201);
    assert.deepEqual((await h.send("GET", answer.headers.get("location")!)).bytes, TEN);
  },
);

Deno.test("spec.md#single-post: a registry that cannot answers 202 and goes on with PUT", async () => {
  const h = new Harness(new MemoryStorage(), { features: { singlePost: false } });
  const query = `?digest=${digestOf(TEN)}`;
  const location = await h.begin("a", query);
  assert.equal((await h.send("PUT", location + query, { body: TEN })).status, 201);
});

forEachStorage(
  "spec.md#pushing-a-blob-in-chunks: 202 with Location and Range for each, and PUT closes it",
  async (h) => {
    const location = await h.begin("a");
    let answer = await chunk(h, location, 0, "0123");
    assert.deepEqual([answer.status, answer.headers.get("range")], [202, "0-3"]);
    answer = await chunk(h, answer.headers.get("location")!, 4, "456");
    assert.deepEqual([answer.status, answer.headers.get("range")], [202, "0-6"]);
    const done = await h.send("PUT", `${answer.headers.get("location")}?digest=${digestOf(TEN)}`, {
      headers: { "content-range": "7-9", "content-length": "3" },
      body: "789",
    });
    assert.equal(done.status, 201);
    assert.deepEqual((await h.send("GET", done.headers.get("location")!)).bytes, TEN);
  },
);

forEachStorage(
  "spec.md#pushing-a-blob-in-chunks: the last chunk may come by PATCH, and PUT has no body then",
  async (h) => {
    const location = await h.begin("a");
    await chunk(h, location, 0, "0123456789");
    assert.equal((await h.send("PUT", `${location}?digest=${digestOf(TEN)}`)).status, 201);
  },
);

forEachStorage(
  "spec.md#pushing-a-blob-in-chunks: out of order is 416, and GET says where to go on",
  async (h) => {
    const location = await h.begin("a");
    assert.equal((await chunk(h, location, 4, "456")).status, 416);
    assert.equal((await chunk(h, location, 0, "0123")).status, 202);
    for (const start of [0, 3, 5]) {
      const answer = await chunk(h, location, start, "4567");
      assert.deepEqual([answer.status, answer.headers.get("range")], [416, "0-3"], `from ${start}`);
      assert.equal(answer.headers.get("location"), location);
    }
    const status = await h.send("GET", location);
    assert.deepEqual([status.status, status.headers.get("range")], [204, "0-3"]);
    const last = { headers: { "content-range": "5-9", "content-length": "5" }, body: "56789" };
    const put = `${status.headers.get("location")}?digest=${digestOf(TEN)}`;
    await h.refused(416, "BLOB_UPLOAD_INVALID", "PUT", put, last);
    const right = { headers: { "content-range": "4-9", "content-length": "6" }, body: "456789" };
    assert.equal((await h.send("PUT", put, right)).status, 201);
  },
);

forEachStorage(
  "spec.md#pushing-a-blob-in-chunks: Content-Range is FIRST-LAST and agrees with the body",
  async (h) => {
    const location = await h.begin("a");
    for (const range of ["bytes 0-3/*", "0-", "-3", "3-0", "0-99999999999999999999", "x"]) {
      const headers = { "content-range": range };
      await h.refused(400, "BLOB_UPLOAD_INVALID", "PATCH", location, { headers, body: "0123" });
    }
    await h.refused(400, "SIZE_INVALID", "PATCH", location, {
      headers: { "content-range": "0-9", "content-length": "4" },
      body: "0123",
    });
    // Without a Content-Length: a body shorter or longer than its range leaves no trace.
    for (const body of ["012", "01234"]) {
      await h.refused(400, "SIZE_INVALID", "PATCH", location, { headers: { "content-range": "0-3" }, body });
    }
    assert.equal(
      (await h.send("PATCH", location, { headers: { "content-range": "0-9" }, body: TEN })).status,
      202,
    );
    assert.equal((await h.send("PUT", `${location}?digest=${digestOf(TEN)}`)).status, 201);
  },
);

forEachStorage("Docker's way: PATCH without Content-Range appends", async (h) => {
  const location = await h.begin("a");
  for (const body of ["01234", "56789"]) {
    assert.equal((await h.send("PATCH", location, { body })).status, 202);
  }
  assert.equal((await h.send("PUT", `${location}?digest=${digestOf(TEN)}`)).status, 201);
});

forEachStorage(
  "Resumable push: what came of a body that broke off is kept, and the rest completes it",
  async (h) => {
    const location = await h.begin("a");
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(TEN.slice(0, 6)),
      pull: (controller) => controller.error(new Error("the connection is gone")),
    });
    const headers = { "content-range": "0-9", "content-length": "10" };
    await h.refused(400, "BLOB_UPLOAD_INVALID", "PATCH", location, { headers, body });
    assert.equal((await h.send("GET", location)).headers.get("range"), "0-5");
    assert.equal((await chunk(h, location, 6, "6789")).status, 202);
    assert.equal((await h.send("PUT", `${location}?digest=${digestOf(TEN)}`)).status, 201);
  },
);

forEachStorage(
  "spec.md#pushing-a-blob-in-chunks: digest-algorithm, and a digest of another than was said",
  async (h) => {
    const sha512 = digestOf(TEN, "sha512");
    for (const query of ["?digest-algorithm=sha512", "", `?digest-algorithm=sha256`]) {
      const location = await h.begin("a", query);
      await chunk(h, location, 0, "01234");
      const last = { headers: { "content-range": "5-9" }, body: "56789" };
      const done = await h.send("PUT", `${location}?digest=${sha512}`, last);
      assert.equal(done.status, 201);
      assert.equal(done.headers.get("docker-content-digest"), sha512);
      assert.deepEqual((await h.send("GET", done.headers.get("location")!)).bytes, TEN);
    }
    const location = await h.begin("a", "?digest-algorithm=sha512");
    await chunk(h, location, 0, "0123456789");
    assert.equal((await h.send("PUT", `${location}?digest=${digestOf(TEN)}`)).status, 201);
  },
);

forEachStorage("spec.md: OCI-Chunk-Min-Length is told, and only the last chunk may be smaller", async (h) => {
  const begun = await h.send("POST", "/v2/a/blobs/uploads/");
  assert.equal(begun.headers.get("oci-chunk-min-length"), "4");
  const location = begun.headers.get("location")!;
  assert.equal((await chunk(h, location, 0, "0123")).status, 202);
  assert.equal((await chunk(h, location, 4, "456")).status, 202);
  assert.equal((await chunk(h, location, 7, "789")).status, 400);
  const other = await h.begin("a");
  assert.equal((await chunk(h, other, 0, "01234567")).status, 202);
  assert.equal((await chunk(h, other, 8, "89")).status, 202);
  assert.equal((await h.send("PUT", `${other}?digest=${digestOf(TEN)}`)).status, 201);
}, { chunkMinLength: 4 });

forEachStorage("spec.md#cancel-a-blob-upload: 204, and the upload is gone", async (h) => {
  const location = await h.begin("a");
  await chunk(h, location, 0, "0123");
  assert.equal((await h.send("DELETE", location)).status, 204);
  for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
    await h.refused(404, "BLOB_UPLOAD_UNKNOWN", method, `${location}?digest=${digestOf(TEN)}`);
  }
});

forEachStorage("an upload belongs to its repository, and one request at a time writes to it", async (h) => {
  const location = await h.begin("a");
  const elsewhere = location.replace("/v2/a/", "/v2/b/");
  await h.refused(404, "BLOB_UPLOAD_UNKNOWN", "GET", elsewhere);
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = writable.getWriter();
  const first = h.send("PATCH", location, { body: readable });
  await writer.write(TEN.slice(0, 5));
  await h.refused(409, "BLOB_UPLOAD_INVALID", "PATCH", location, { body: "x" });
  await h.refused(409, "BLOB_UPLOAD_INVALID", "PUT", `${location}?digest=${digestOf(TEN)}`);
  assert.equal((await h.send("GET", location)).status, 204);
  await writer.write(TEN.slice(5));
  await writer.close();
  assert.equal((await first).status, 202);
  assert.equal((await h.send("PUT", `${location}?digest=${digestOf(TEN)}`)).status, 201);
});

forEachStorage("an upload that is cancelled while it is written to ends, and leaves nothing", async (h) => {
  const location = await h.begin("a");
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = writable.getWriter();
  const first = h.send("PATCH", location, { body: readable });
  await writer.write(TEN.slice(0, 5));
  assert.equal((await h.send("DELETE", location)).status, 204);
  await writer.write(TEN.slice(5)).catch(() => {});
  await writer.close().catch(() => {});
  assert.equal((await first).status, 404);
});

forEachStorage("spec.md#mounting-a-blob-from-another-repository: 201, and the blob is there", async (h) => {
  const { digest } = await h.blob("from/here", TEN);
  for (const [to, query] of [["one", "&from=from/here"], ["two/deep", ""]]) {
    const answer = await h.send("POST", `/v2/${to}/blobs/uploads/?mount=${digest}${query}`);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("docker-content-digest"), digest);
    assert.deepEqual((await h.send("GET", answer.headers.get("location")!)).bytes, TEN);
    // Again, when it is there already.
    assert.equal((await h.send("POST", `/v2/${to}/blobs/uploads/?mount=${digest}${query}`)).status, 201);
  }
  assert.equal((await h.send("DELETE", `/v2/from/here/blobs/${digest}`)).status, 202);
  assert.deepEqual((await h.send("GET", `/v2/one/blobs/${digest}`)).bytes, TEN);
});

forEachStorage(
  "spec.md#mounting-a-blob-from-another-repository: what cannot be mounted begins an upload",
  async (h) => {
    await h.blob("from/here", TEN);
    const absent = digestOf(bytesOf("absent"));
    const cases = [
      `${absent}&from=from/here`,
      absent,
      `${digestOf(TEN)}&from=not/there`,
      `${digestOf(TEN)}&from=../x`,
    ];
    for (const query of cases) await h.begin("a", `?mount=${query}`);
    await h.refused(400, "DIGEST_INVALID", "POST", "/v2/a/blobs/uploads/?mount=x&from=from/here");
    assert.deepEqual(await h.storage.repositories(), ["from/here"]);
  },
);

Deno.test("features.mounts says what is mounted", async () => {
  for (const [mounts, named, any] of [["none", 202, 202], ["named", 201, 202], ["any", 201, 201]] as const) {
    const h = new Harness(new MemoryStorage(), { features: { mounts } });
    const { digest } = await h.blob("a", TEN);
    assert.equal((await h.send("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=a`)).status, named);
    assert.equal((await h.send("POST", `/v2/c/blobs/uploads/?mount=${digest}`)).status, any);
  }
});

forEachStorage(
  "spec.md#layer-upload-de-duplication: two uploads of one blob at one time both succeed",
  async (h) => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const digest = digestOf(bytes);
    const pushes = Array.from({ length: 8 }, async (_, i) => {
      const location = await h.begin(i % 2 === 0 ? "a" : "b");
      return (await h.send("PUT", `${location}?digest=${digest}`, { body: bytes })).status;
    });
    assert.deepEqual(await Promise.all(pushes), Array(8).fill(201));
    for (const each of ["a", "b"]) {
      assert.deepEqual(
        (await h.send("GET", `/v2/${each}/blobs/${digest}`)).bytes,
        bytes,
      );
    }
  },
);
