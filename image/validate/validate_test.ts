import assert from "node:assert/strict";
import { sha256 } from "../digest.ts";
import { OCI_INDEX } from "../media_types.ts";
import type { Json, MemoryTree } from "../testing/memory_layout.ts";
import { findingText, validateLayout } from "./mod.ts";
import { findings, HEX, layout, manifest, Text } from "./testing/rules.ts";

Deno.test("validateLayout() finds nothing in a good image", async () => {
  assert.deepEqual(await findings({}), []);
});

/** Rules about implementations: where they are tested, or why they are not. */
const ELSEWHERE: readonly (readonly [rule: string, place: string])[] = [
  [
    "manifest.md: MUST support the config type, and the four layer types",
    "image/layout_test.ts, image/layer/tar_test.ts",
  ],
  [
    "manifest.md: SHOULD support zstd layers",
    "image/mutate/layers_test.ts: convertCompression() keeps archives",
  ],
  [
    "manifest.md: MUST NOT error on unknown artifactType, config and layer types when copying",
    "image/mutate/image_index_test.ts: createIndex() of artifacts",
  ],
  [
    "manifest.md: the layers MUST have the base at index 0 and follow in stack order",
    "image/mutate/squash_test.ts: what is shown depends on it",
  ],
  [
    "manifest.md: the layout MUST match the result of applying the layers",
    "image/mutate/squash_test.ts: random layers",
  ],
  [
    "image-index.md: consumers SHOULD be prepared to process indexes; the first match SHOULD be used",
    "image/layout_test.ts",
  ],
  ["image-index.md: values not listed SHOULD be submitted to the specification", "a rule for people"],
  ["config.md: an unknown rootfs.type MUST be an error", "image/json_documents_test.ts"],
  ["config.md: extra fields MUST NOT be an error", "image/mutate/edit_config_test.ts keeps them"],
  ["config.md: layers SHOULD be packed reproducibly", "image/mutate/squash_test.ts: the same digest twice"],
  [
    "config.md: the first word of Cmd SHOULD be run without an Entrypoint",
    "runtime/engine/conversion_test.ts",
  ],
  ["descriptor.md: content SHOULD be verified; size first", "image/json_documents_test.ts: verified()"],
  ["descriptor.md: MUST implement sha256", "image/json_documents_test.ts"],
  [
    "descriptor.md: MUST NOT populate data where that changes identifiers",
    "image/mutate/edit_config_test.ts: the same bytes",
  ],
  ["descriptor.md: fields SHOULD first be proposed to the specification", "a rule for people"],
];

Deno.test("rules about implementations have a place of their own", () => {
  for (const [rule, place] of ELSEWHERE) {
    for (const path of place.match(/[\w/]+_test\.ts/g) ?? []) {
      assert.ok(Deno.statSync(new URL(`../../${path}`, import.meta.url)).isFile, `${rule}: ${path}`);
    }
  }
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
