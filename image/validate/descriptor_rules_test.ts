/** Every MUST and SHOULD of descriptor.md about what a document contains; those about implementations are in validate_test.ts. @module */
import { entry, HEX, layer, manifest, type Rule, testRules, Text } from "./testing/rules.ts";

const DESCRIPTOR_RULES: readonly Rule[] = [
  [
    "mediaType is REQUIRED",
    layer((d) => delete d.mediaType),
    /error: manifest \S+: layers\[0\]\.mediaType: it is required \(descriptor\.md/,
  ],
  [
    "mediaType MUST comply with RFC 6838",
    layer((d) => d.mediaType = `a/${"b".repeat(128)}`),
    /error: .*layers\[0\]\.mediaType: .* is not a media type/,
  ],
  ["digest is REQUIRED", layer((d) => delete d.digest), /error: .*layers\[0\]\.digest: it is required/],
  [
    "digest MUST match the grammar",
    layer((d) => d.digest = "sha256"),
    /error: .*layers\[0\]\.digest: "sha256": expected 64/,
  ],
  [
    "digest of sha256 MUST match [a-f0-9]{64}",
    layer((d) => d.digest = `sha256:${"A".repeat(64)}`),
    /error: .*layers\[0\]\.digest: .*: expected 64 of the characters/,
  ],
  [
    "digest of sha512 MUST match [a-f0-9]{128}",
    layer((d) => d.digest = `sha512:${HEX}`),
    /error: .*layers\[0\]\.digest: .*: expected 128/,
  ],
  [
    "digest of blake3 MUST match [a-f0-9]{64}",
    layer((d) => d.digest = `blake3:${HEX}0`),
    /error: .*layers\[0\]\.digest: .*: expected 64/,
  ],
  [
    "unrecognized algorithms SHOULD pass",
    layer((d) => d.digest = "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"),
    /^warning: manifest \S+: layers\[0\]\.digest: algorithm "multihash\+base58" is not registered/,
  ],
  ["size is REQUIRED", layer((d) => delete d.size), /error: .*layers\[0\]\.size: it is required/],
  ["size MUST NOT be negative", layer((d) => d.size = -1), /error: .*layers\[0\]\.size: it is negative/],
  [
    "size is an int64",
    manifest((m) => new Text(JSON.stringify(m).replace('"size":1024', '"size":9223372036854775808'))),
    /error: .*layers\[0\]\.size: 9223372036854775808 does not fit into 64 bits/,
  ],
  [
    "size SHOULD be verified: content that is longer",
    layer((d) => d.size = 1023),
    /error: layer \S+: it is longer than the 1023 bytes/,
  ],
  [
    "size SHOULD be verified: content that is shorter",
    layer((d) => d.size = 1025),
    /error: layer \S+: it is truncated: 1024 bytes of the 1025/,
  ],
  [
    "urls MUST conform to RFC 3986",
    layer((d) => d.urls = ["https://example.com/a b"]),
    /error: .*layers\[0\]\.urls\[0\]: .* is not a URI/,
  ],
  [
    "urls SHOULD use http and https",
    layer((d) => d.urls = ["ftp://example.com/"]),
    /warning: .*layers\[0\]\.urls\[0\]: its scheme/,
  ],
  [
    "annotations MUST be strings",
    layer((d) => d.annotations = { "a.b": {} }),
    /error: .*layers\[0\]\.annotations\["a\.b"\]: expected a string/,
  ],
  [
    "annotations SHOULD be in reverse domain notation",
    layer((d) => d.annotations = { key: "" }),
    /warning: .*layers\[0\]\.annotations\.key: .*reverse domain/,
  ],
  [
    "annotations: an unknown key MUST NOT be an error",
    layer((d) => d.annotations = { "com.example.x": "" }),
    null,
  ],
  [
    "annotations: reserved keys",
    layer((d) => d.annotations = { "org.opencontainers.image.x": "" }),
    /warning: .*annotations\["org\.opencontainers\.image\.x"\]: the prefix/,
  ],
  [
    "annotations: created is of RFC 3339",
    layer((d) => d.annotations = { "org.opencontainers.image.created": "x" }),
    /error: .*image\.created"\]: "x" is not a date/,
  ],
  [
    "annotations: ref.name SHOULD be on index.json only",
    layer((d) => d.annotations = { "org.opencontainers.image.ref.name": "x" }),
    /warning: .*ref\.name"\]: it is valid on descriptors of index\.json only/,
  ],
  [
    "annotations: base.name SHOULD come with base.digest",
    manifest((m) => m.annotations = { "org.opencontainers.image.base.name": "x" }),
    /warning: .*base\.name"\]: there should be .*base\.digest too/,
  ],
  ["data MUST be Base 64", layer((d) => d.data = "e30"), /error: .*layers\[0\]\.data: not base64/],
  [
    "data MUST be the content: size",
    layer((d) => d.data = "e30="),
    /error: .*layers\[0\]\.data: 2 bytes, not the 1024 stated/,
  ],
  [
    "data MUST be the content: digest",
    layer((d) => d.data = btoa("x".repeat(1024))),
    /error: .*layers\[0\]\.data: its content has digest sha256:/,
  ],
  [
    "artifactType MUST comply with RFC 6838",
    layer((d) => d.artifactType = "x"),
    /error: .*layers\[0\]\.artifactType: "x" is not/,
  ],
  [
    "a descriptor and what it refers to agree in type",
    entry((d) => d.mediaType = "application/vnd.docker.distribution.manifest.v2+json"),
    /error: manifest \S+: mediaType: .*, but its descriptor says .*docker/,
  ],
];

testRules("descriptor.md", DESCRIPTOR_RULES);
