/** distribution-spec#pushing-manifests. */
import assert from "node:assert/strict";
import { bytesOf, CONFIG, digestOf, forEachStorage, Harness, INDEX, MANIFEST } from "./testing/harness.ts";
import { MemoryStorage } from "./memory_storage.ts";

forEachStorage(
  "spec.md#pushing-manifests: 201 with a URL to pull from and the digest, by tag and by digest",
  async (h) => {
    const bytes = await h.manifest("a");
    const digest = digestOf(bytes);
    for (const reference of ["v1", digest]) {
      const answer = await h.put("a", reference, bytes);
      assert.equal(answer.headers.get("docker-content-digest"), digest);
      assert.equal(answer.headers.has("oci-subject"), false);
      assert.deepEqual((await h.send("GET", answer.headers.get("location")!)).bytes, bytes);
    }
  },
);

forEachStorage("spec.md#pushing-manifests: by a sha512 digest it is kept under that", async (h) => {
  const bytes = await h.manifest("a");
  const digest = digestOf(bytes, "sha512");
  const answer = await h.put("a", `${digest}?tag=big`, bytes);
  assert.equal(answer.headers.get("docker-content-digest"), digest);
  assert.equal((await h.send("HEAD", "/v2/a/manifests/big")).headers.get("docker-content-digest"), digest);
  assert.deepEqual((await h.send("GET", `/v2/a/manifests/${digest}`)).bytes, bytes);
});

forEachStorage(
  "spec.md#pushing-manifests: a digest that is not the content's is refused, so is what is no reference",
  async (h) => {
    const body = await h.manifest("a");
    const headers = { "content-type": MANIFEST };
    const other = digestOf(bytesOf("other"));
    await h.refused(400, "DIGEST_INVALID", "PUT", `/v2/a/manifests/${other}`, { headers, body });
    await h.refused(400, "DIGEST_INVALID", "PUT", "/v2/a/manifests/md5:abc", { headers, body });
    for (const tag of [".x", "-x", "x".repeat(129), "a%20b", "a%2Fb"]) {
      await h.refused(400, "MANIFEST_INVALID", "PUT", `/v2/a/manifests/${tag}`, { headers, body });
    }
    await h.put("a", `_${"x".repeat(127)}`, body);
  },
);

forEachStorage(
  "spec.md#pushing-manifests: the type is the header's without parameters, or the document's own",
  async (h) => {
    const bytes = await h.manifest("a");
    const types: [string | undefined, string][] = [
      [`${MANIFEST}; charset=utf-8`, MANIFEST],
      ["application/json", MANIFEST],
      [undefined, MANIFEST],
    ];
    for (const [type, expected] of types) {
      // A body of bytes has no Content-Type of its own.
      const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
      const answer = await h.send("PUT", "/v2/a/manifests/v1", { headers, body: bytes });
      assert.equal(answer.status, 201, type);
      assert.equal((await h.send("GET", "/v2/a/manifests/v1")).headers.get("content-type"), expected);
    }
    const { mediaType: _, ...bare } = JSON.parse(new TextDecoder().decode(bytes));
    assert.equal((await h.send("PUT", "/v2/a/manifests/v2", { body: bytesOf(bare) })).status, 201);
    assert.equal((await h.send("GET", "/v2/a/manifests/v2")).headers.get("content-type"), MANIFEST);
  },
);

forEachStorage(
  "a manifest that is not what it says is refused (CVE-2021-41190), and leaves nothing",
  async (h) => {
    const good = JSON.parse(new TextDecoder().decode(await h.manifest("a")));
    const { config, layers } = good;
    const cases: [string, string, unknown][] = [
      ["its type is another", INDEX, good],
      ["its own type is another", MANIFEST, { ...good, mediaType: INDEX }],
      ["both at once", MANIFEST, { ...good, manifests: [] }],
      ["both at once", INDEX, { schemaVersion: 2, manifests: [], layers }],
      ["no schemaVersion", MANIFEST, { config, layers }],
      ["schemaVersion 1", MANIFEST, { ...good, schemaVersion: 1 }],
      ["no config", MANIFEST, { schemaVersion: 2, layers }],
      ["negative size", MANIFEST, { ...good, config: { ...config, size: -1 } }],
      ["size too large", MANIFEST, { ...good, config: { ...config, size: 2 ** 60 } }],
      ["wrong size", MANIFEST, { ...good, config: { ...config, size: config.size + 1 } }],
      ["malformed digest", MANIFEST, { ...good, layers: [{ ...layers[0], digest: "sha256:../../x" }] }],
      ["malformed subject", MANIFEST, { ...good, subject: { digest: "x" } }],
      ["annotations that are not strings", MANIFEST, { ...good, annotations: { a: 1 } }],
      ["says nothing", "application/json", { schemaVersion: 2 }],
      ["not an object", MANIFEST, []],
      ["not JSON", MANIFEST, "{"],
      ["a name twice", MANIFEST, JSON.stringify(good).replace("{", '{"layers":[],')],
      ["nested without end", MANIFEST, "[".repeat(5000)],
      ["Docker's first schema", "application/vnd.docker.distribution.manifest.v1+prettyjws", good],
      ["no media type at all", "nonsense", good],
      ["a page for browsers", "text/html", { any: "thing" }],
    ];
    for (const [name, type, value] of cases) {
      const message = await h.refused(400, "MANIFEST_INVALID", "PUT", "/v2/a/manifests/v1", {
        headers: { "content-type": type },
        body: bytesOf(value),
      });
      assert.ok(message.length > 0, name);
    }
    assert.deepEqual((await h.send("GET", "/v2/a/tags/list")).json, { name: "a", tags: [] });
  },
);

