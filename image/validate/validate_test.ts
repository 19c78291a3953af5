import assert from "node:assert/strict";
import { sha256 } from "../digest.ts";
import { OCI_INDEX } from "../media_types.ts";
import type { Json, MemoryTree } from "../testing/memory_layout.ts";
import { findingText, validateLayout } from "./mod.ts";
import { findings, HEX, layout, manifest, Text } from "./testing/rules.ts";

Deno.test("validateLayout() finds nothing in a good image", async () => {
  assert.deepEqual(await findings({}), []);
});

Deno.test("validateLayout() tells everything that is wrong, each with blob and path", async () => {
  const all = await findings({
    config: (c) => Object.assign(c, { os: 1, created: "x", rootfs: { type: "y", diff_ids: ["z"] } }),
    manifest: (m) => Object.assign(m, { schemaVersion: 3, annotations: { "a.b": 1 } }),
    entry: (d) => d.platform.architecture = "arm64",
  });
  assert.equal(all.filter((each) => each.startsWith("error")).length, 7, all.join("\n"));
  assert.ok(
    all.every((each) =>
      /^(error|warning): (config|manifest|index|layer) sha256:\w{64}: [\w.[\]"]+: .* \(\w[\w-]+\.md#[\w-]+\)$/
        .test(each)
    ),
    all.join("\n"),
  );
});

Deno.test("validateLayout() names duplicate names at every depth", async () => {
  const all = await findings(
    manifest((m) =>
      new Text(
        JSON.stringify(m).replace('"size":1024', '"size":1024,"size":1024')
          .replace('"layers"', '"layers":[],"layers"'),
      )
    ),
  );
  assert.deepEqual(all.filter((each) => /twice/.test(each)).map((each) => each.replace(/sha256:\w+/, "D")), [
    "error: manifest D: layers: the name occurs twice in one object (considerations.md#json)",
    "error: manifest D: layers[0].size: the name occurs twice in one object (considerations.md#json)",
  ]);
});

Deno.test("validateLayout() checks the layout itself (image-layout.md)", async () => {
  const cases: [change: (tree: MemoryTree) => unknown, found: RegExp][] = [
    [(tree) => tree.files.delete("oci-layout"), /error: oci-layout: it is missing/],
    [(tree) => tree.put("oci-layout", "[]"), /error: oci-layout: expected an object/],
    [(tree) => tree.put("oci-layout", {}), /error: oci-layout: imageLayoutVersion: it is required/],
    [
      (tree) => tree.put("oci-layout", { imageLayoutVersion: "2" }),
      /error: oci-layout: imageLayoutVersion: "2", not "1\.0\.0"/,
    ],
    [(tree) => tree.files.delete("index.json"), /error: index\.json: it is missing/],
    [(tree) => tree.put("index.json", "{"), /error: index\.json: not valid JSON/],
    [
      (tree) => tree.put("blobs/sha256/abc", "x"),
      /error: blobs\/sha256\/abc: its name is not that of a digest/,
    ],
    [
      (tree) => tree.put(`blobs/sha256/${HEX}`, "x"),
      /error: blobs\/sha256\/0+: its content has digest sha256:/,
    ],
    [(tree) => {
      for (const path of [...tree.files.keys()]) if (path.startsWith("blobs")) tree.files.delete(path);
    }, /error: blobs: the directory is missing/],
  ];
  for (const [change, found] of cases) {
    const tree = layout({});
    change(tree);
    const { findings } = await validateLayout(tree, { paths: tree.paths() });
    const all = findings.map(findingText);
    assert.ok(all.some((each) => found.test(each)), `${found}: ${all.join("\n")}`);
  }
  const extra = layout({});
  extra.put("unknown.txt", "x"); // unknown files are no error
  extra.put(`blobs/sha256/${sha256(new Uint8Array(0)).slice(7)}`, new Uint8Array(0));
  assert.deepEqual((await validateLayout(extra, { paths: extra.paths() })).findings, []);
});

Deno.test("validateLayout() finds every blob that is missing, swapped or cut off", async () => {
  const good = layout({});
  for (const [path, bytes] of [...good.files].filter(([path]) => path.startsWith("blobs"))) {
    for (
      const damaged of [
        undefined,
        bytes.subarray(1),
        Uint8Array.of(...bytes, 0),
        bytes.map((b, i) => i === 9 ? b ^ 1 : b),
      ]
    ) {
      const tree = layout({});
      if (damaged === undefined) tree.files.delete(path);
      else tree.files.set(path, damaged);
      const { findings } = await validateLayout(tree);
      const hex = path.split("/")[2]!;
      assert.ok(findings.some((each) => each.blob.includes(hex)), `${path}: ${findings.map(findingText)}`);
    }
  }
});

Deno.test("validateLayout() gives up on indexes 600 deep, and says so", async () => {
  const tree = layout({});
  let descriptor: Json = tree.blob(OCI_INDEX, { schemaVersion: 2, manifests: [] });
  for (let i = 0; i < 600; i++) {
    descriptor = tree.blob(OCI_INDEX, { schemaVersion: 2, manifests: [descriptor] });
  }
  tree.put("index.json", { schemaVersion: 2, manifests: [descriptor] });
  const { findings } = await validateLayout(tree);
  assert.ok(findings.some((each) => /nested more than 8 deep/.test(each.message)));
});

Deno.test("validateLayout() of one name looks at its images only", async () => {
  const tree = layout({ manifest: (m) => m.schemaVersion = 1 });
  const index = JSON.parse(new TextDecoder().decode(tree.files.get("index.json")));
  index.manifests[0].annotations = { "org.opencontainers.image.ref.name": "bad" };
  const empty = tree.blob(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
  index.manifests.push({ ...empty, annotations: { "org.opencontainers.image.ref.name": "good" } });
  tree.put("index.json", index);
  assert.equal((await validateLayout(tree)).valid, false);
  assert.deepEqual((await validateLayout(tree, { imageName: "good" })).findings, []);
  assert.match(
    findingText((await validateLayout(tree, { imageName: "x" })).findings[0]!),
    /no image is called "x"/,
  );
});
