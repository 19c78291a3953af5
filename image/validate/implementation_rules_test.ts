/**
 * Every MUST and SHOULD of the image specification about implementations: which test keeps it. What documents must contain is in
 * *_rules_test.ts beside this one; conversion.md is in runtime/engine/conversion_rules_test.ts.
 */
import assert from "node:assert/strict";

const EXTRACT = "image/store/tree/layer_extractor_test.ts", UPPER = "image/layer/diff_upper_test.ts";
const COMPRESS = "image/layer/compressor_test.ts", REPACK = "image/store/repack_test.ts";
const SQUASH = "image/mutate/squash_test.ts", COPY = "tests/copy_test.ts", LAYOUT = "image/layout_test.ts";
const DOCUMENTS = "image/json_documents_test.ts", EDIT = "image/mutate/edit_config_test.ts";
const FOR_PEOPLE = "a rule for people";
const NOT_KEPT =
  "not kept: layers of Windows are copied, listed and validated, their attributes are not given to files";

type Kept =
  | readonly [rule: string, file: string, test: string]
  | readonly [rule: string, why: typeof FOR_PEOPLE | typeof NOT_KEPT];

const RULES: readonly Kept[] = [
  ["layer.md: changesets MUST be tar archives", "image/layer/tar_test.ts", "what the writer writes"],
  ["layer.md: MUST NOT include duplicate entries", COMPRESS, "tarStream() refuses a name that comes twice"],
  ["layer.md: MUST include file attributes", EXTRACT, "layer.md#file-attributes: owner, mode, times"],
  ["layer.md: attributes of changes", REPACK, "layer.md#determining-changes: added, modified and deleted"],
  [
    "layer.md: sparse files SHOULD NOT be used, but are read",
    EXTRACT,
    "LayerExtractor keeps sparse files sparse",
  ],
  ["layer.md: implementations on Windows MUST support its attributes", NOT_KEPT],
  ["layer.md: changes MUST NOT affect what a snapshot was copied from", FOR_PEOPLE],
  ["layer.md: a resource MUST be removed", EXTRACT, "layer.md#whiteouts: a whiteout removes a file"],
  [
    "layer.md: a directory's attributes MUST be replaced",
    EXTRACT,
    "layer.md#changeset-over-existing-files: a directory's attributes replace those it had",
  ],
  [
    "layer.md: in all other cases what is there MUST be unlinked",
    EXTRACT,
    "layer.md#changeset-over-existing-files: anything but a directory on a directory replaces what is there",
  ],
  [
    "layer.md: a .wh. file without a name SHOULD be an error",
    EXTRACT,
    "layer.md#whiteouts: a whiteout without a name is an error",
  ],
  ["layer.md: the whiteout itself MUST be hidden", EXTRACT, "layer.md#whiteouts: a whiteout removes a file"],
  [
    "layer.md: whiteouts MUST only apply to lower layers",
    EXTRACT,
    "layer.md#whiteouts: a whiteout speaks of lower layers only, whatever the order of entries",
  ],
  [
    "layer.md: whiteouts SHOULD appear before siblings",
    UPPER,
    "layer.md#whiteouts: whiteouts come before their siblings",
  ],
  [
    "layer.md: explicit whiteouts SHOULD be generated",
    UPPER,
    "layer.md#opaque-whiteout: a directory made anew becomes explicit whiteouts",
  ],
  [
    "layer.md: opaque whiteouts MUST be accepted",
    EXTRACT,
    "layer.md#opaque-whiteout: it hides what lower layers have",
  ],
  [
    "layer.md: non-distributable layers SHOULD NOT be uploaded, and SHOULD be downloaded; urls do not make one",
    COPY,
    "layer.md#non-distributable-layers: they SHOULD NOT be uploaded",
  ],
  [
    "layer.md: new non-distributable layers SHOULD NOT be produced",
    COMPRESS,
    "layer.md#gzip-media-types, #zstd-media-types: the media type says the compression",
  ],
  [
    "manifest.md: MUST support the config type and the layer types",
    LAYOUT,
    "loadImage() reads manifest, configuration",
  ],
  [
    "manifest.md: SHOULD support zstd layers",
    "image/mutate/layers_test.ts",
    "convertCompression() keeps archives and diff_ids, among gzip, zstd and none",
  ],
  [
    "manifest.md: MUST NOT error on unknown artifactType, config and layer types when storing or copying",
    COPY,
    "copyImage() carries artifacts and media types that nobody knows",
  ],
  [
    "manifest.md: the base layer MUST be at index 0, others in stack order",
    SQUASH,
    "squash() of random layers shows",
  ],
  [
    "manifest.md: the layout MUST match the result of applying",
    "tests/layer_stacks_test.ts",
    "the overlay of random layers",
  ],
  [
    "manifest.md: forms of artifacts",
    "image/mutate/image_index_test.ts",
    "buildArtifact() makes the three forms of manifest.md#guidelines-for-artifact-usage",
  ],
  [
    "image-index.md: consumers SHOULD be prepared to process indexes",
    LAYOUT,
    "loadImage() goes through nested indexes",
  ],
  [
    "image-index.md: the first match SHOULD be used",
    "image/validate/index_rules_test.ts",
    "the first of several that match",
  ],
  [
    "image-index.md: GOARCH, GOOS and variants SHOULD be understood",
    "image/platform_test.ts",
    "acceptable() goes from a processor to the older ones",
  ],
  [
    "image-index.md: an unknown media type MUST NOT be an error",
    COPY,
    "media types that nobody knows (image-index.md",
  ],
  ["image-index.md: values not listed SHOULD be submitted to the specification", FOR_PEOPLE],
  ["config.md: layers SHOULD be packed reproducibly", REPACK, "the same changes give the same layer"],
  ["config.md: an unknown rootfs.type MUST be an error", DOCUMENTS, "another rootfs type"],
  ["config.md: extra fields MUST NOT be an error", EDIT, "editConfig() keeps what it does not know"],
  [
    "config.md: config SHOULD be the base of running; the first word of Cmd is run without an Entrypoint",
    "runtime/engine/conversion_test.ts",
    "Entrypoint, Cmd, and what replaces them",
  ],
  [
    "descriptor.md: content SHOULD be verified, its size first",
    DOCUMENTS,
    "verified() refuses content that is short, long",
  ],
  [
    "descriptor.md: heavy processing before a hash SHOULD be avoided",
    "image/store/bad_images_test.ts",
    "openLayers() refuses a layer that is cut off, swapped, or not what the config says",
  ],
  [
    "descriptor.md: MUST implement sha256",
    DOCUMENTS,
    "parseDigest() follows the grammar and each algorithm's own rules",
  ],
  [
    "descriptor.md: data SHOULD be verified",
    LAYOUT,
    "loadImage() reads content carried in descriptors, if it is what they say",
  ],
  [
    "descriptor.md: data MUST NOT be populated where that changes identifiers",
    EDIT,
    "gives the same bytes and digest",
  ],
  [
    "descriptor.md: a registry MUST NOT populate data",
    "image/registry/server/push_manifest_test.ts",
    "spec.md#pushing-manifests: 201 with a URL to pull from and the digest",
  ],
  ["descriptor.md: formats, fields and algorithms SHOULD first be proposed to the specification", FOR_PEOPLE],
];

Deno.test("every rule about implementations names a test that is there", () => {
  for (const [rule, file, test] of RULES) {
    if (test === undefined) continue;
    const text = Deno.readTextFileSync(new URL(`../../${file}`, import.meta.url));
    assert.ok(text.includes(test), `${rule}: ${file} has no test ${JSON.stringify(test)}`);
  }
});