forEachStorage("other kinds of manifests are kept as they are", async (h) => {
  const type = "application/vnd.example.thing.v1+json";
  const bytes = bytesOf({ anything: [1, 2, 3] });
  await h.put("a", "v1", bytes, type);
  const answer = await h.send("GET", "/v2/a/manifests/v1");
  assert.deepEqual([answer.headers.get("content-type"), answer.bytes], [type, bytes]);
});

forEachStorage(
  "spec.md#push: what a manifest refers to must be there: MANIFEST_BLOB_UNKNOWN names it",
  async (h) => {
    const config = await h.blob("a", bytesOf("{}"), CONFIG);
    const absent = { mediaType: "application/x", digest: digestOf(bytesOf("absent")), size: 6 };
    const elsewhere = await h.blob("b", bytesOf("elsewhere"));
    for (const layer of [absent, elsewhere, { ...absent, digest: "blake3:abcd" }]) {
      const answer = await h.send("PUT", "/v2/a/manifests/v1", {
        headers: { "content-type": MANIFEST },
        body: bytesOf({ schemaVersion: 2, config, layers: [layer] }),
      });
      assert.equal(answer.status, 404);
      assert.equal(answer.json.errors[0].code, "MANIFEST_BLOB_UNKNOWN");
      assert.deepEqual(answer.json.errors[0].detail, [{ digest: layer.digest }]);
    }
    // What can be fetched from elsewhere need not be here.
    const foreign = { ...absent, urls: ["https://example.com/layer"] };
    await h.put("a", "v1", bytesOf({ schemaVersion: 2, config, layers: [foreign] }));
    await h.put("a", "v2", bytesOf({ schemaVersion: 2, config, layers: [] }));
  },
);

forEachStorage("spec.md#push: an index needs its manifests, as manifests", async (h) => {
  const manifest = await h.manifest("a");
  const child = { mediaType: MANIFEST, digest: digestOf(manifest), size: manifest.length };
  const index = bytesOf({ schemaVersion: 2, mediaType: INDEX, manifests: [child] });
  const sent = { headers: { "content-type": INDEX }, body: index };
  await h.refused(404, "MANIFEST_BLOB_UNKNOWN", "PUT", "/v2/a/manifests/all", sent);
  await h.blob("a", manifest);
  await h.refused(404, "MANIFEST_BLOB_UNKNOWN", "PUT", "/v2/a/manifests/all", sent);
  await h.put("a", child.digest, manifest);
  await h.put("a", "all", index, INDEX);
  assert.equal((await h.send("GET", "/v2/a/manifests/all")).headers.get("content-type"), INDEX);
});

forEachStorage("features.sparseIndexes: an index may lack some of its manifests", async (h) => {
  const child = { mediaType: MANIFEST, digest: digestOf(bytesOf("absent")), size: 6 };
  await h.put("a", "all", bytesOf({ schemaVersion: 2, manifests: [child] }), INDEX);
  await h.refused(404, "MANIFEST_UNKNOWN", "GET", `/v2/a/manifests/${child.digest}`);
}, { features: { sparseIndexes: true } });

