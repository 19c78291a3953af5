/** distribution-spec#content-discovery. */
import assert from "node:assert/strict";
import {
  bytesOf,
  CONFIG,
  digestOf,
  forEachStorage,
  type Harness,
  INDEX,
  MANIFEST,
} from "./testing/harness.ts";

const TAGS = ["1", "10", "9", "A", "Z", "_x", "a", "b"];

async function pushTags(h: Harness): Promise<void> {
  const bytes = await h.manifest("a/b");
  for (const tag of [...TAGS].reverse()) await h.put("a/b", tag, bytes);
}

forEachStorage(
  "spec.md#listing-tags: all, in ASCIIbetical order; 404 for no repository; empty for no tags",
  async (h) => {
    await pushTags(h);
    assert.deepEqual((await h.send("GET", "/v2/a/b/tags/list")).json, { name: "a/b", tags: TAGS });
    await h.refused(404, "NAME_UNKNOWN", "GET", "/v2/none/tags/list");
    await h.refused(404, "NAME_UNKNOWN", "GET", "/v2/a/tags/list");
    const head = await h.send("HEAD", "/v2/a/b/tags/list");
    const length = String((await h.send("GET", "/v2/a/b/tags/list")).bytes.length);
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, length]);
    await h.blob("blobs/only", bytesOf("x"));
    assert.deepEqual((await h.send("GET", "/v2/blobs/only/tags/list")).json, {
      name: "blobs/only",
      tags: [],
    });
  },
);

forEachStorage("spec.md#listing-tags: n and last, and a Link that leads through all", async (h) => {
  await pushTags(h);
  const list = async (query: string): Promise<[string[], string | null]> => {
    const answer = await h.send("GET", `/v2/a/b/tags/list${query}`);
    assert.equal(answer.status, 200);
    return [answer.json.tags, answer.headers.get("link")];
  };
  assert.deepEqual(await list("?n=3"), [["1", "10", "9"], '</v2/a/b/tags/list?n=3&last=9>; rel="next"']);
  assert.deepEqual(await list("?n=8"), [TAGS, null]);
  assert.deepEqual(await list("?n=100"), [TAGS, null]);
  assert.deepEqual(await list("?n=0"), [[], null]);
  assert.deepEqual(await list("?last=Z"), [["_x", "a", "b"], null]);
  assert.deepEqual(await list("?n=2&last=Z"), [["_x", "a"], '</v2/a/b/tags/list?n=2&last=a>; rel="next"']);
  assert.deepEqual(await list("?n=2&last=not-there"), [[], null]);
  assert.deepEqual(await list("?n=2&last=B"), [["Z", "_x"], '</v2/a/b/tags/list?n=2&last=_x>; rel="next"']);
  assert.deepEqual(await list("?n=2&last=b"), [[], null]);
  for (const n of ["-1", "x", "", "1e3", "1".repeat(20)]) {
    await h.refused(400, "UNSUPPORTED", "GET", `/v2/a/b/tags/list?n=${n}`);
  }
  const seen: string[] = [];
  for (let next: string | null = "/v2/a/b/tags/list?n=3"; next !== null;) {
    const answer = await h.send("GET", next);
    seen.push(...answer.json.tags);
    next = /^<(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1] ?? null;
  }
  assert.deepEqual(seen, TAGS);
});

forEachStorage("_catalog lists repositories, nested ones and all, with pages", async (h) => {
  // Every word that is something else in a path, or in a layout on disk.
  const names = [
    "a",
    "a/b",
    "a/blobs",
    "a/blobs/sha256",
    "a/index.json",
    "a/oci-layout/x",
    "a/tags/list",
    "con/aux.x",
  ];
  for (const name of names) await h.put(name, "v1", await h.manifest(name));
  assert.deepEqual((await h.send("GET", "/v2/_catalog")).json, { repositories: names });
  for (const name of names) {
    assert.deepEqual((await h.send("GET", `/v2/${name}/tags/list`)).json.tags, ["v1"], name);
  }
  const page = await h.send("GET", "/v2/_catalog?n=2&last=a");
  assert.deepEqual(page.json.repositories, ["a/b", "a/blobs"]);
  assert.equal(page.headers.get("link"), '</v2/_catalog?n=2&last=a%2Fblobs>; rel="next"');
});

async function pushReferrers(h: Harness, subject: { digest: string }): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  const push = async (name: string, value: Uint8Array<ArrayBuffer>, type: string): Promise<void> => {
    await h.put("a", digestOf(value), value, type);
    digests[name] = digestOf(value);
  };
  const config = await h.blob("a", bytesOf("{}"), "application/vnd.example.config");
  const image = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [], subject };
  await push(
    "typed",
    bytesOf({ ...image, artifactType: "application/x.sbom", annotations: { k: "v" } }),
    MANIFEST,
  );
  await push("untyped", bytesOf(image), MANIFEST);
  await push("empty", bytesOf({ ...image, artifactType: "", annotations: { e: "" } }), MANIFEST);
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: [], subject };
  await push("index", bytesOf({ ...index, annotations: { i: "x" } }), INDEX);
  await push("typedIndex", bytesOf({ ...index, artifactType: "application/x.sbom" }), INDEX);
  return digests;
}

