/** distribution-spec#content-management, error codes, and what a hostile client may not do. */
import assert from "node:assert/strict";
import { bytesOf, digestOf, forEachStorage, Harness, MANIFEST } from "./testing/harness.ts";
import { MemoryStorage } from "./memory_storage.ts";

forEachStorage("spec.md#deleting-tags: 202, then 404; the manifest and other tags stay", async (h) => {
  const bytes = await h.manifest("a");
  const digest = digestOf(bytes);
  await h.put("a", `${digest}?tag=one&tag=two`, bytes);
  for (const tag of ["one", "two"]) {
    assert.equal((await h.send("DELETE", `/v2/a/manifests/${tag}`)).status, 202);
    await h.refused(404, "MANIFEST_UNKNOWN", "GET", `/v2/a/manifests/${tag}`);
    await h.refused(404, "MANIFEST_UNKNOWN", "DELETE", `/v2/a/manifests/${tag}`);
    assert.deepEqual((await h.send("GET", `/v2/a/manifests/${digest}`)).bytes, bytes);
  }
  assert.deepEqual((await h.send("GET", "/v2/a/tags/list")).json.tags, []);
});

forEachStorage(
  "spec.md#deleting-manifests: 202, then 404 by digest and by every tag; 404 without the repository",
  async (h) => {
    const bytes = await h.manifest("a");
    const digest = digestOf(bytes);
    await h.put("a", `${digest}?tag=one&tag=two`, bytes);
    await h.put("a", "other", await h.manifest("a", { annotations: { x: "y" } }));
    assert.equal((await h.send("DELETE", `/v2/a/manifests/${digest}`)).status, 202);
    for (const reference of [digest, "one", "two"]) {
      await h.refused(404, "MANIFEST_UNKNOWN", "GET", `/v2/a/manifests/${reference}`);
    }
    await h.refused(404, "BLOB_UNKNOWN", "GET", `/v2/a/blobs/${digest}`);
    await h.refused(404, "MANIFEST_UNKNOWN", "DELETE", `/v2/a/manifests/${digest}`);
    await h.refused(404, "NAME_UNKNOWN", "DELETE", `/v2/none/manifests/${digest}`);
    await h.refused(400, "DIGEST_INVALID", "DELETE", "/v2/a/manifests/sha256:x");
    assert.deepEqual((await h.send("GET", "/v2/a/tags/list")).json.tags, ["other"]);
  },
);

forEachStorage("a deleted referrer is no longer listed", async (h) => {
  const subject = { mediaType: MANIFEST, digest: digestOf(bytesOf("absent")), size: 6 };
  const bytes = await h.manifest("a", { subject });
  await h.put("a", "s", bytes);
  assert.equal((await h.send("GET", `/v2/a/referrers/${subject.digest}`)).json.manifests.length, 1);
  await h.send("DELETE", `/v2/a/manifests/${digestOf(bytes)}`);
  assert.equal((await h.send("GET", `/v2/a/referrers/${subject.digest}`)).json.manifests.length, 0);
});

forEachStorage("spec.md#deleting-blobs: 202, then 404; a manifest is no blob to delete", async (h) => {
  const manifest = await h.manifest("a");
  await h.put("a", "v1", manifest);
  const { digest } = await h.blob("a", bytesOf("x"));
  assert.equal((await h.send("DELETE", `/v2/a/blobs/${digest}`)).status, 202);
  await h.refused(404, "BLOB_UNKNOWN", "GET", `/v2/a/blobs/${digest}`);
  await h.refused(404, "BLOB_UNKNOWN", "DELETE", `/v2/a/blobs/${digest}`);
  await h.refused(404, "BLOB_UNKNOWN", "DELETE", `/v2/none/blobs/${digest}`);
  await h.refused(405, "UNSUPPORTED", "DELETE", `/v2/a/blobs/${digestOf(manifest)}`);
  assert.equal((await h.send("GET", "/v2/a/manifests/v1")).status, 200);
});

forEachStorage(
  "spec.md#content-management: 405 for every DELETE where deletion is disabled, but not of uploads",
  async (h) => {
    const manifest = await h.manifest("a");
    await h.put("a", "v1", manifest);
    for (
      const path of ["manifests/v1", `manifests/${digestOf(manifest)}`, `blobs/${digestOf(bytesOf("{}"))}`]
    ) {
      const answer = await h.send("DELETE", `/v2/a/${path}`);
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.get("allow")!.includes("DELETE"), false);
    }
    assert.equal((await h.send("DELETE", await h.begin("a"))).status, 204);
  },
  { features: { deletes: false } },
);