forEachStorage("spec.md#pushing-manifests: tag parameters, at least 10, each told by OCI-Tag", async (h) => {
  const bytes = await h.manifest("a");
  const tags = Array.from({ length: 20 }, (_, i) => `v${i}`);
  const answer = await h.put(
    "a",
    `${digestOf(bytes)}?${tags.map((tag) => `tag=${tag}`).join("&")}&tag=v0`,
    bytes,
  );
  assert.deepEqual(answer.headers.get("oci-tag")!.split(", "), tags);
  assert.deepEqual((await h.send("GET", "/v2/a/tags/list")).json.tags, [...tags].sort());
  for (const tag of tags) assert.deepEqual((await h.send("GET", `/v2/a/manifests/${tag}`)).bytes, bytes);
  const sent = { headers: { "content-type": MANIFEST }, body: bytes };
  const many = Array.from({ length: 101 }, (_, i) => `tag=x${i}`).join("&");
  await h.refused(414, "SIZE_INVALID", "PUT", `/v2/a/manifests/${digestOf(bytes)}?${many}`, sent);
  await h.refused(400, "MANIFEST_INVALID", "PUT", `/v2/a/manifests/${digestOf(bytes)}?tag=ok&tag=.no`, sent);
  await h.refused(404, "MANIFEST_UNKNOWN", "GET", "/v2/a/manifests/ok");
  // By tag there is nothing to add: no OCI-Tag says so.
  assert.equal((await h.put("a", "v1?tag=other", bytes)).headers.has("oci-tag"), false);
});

forEachStorage("spec.md#pushing-manifests: 4 MiB are taken, more is 413", async (h) => {
  const config = await h.blob("a", bytesOf("{}"), CONFIG);
  const of = (size: number): Uint8Array<ArrayBuffer> => {
    const empty = bytesOf({ schemaVersion: 2, config, layers: [], annotations: { x: "" } }).length;
    return bytesOf({ schemaVersion: 2, config, layers: [], annotations: { x: "x".repeat(size - empty) } });
  };
  const most = 4 * 1024 ** 2;
  await h.put("a", "most", of(most));
  assert.equal((await h.send("GET", "/v2/a/manifests/most")).bytes.length, most);
  const headers = { "content-type": MANIFEST };
  await h.refused(413, "SIZE_INVALID", "PUT", "/v2/a/manifests/more", { headers, body: of(most + 1) });
  const declared = { headers: { ...headers, "content-length": String(2 ** 40) }, body: "{}" };
  await h.refused(413, "SIZE_INVALID", "PUT", "/v2/a/manifests/more", declared);
});

forEachStorage(
  "spec.md#pushing-manifests-with-subject: accepted before the subject is there, and told by OCI-Subject",
  async (h) => {
    const subject = { mediaType: MANIFEST, digest: digestOf(bytesOf("later")), size: 5 };
    const answer = await h.put("a", "signature", await h.manifest("a", { subject }));
    assert.equal(answer.headers.get("oci-subject"), subject.digest);
    const index = bytesOf({ schemaVersion: 2, mediaType: INDEX, manifests: [], subject });
    assert.equal((await h.put("a", "index", index, INDEX)).headers.get("oci-subject"), subject.digest);
  },
);

Deno.test("a registry without the referrers API does not say OCI-Subject, and answers 404", async () => {
  const h = new Harness(new MemoryStorage(), { features: { referrers: false } });
  const subject = { mediaType: MANIFEST, digest: digestOf(bytesOf("later")), size: 5 };
  const answer = await h.put("a", "signature", await h.manifest("a", { subject }));
  assert.equal(answer.headers.has("oci-subject"), false);
  await h.refused(404, "UNSUPPORTED", "GET", `/v2/a/referrers/${subject.digest}`);
});

forEachStorage("a tag moves; what it meant before stays by its digest", async (h) => {
  const first = await h.manifest("a"), second = await h.manifest("a", { annotations: { n: "2" } });
  await h.put("a", "v1", first);
  await h.put("a", "v1", first);
  await h.put("a", "v1", second);
  assert.deepEqual((await h.send("GET", "/v2/a/manifests/v1")).bytes, second);
  assert.deepEqual((await h.send("GET", `/v2/a/manifests/${digestOf(first)}`)).bytes, first);
  assert.deepEqual((await h.send("GET", "/v2/a/tags/list")).json.tags, ["v1"]);
});

forEachStorage("many pushes to one repository at one time all count", async (h) => {
  const manifests = await Promise.all(
    Array.from({ length: 20 }, (_, i) => h.manifest("a", { annotations: { n: String(i) } })),
  );
  await Promise.all(manifests.map((bytes, i) => h.put("a", `v${i}`, bytes)));
  assert.equal((await h.send("GET", "/v2/a/tags/list")).json.tags.length, 20);
  for (const [i, bytes] of manifests.entries()) {
    assert.deepEqual((await h.send("GET", `/v2/a/manifests/v${i}`)).bytes, bytes);
  }
});
