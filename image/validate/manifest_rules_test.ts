/** Every MUST and SHOULD of manifest.md about what a document contains; those about implementations are in validate_test.ts. @module */
import { OCI_INDEX, OCI_MANIFEST } from "../media_types.ts";
import { EMPTY, HEX, layer, manifest, type Rule, testRules } from "./testing/rules.ts";

const MANIFEST_RULES: readonly Rule[] = [
  [
    "schemaVersion is REQUIRED",
    manifest((m) => delete m.schemaVersion),
    /^error: manifest \S+: schemaVersion: it is required \(manifest\.md/,
  ],
  [
    "schemaVersion MUST be 2",
    manifest((m) => m.schemaVersion = 1),
    /error: manifest \S+: schemaVersion: 1, not 2/,
  ],
  [
    "mediaType SHOULD be used",
    manifest((m) => delete m.mediaType),
    /warning: manifest \S+: mediaType should be used/,
  ],
  [
    "mediaType MUST be the manifest's type",
    manifest((m) => m.mediaType = OCI_INDEX),
    /error: .*: mediaType: ".*index.*", not /,
  ],
  [
    "artifactType MUST be set when config.mediaType is the empty value",
    manifest((m) => m.config = EMPTY),
    /error: .*: artifactType: it must be set/,
  ],
  [
    "artifactType MUST comply with RFC 6838",
    manifest((m) => m.artifactType = "x"),
    /error: .*: artifactType: "x" is not a media type/,
  ],
  [
    "an unknown artifactType MUST NOT be an error",
    manifest((m) => m.artifactType = "application/vnd.example+type"),
    null,
  ],
  ["config is REQUIRED", manifest((m) => delete m.config), /error: .*: config: it is required/],
  [
    "config's content of an unknown type MUST NOT be parsed",
    manifest((m) => m.config.mediaType = "application/x-unknown"),
    null,
  ],
  [
    "config.mediaType MUST comply with RFC 6838",
    manifest((m) => m.config.mediaType = "unknown"),
    /error: .*: config\.mediaType: "unknown" is not a media type/,
  ],
  [
    "layers is an array",
    manifest((m) => m.layers = {}),
    /error: .*: layers: expected an array, found an object/,
  ],
  [
    "each item of layers MUST be a descriptor",
    manifest((m) => m.layers[0] = "x"),
    /error: .*: layers\[0\]: expected an object, found a string/,
  ],
  ["layers SHOULD have at least one entry", {
    manifest: (m) => m.layers = [],
    config: (c) => c.rootfs.diff_ids = [],
  }, /warning: .*: layers: there should be at least one layer/],
  [
    "an unknown layer type MUST NOT be an error",
    layer((d) => d.mediaType = "application/x-unknown"),
    /^warning: [^]*: layers\[0\]\.mediaType: .* is not a layer's type/,
  ],
  [
    "layers' mediaType MUST comply with RFC 6838",
    layer((d) => d.mediaType = "x"),
    /error: .*: layers\[0\]\.mediaType: "x" is not a media type/,
  ],
  [
    "subject is a descriptor",
    manifest((m) => m.subject = {}),
    /error: .*: subject\.mediaType: it is required/,
  ],
  [
    "subject may be a manifest that is nowhere",
    manifest((m) => m.subject = { mediaType: OCI_MANIFEST, digest: `sha256:${HEX}`, size: 3 }),
    null,
  ],
  [
    "annotations MUST use the annotation rules",
    manifest((m) => m.annotations = { "a.b": 1 }),
    /error: .*: annotations\["a\.b"\]: expected a string, found a number \(annotations\.md/,
  ],
  [
    "annotations MUST be absent or an empty map, not null",
    manifest((m) => m.annotations = null),
    /error: manifest \S+: annotations: it is null: it should be absent/,
  ],
  [
    "the empty descriptor is {}",
    manifest((m) => {
      m.config.mediaType = EMPTY.mediaType;
      m.artifactType = "application/x";
    }),
    /warning: .*: config: application\/vnd\.oci\.empty\.v1\+json is not \{\}/,
  ],
  [
    "an artifact's config.mediaType MUST be specific or the empty value",
    manifest((m) => {
      m.config = { ...EMPTY, data: "e30=" };
      m.artifactType = "application/vnd.example+type";
    }),
    null,
  ],
  [
    "a manifest that is also an index (CVE-2021-41190)",
    manifest((m) => m.manifests = []),
    /error: .*: manifests: a manifest has none/,
  ],
];

testRules("manifest.md", MANIFEST_RULES);