Deno.test("a read-only registry refuses every change with 405", async () => {
  const storage = new MemoryStorage();
  const writer = new Harness(storage);
  const manifest = await writer.manifest("a");
  await writer.put("a", "v1", manifest);
  const location = await writer.begin("a");
  const h = new Harness(storage, { readOnly: true });
  for (
    const [method, path] of [
      ["PUT", "/v2/a/manifests/v2"],
      ["DELETE", "/v2/a/manifests/v1"],
      ["POST", "/v2/a/blobs/uploads/"],
      ["DELETE", `/v2/a/blobs/${digestOf(bytesOf("{}"))}`],
      ["PATCH", location],
      ["PUT", location],
      ["GET", location],
    ] as const
  ) await h.refused(405, "UNSUPPORTED", method, path);
  assert.equal((await h.send("GET", "/v2/a/manifests/v1")).status, 200);
});

Deno.test("names: traversal and every other break of the grammar is refused", async () => {
  const h = new Harness(new MemoryStorage());
  for (
    const name of [
      "a/..%2f..%2fb",
      "..%2fx",
      "%2e%2e%2fx",
      "a//b",
      "/a",
      "a/",
      "A",
      "a_",
      "_uploads",
      "a..b",
      "a___b",
      "a/.b",
      "a%00b",
      "a%5cb",
      "é",
      "a".repeat(256),
      `${"a/".repeat(128)}a`,
    ]
  ) {
    await h.refused(404, "NAME_INVALID", "GET", `/v2/${name}/tags/list`);
    await h.refused(400, "NAME_INVALID", "POST", `/v2/${name}/blobs/uploads/`);
  }
  await h.refused(400, "NAME_INVALID", "GET", "/v2/%zz/tags/list");
  for (const name of ["a", "a.b", "a__b", "a-----b", "0/1/2", "a".repeat(255)]) await h.begin(name);
  // "/v2/x/../../y" is another path, as every URL parser has it.
  assert.equal((await h.send("GET", "/v2/x/../../y")).status, 404);
});

Deno.test("limits: open uploads are counted, 429 with Retry-After beyond, and they expire", async () => {
  let now = 0;
  const limits = { uploads: 3, uploadExpiryMs: 1000 };
  const h = new Harness(new MemoryStorage(), { limits, now: () => now });
  const first = await h.begin("a");
  await Promise.all([h.begin("a"), h.begin("b")]);
  const answer = await h.send("POST", "/v2/a/blobs/uploads/");
  assert.deepEqual([answer.status, answer.headers.get("retry-after")], [429, "10"]);
  assert.equal(answer.json.errors[0].code, "TOOMANYREQUESTS");
  now = 900;
  assert.equal((await h.send("GET", first)).status, 204);
  now = 1500;
  // The two others were last heard of at 0.
  await Promise.all([h.begin("a"), h.begin("a")]);
  assert.equal((await h.send("POST", "/v2/a/blobs/uploads/")).status, 429);
  assert.equal((await h.send("GET", first)).status, 204);
  now = 10_000;
  await h.refused(404, "BLOB_UPLOAD_UNKNOWN", "GET", first);
});

forEachStorage(
  "limits: a blob larger than allowed is 413, whatever is declared, and memory is given back",
  async (h) => {
    const body = new Uint8Array(101);
    const path = `/v2/a/blobs/uploads/?digest=${digestOf(body)}`;
    await h.refused(413, "SIZE_INVALID", "POST", path, { body });
    const declared = { headers: { "content-length": "101" }, body };
    await h.refused(413, "SIZE_INVALID", "POST", path, declared);
    const location = await h.begin("a");
    assert.equal((await h.send("PATCH", location, { body: body.slice(0, 60) })).status, 202);
    await h.refused(413, "SIZE_INVALID", "PATCH", location, { body: body.slice(0, 60) });
    assert.equal((await h.send("GET", location)).headers.get("range"), "0-59");
    assert.equal((await h.send("PATCH", location, { body: body.slice(0, 40) })).status, 202);
  },
  { limits: { blob: 100 } },
);