forEachStorage(
  "spec.md#listing-referrers: type, annotations and size of each; config's type where there is none",
  async (h) => {
    const manifest = await h.manifest("a");
    const subject = { mediaType: MANIFEST, digest: digestOf(manifest), size: manifest.length };
    const digests = await pushReferrers(h, subject);
    await h.put("a", "v1", manifest);
    // Neither about this one, nor in this repository.
    await h.put(
      "a",
      "other",
      await h.manifest("a", { subject: { ...subject, digest: digestOf(bytesOf("?")) } }),
    );
    await h.put("b", "v1", await h.manifest("b", { subject }));
    const answer = await h.send("GET", `/v2/a/referrers/${subject.digest}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), INDEX);
    assert.equal(answer.headers.has("oci-filters-applied"), false);
    assert.deepEqual([answer.json.schemaVersion, answer.json.mediaType], [2, INDEX]);
    const byName = Object.fromEntries(answer.json.manifests.map((item: { digest: string }) => {
      const [name] = Object.entries(digests).find(([, digest]) => digest === item.digest)!;
      return [name, item];
    }));
    assert.deepEqual(Object.keys(byName).sort(), Object.keys(digests).sort());
    assert.deepEqual([byName["typed"].artifactType, byName["typed"].annotations], ["application/x.sbom", {
      k: "v",
    }]);
    assert.equal(byName["untyped"].artifactType, "application/vnd.example.config");
    assert.equal(byName["empty"].artifactType, "application/vnd.example.config");
    assert.deepEqual(["artifactType" in byName["index"], byName["index"].annotations], [false, { i: "x" }]);
    assert.deepEqual([byName["typedIndex"].artifactType, byName["typedIndex"].mediaType], [
      "application/x.sbom",
      INDEX,
    ]);
    const pulled = await h.send("GET", `/v2/a/manifests/${digests["typed"]}`);
    assert.equal(byName["typed"].size, pulled.bytes.length);
  },
);

forEachStorage("spec.md#listing-referrers: the filter is applied and says so", async (h) => {
  const subject = { mediaType: MANIFEST, digest: digestOf(bytesOf("absent")), size: 6 };
  const digests = await pushReferrers(h, subject);
  const list = async (type: string): Promise<string[]> => {
    const answer = await h.send(
      "GET",
      `/v2/a/referrers/${subject.digest}?artifactType=${encodeURIComponent(type)}`,
    );
    assert.equal(answer.headers.get("oci-filters-applied"), "artifactType");
    return answer.json.manifests.map((item: { digest: string }) => item.digest);
  };
  const both = [digests["typed"]!, digests["typedIndex"]!].sort();
  assert.deepEqual(await list("application/x.sbom"), both);
  assert.deepEqual(await list("application/none"), []);
});

forEachStorage(
  "spec.md#listing-referrers: never 404: empty where there are none; 400 for what is no digest",
  async (h) => {
    const digest = digestOf(bytesOf("absent"));
    for (const repository of ["a", "none/such"]) {
      if (repository === "a") await h.put("a", "v1", await h.manifest("a"));
      const answer = await h.send("GET", `/v2/${repository}/referrers/${digest}`);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.json.manifests, []);
    }
    for (const bad of ["sha256:x", "v1", "md5:abc"]) {
      await h.refused(400, "DIGEST_INVALID", "GET", `/v2/a/referrers/${bad}`);
    }
  },
);

forEachStorage(
  "spec.md#listing-referrers: pages with Link when the list does not fit one manifest",
  async (h) => {
    const subject = { mediaType: MANIFEST, digest: digestOf(bytesOf("absent")), size: 6 };
    const config = await h.blob("a", bytesOf("{}"), CONFIG);
    const pushed: string[] = [];
    for (let i = 0; i < 12; i++) {
      // One of them is larger than a page by itself.
      const annotations = { n: String(i), filling: "x".repeat(i === 5 ? 60_000 : 900) };
      const bytes = bytesOf({
        schemaVersion: 2,
        config,
        layers: [],
        artifactType: "t/y",
        subject,
        annotations,
      });
      await h.put("a", digestOf(bytes), bytes);
      pushed.push(digestOf(bytes));
    }
    const seen: string[] = [];
    let pages = 0;
    for (
      let next: string | null = `/v2/a/referrers/${subject.digest}?artifactType=t/y`;
      next !== null;
      pages++
    ) {
      const answer = await h.send("GET", next);
      assert.equal(answer.headers.get("oci-filters-applied"), "artifactType");
      seen.push(...answer.json.manifests.map((item: { digest: string }) => item.digest));
      next = /^<(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1] ?? null;
    }
    assert.deepEqual(seen, pushed.sort());
    assert.ok(pages > 2, `${pages} pages`);
  },
  { limits: { referrersPage: 4096 } },
);
