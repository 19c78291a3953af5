/** Every MUST and SHOULD of image-index.md about what a document contains; those about implementations are in validate_test.ts. @module */
import { OCI_MANIFEST } from "../media_types.ts";
import { entry, HEX, index, type Rule, testRules } from "./testing/rules.ts";

const INDEX_RULES: readonly Rule[] = [
  [
    "schemaVersion is REQUIRED",
    index((i) => delete i.schemaVersion),
    /error: index \S+: schemaVersion: it is required \(image-index\.md/,
  ],
  [
    "schemaVersion MUST be 2",
    index((i) => i.schemaVersion = 2.5),
    /error: index .*: schemaVersion: expected a whole number/,
  ],
  [
    "mediaType SHOULD be used",
    index((i) => delete i.mediaType),
    /warning: index \S+: mediaType should be used/,
  ],
  [
    "mediaType MUST be the index's type",
    index((i) => i.mediaType = OCI_MANIFEST),
    /error: index .*: mediaType: .* not application\/vnd\.oci\.image\.index/,
  ],
  [
    "artifactType MUST comply with RFC 6838",
    index((i) => i.artifactType = "-/x"),
    /error: index .*: artifactType/,
  ],
  [
    "manifests MUST be present",
    index((i) => delete i.manifests),
    /error: index .*: manifests: it is required/,
  ],
  ["manifests MAY be empty", index((i) => i.manifests = []), null],
  [
    "an unknown media type MUST NOT be an error",
    entry((d) => d.mediaType = "application/xml"),
    /^warning: index \S+: manifests\[0\]\.mediaType: "application\/xml": not every/,
  ],
  ["a nested index SHOULD be supported", index((i) => i.manifests.push({ ...i.manifests[0] })), null],
  [
    "platform SHOULD be present",
    entry((d) => delete d.platform),
    /^warning: index \S+: manifests\[0\]: .* should have a platform/,
  ],
  [
    "platform.architecture is REQUIRED",
    entry((d) => delete d.platform.architecture),
    /error: index \S+: manifests\[0\]\.platform\.architecture: it is required/,
  ],
  ["platform.architecture SHOULD be a GOARCH", {
    entry: (d) => d.platform.architecture = "x86",
    config: (c) => c.architecture = "x86",
  }, /warning: index \S+: manifests\[0\]\.platform\.architecture: "x86" is not a value of GOARCH/],
  [
    "platform.os is REQUIRED",
    entry((d) => delete d.platform.os),
    /error: index \S+: manifests\[0\]\.platform\.os: it is required/,
  ],
  [
    "platform.os SHOULD be a GOOS",
    { entry: (d) => d.platform.os = "Linux", config: (c) => c.os = "Linux" },
    /warning: index \S+: manifests\[0\]\.platform\.os: "Linux" is not/,
  ],
  [
    "platform.os.version is a string",
    entry((d) => d.platform["os.version"] = 10),
    /error: .*platform\["os\.version"\]: expected a string/,
  ],
  ["platform.os.features SHOULD be win32k on windows", {
    entry: (d) => d.platform = { os: "windows", architecture: "amd64", "os.features": ["x"] },
    config: (c) => c.os = "windows",
  }, /warning: .*platform\["os\.features"\]: "x" is not defined/],
  ["platform.variant SHOULD be listed", {
    entry: (d) => d.platform.variant = "v9",
    config: (c) => c.variant = "v9",
  }, /warning: .*platform\.variant: "v9" is not a variant of "amd64"/],
  [
    "platform.features is RESERVED",
    entry((d) => d.platform.features = []),
    /warning: .*platform\.features: it is reserved/,
  ],
  [
    "platform is the configuration's: os",
    entry((d) => d.platform.os = "windows"),
    /error: index \S+: manifests\[0\]\.platform\.os: "windows", but the configuration says "linux"/,
  ],
  [
    "platform is the configuration's: variant",
    entry((d) => d.platform.variant = "v2"),
    /warning: index \S+: manifests\[0\]\.platform\.variant: "v2", but/,
  ],
  [
    "the first of several that match SHOULD be used",
    index((i) =>
      i.manifests.push({
        mediaType: OCI_MANIFEST,
        digest: `sha256:${HEX}`,
        size: 1,
        platform: i.manifests[0].platform,
      })
    ),
    /warning: index \S+: manifests\[1\]\.platform: sha256:\w+ is for that platform too/,
  ],
  [
    "subject is a descriptor",
    index((i) => i.subject = []),
    /error: index \S+: subject: expected an object, found an array/,
  ],
  [
    "annotations MUST use the annotation rules",
    index((i) => i.annotations = []),
    /error: index \S+: annotations: expected an object/,
  ],
  [
    "a manifest that an index lists may be elsewhere",
    entry((d) => d.digest = `sha256:${HEX}`),
    /^warning: manifest sha256:0+: blobs\/sha256\/0+ is missing/,
  ],
];

testRules("image-index.md", INDEX_RULES);