Deno.test("limits: an endless body is read no further than the limit", async () => {
  const h = new Harness(new MemoryStorage(), { limits: { blob: 1_000_000, manifest: 1_000_000 } });
  for (
    const [method, path] of [
      ["PATCH", await h.begin("a")],
      ["PUT", "/v2/a/manifests/v1"],
    ] as const
  ) {
    let sent = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        sent += 65536;
        controller.enqueue(new Uint8Array(65536));
      },
    });
    await h.refused(413, "SIZE_INVALID", method, path, { body });
    assert.ok(sent < 1_500_000, `${sent} bytes`);
  }
});

Deno.test("limits: a body that says nothing more is given up with 408", async () => {
  const h = new Harness(new MemoryStorage(), { limits: { bodyIdleMs: 10 } });
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(bytesOf("abc")),
  });
  const location = await h.begin("a");
  await h.refused(408, "BLOB_UPLOAD_INVALID", "PATCH", location, { body });
  assert.equal((await h.send("GET", location)).headers.get("range"), "0-2");
});

Deno.test("limits: long URLs are 414, many header fields 431", async () => {
  const h = new Harness(new MemoryStorage());
  await h.refused(414, "SIZE_INVALID", "GET", `/v2/?${"x".repeat(9000)}`);
  await h.refused(431, "SIZE_INVALID", "GET", "/v2/", { headers: { "x-long": "x".repeat(40_000) } });
});

Deno.test("MemoryStorage keeps no more than its limit: 507, and deletes make room", async () => {
  const h = new Harness(new MemoryStorage({ limit: 10_000 }));
  const { digest } = await h.blob("a", new Uint8Array(6000));
  const other = new Uint8Array(6000).fill(1);
  const path = `/v2/a/blobs/uploads/?digest=${digestOf(other)}`;
  for (let i = 0; i < 3; i++) {
    assert.equal((await h.send("POST", path, { body: other })).status, 507);
    assert.equal((await h.send("POST", `/v2/b/blobs/uploads/?mount=${digest}`)).status, 507);
  }
  // What was refused has been given back.
  const { digest: second } = await h.blob("a", new Uint8Array(1900).fill(2));
  await h.send("DELETE", `/v2/a/blobs/${digest}`);
  await h.send("DELETE", `/v2/a/blobs/${second}`);
  assert.equal((await h.send("POST", path, { body: other })).status, 201);
});

Deno.test("MemoryStorage: many tags, names and small chunks count as what they cost", async () => {
  const h = new Harness(new MemoryStorage({ limit: 100_000 }));
  const bytes = bytesOf("{}");
  const statuses: number[] = [];
  const push = async (repository: string, tag: string): Promise<void> => {
    const headers = { "content-type": "application/x" };
    statuses.push(
      (await h.send("PUT", `/v2/${repository}/manifests/${tag}`, { headers, body: bytes })).status,
    );
  };
  for (let i = 0; i < 100; i++) await push("a", `t${i}`);
  for (let i = 0; i < 100; i++) await push(`r${i}`, "t");
  assert.ok(statuses.indexOf(507) > 100, `${statuses.indexOf(507)}`);
  for (let i = 0; i < 100; i++) await h.send("DELETE", `/v2/a/manifests/t${i}`);
  const body = ReadableStream.from(Array.from({ length: 3000 }, () => new Uint8Array(1)));
  const location = await h.begin("small");
  const digest = digestOf(new Uint8Array(3000));
  assert.equal((await h.send("PUT", `${location}?digest=${digest}`, { body })).status, 201);
  assert.equal((await h.send("GET", `/v2/small/blobs/${digest}`)).bytes.length, 3000);
});

Deno.test("no request whatever is answered with 500", async () => {
  const storage = new MemoryStorage();
  const h = new Harness(storage);
  const manifest = await h.manifest("a");
  await h.put("a", "v1", manifest);
  let seed = 1;
  const pick = <T>(list: readonly T[]): T => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return list[(seed >>> 8) % list.length]!;
  };
  const digest = digestOf(manifest);
  const parts = [
    "a",
    "b",
    "blobs",
    "manifests",
    "uploads",
    "tags",
    "list",
    "referrers",
    "_catalog",
    "",
    ".",
    "%2e%2e",
  ];
  const ends = ["v1", digest, "sha256:x", "sha512:", "%00", "%ff", "\u00e9", "x".repeat(300), "list", ""];
  const keys = [
    "digest",
    "mount",
    "from",
    "n",
    "last",
    "tag",
    "artifactType",
    "digest-algorithm",
    "toString",
  ];
  const values = [
    "",
    "0",
    "-1",
    "9".repeat(30),
    digest,
    digestOf(bytesOf("{}")),
    "sha256:..",
    "a",
    "../a",
    "\u0000",
    "constructor",
    "sha384",
  ];
  const fields = [
    "content-type",
    "content-length",
    "content-range",
    "range",
    "if-range",
    "if-none-match",
    "authorization",
  ];
  const texts = [
    "",
    "x",
    "0-1",
    "5-9",
    "bytes=0-1",
    "bytes=9999-",
    "bytes=-",
    "*",
    "9".repeat(25),
    "application/json",
    "application/",
    ";",
    '""',
  ];
  const bodies = [
    undefined,
    "",
    "{}",
    "[]",
    "null",
    '{"mediaType":1}',
    '{"mediaType":"application/x"}',
    '{"schemaVersion":2,"manifests":null}',
    "\u0000",
  ];
  const statuses = new Set<number>();
  let location = await h.begin("a");
  for (let i = 0; i < 10_000; i++) {
    const method = pick(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
    const middle = Array.from({ length: pick([0, 1, 1, 2, 3]) }, () => pick(parts)).join("/");
    const path = pick([
      location,
      "/v2/a/manifests/v1",
      `/v2/a/blobs/${digest}`,
      "/v2/a/blobs/uploads/",
      `/v2/${middle}/${pick(ends)}`,
      `/v2/a/${pick(parts)}/${pick(ends)}`,
    ]);
    const query = new URLSearchParams(
      Array.from({ length: pick([0, 1, 2]) }, () => [pick(keys), pick(values)]),
    );
    const headers = Object.fromEntries(
      Array.from({ length: pick([0, 1, 2]) }, () => [pick(fields), pick(texts)]),
    );
    const body = method === "GET" || method === "HEAD" ? undefined : pick(bodies);
    const answer = await h.send(method, `${path}?${query}`, {
      headers,
      ...(body === undefined ? {} : { body }),
    });
    statuses.add(answer.status);
    if (answer.status === 202) location = answer.headers.get("location") ?? location;
  }
  assert.deepEqual(h.errors, []);
  const expected = [200, 201, 202, 204, 400, 404, 405];
  assert.deepEqual(expected.filter((status) => !statuses.has(status)), [], `of ${[...statuses]}`);
});

Deno.test("an upload whose storage fails to take bytes back is over: it could no longer be trusted", async () => {
  const storage = new MemoryStorage();
  const begin = storage.upload.bind(storage);
  storage.upload = async () => {
    const upload = await begin();
    upload.truncate = () => Promise.reject(new Error("the disk is broken"));
    return upload;
  };
  const h = new Harness(storage);
  const location = await h.begin("a");
  assert.equal((await h.send("PATCH", location, { body: "01234" })).status, 202);
  const headers = { "content-range": "5-9" };
  assert.equal((await h.send("PATCH", location, { headers, body: "567" })).status, 500);
  assert.match(String(h.errors), /the disk is broken/);
  await h.refused(404, "BLOB_UPLOAD_UNKNOWN", "GET", location);
});

Deno.test("spec.md#error-codes: the form of errors; a fault of the storage is 500 without its text", async () => {
  const storage = new MemoryStorage();
  storage.view = () => Promise.reject(new Error("/secret/path"));
  const h = new Harness(storage);
  const answer = await h.send("GET", "/v2/a/tags/list");
  assert.deepEqual([answer.status, answer.bytes.length], [500, 0]);
  assert.match(String(h.errors[0]), /secret/);
  const refused = await h.send("GET", `/v2/a/blobs/sha256:x`);
  const [error, ...others] = refused.json.errors;
  assert.deepEqual([Object.keys(refused.json), others], [["errors"], []]);
  assert.match(error.code, /^[A-Z_]+$/);
  assert.match(error.message, /malformed digest "sha256:x"/);
});
