import assert from "node:assert/strict";
import { decodeImageConfig } from "./config.ts";
import { parseDigest, sha256 } from "./digest.ts";
import { decodeIndex, decodeManifest } from "./manifest.ts";
import { readVerified, verified } from "./verify.ts";

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const HEX = "a".repeat(64);
const layer = {
  mediaType: "application/vnd.oci.image.layer.v1.tar",
  digest: `sha256:${HEX}`,
  size: 1,
};
const manifest = { schemaVersion: 2, config: layer, layers: [layer] };
const config = {
  architecture: "wasm",
  os: "wasi",
  rootfs: { type: "layers", diff_ids: [`sha256:${HEX}`] },
};

Deno.test("parseDigest() follows the grammar and each algorithm's own rules", () => {
  assert.deepEqual(parseDigest(`sha256:${HEX}`), { algorithm: "sha256", encoded: HEX });
  assert.equal(parseDigest("sha512:" + "0".repeat(128))?.algorithm, "sha512");
  assert.equal(parseDigest("sha384:" + "0".repeat(96))?.algorithm, "sha384");
  assert.deepEqual(parseDigest("sha256+b64u:LCa0a2j_xo="), {
    algorithm: "sha256+b64u",
    encoded: "LCa0a2j_xo=",
  });
  for (
    const bad of [
      "",
      "sha256",
      "sha256:",
      `sha256:${HEX.slice(1)}`,
      `sha256:${HEX.toUpperCase()}`,
      `SHA256:${HEX}`,
      `sha256:${HEX}\n`,
      "x:../../etc/passwd",
      "x..y:ab",
      `sha512:${HEX}`,
      `+x:${HEX}`,
    ]
  ) assert.equal(parseDigest(bad), undefined, bad);
});

Deno.test("verified() refuses content that is short, long, different, or cannot be checked", async () => {
  async function* of(text: string): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes(text));
  }
  const good = { digest: sha256(bytes("hello")), size: 5 };
  assert.deepEqual(await readVerified(of("hello"), good, "blob", 5), bytes("hello"));
  const read = (text: string, expected = good): Promise<unknown> =>
    Array.fromAsync(verified(of(text), expected, "blob"));
  await assert.rejects(read("hell"), /^VerifyError|blob: it is truncated: 4 bytes of the 5/);
  await assert.rejects(read("hello!"), /blob: it is longer than the 5 bytes/);
  await assert.rejects(read("hullo"), /blob: its content has digest sha256:[0-9a-f]{64}, not sha256:/);
  await assert.rejects(
    read("hello", { digest: "blake3:ab", size: 5 }),
    /blob: digest algorithm "blake3" is not supported/,
  );
  await assert.rejects(readVerified(of("hello"), good, "blob", 4), /5 bytes, more than the 4/);
});

const configErrors: [name: string, change: unknown, message: RegExp][] = [
  ["not JSON", "{", /^Error: c: not valid JSON/],
  ["text on several lines", "<a>\n\x1b[2J", /^Error: c: not valid JSON: .*<a>\\x0a\\x1b\[2J/],
  ["not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), /c: not valid UTF-8/],
  ["an array", [], /^Error: c: expected an object, found an array/],
  ["a duplicate name", '{"os":"a","os":"b"}', /the name "os" occurs twice in one object/],
  ["a duplicate name, escaped", '{"os":"a","\\u006fs":"b"}', /the name "os" occurs twice/],
  ["deep nesting", "[".repeat(5000) + "]".repeat(5000), /nested more than 128 deep/],
  ["no rootfs", { ...config, rootfs: undefined }, /c: rootfs: an object is required/],
  [
    "another rootfs type",
    { ...config, rootfs: { type: "x", diff_ids: [] } },
    /rootfs\.type: expected "layers", found "x"/,
  ],
  [
    "a malformed diff_id",
    { ...config, rootfs: { type: "layers", diff_ids: ["md5"] } },
    /rootfs\.diff_ids\[0\]: malformed/,
  ],
  [
    "too many diff_ids",
    { ...config, rootfs: { type: "layers", diff_ids: [] } },
    /0 diff_ids for the 1 layers/,
  ],
  [
    "a number in Env",
    { ...config, config: { Env: ["A=1", "B=", "C=3", 4] } },
    /c: config\.Env\[3\]: expected a string, found a number/,
  ],
  [
    "a string for Cmd",
    { ...config, config: { Cmd: "sh" } },
    /config\.Cmd: expected an array, found a string/,
  ],
  [
    "an odd label",
    { ...config, config: { Labels: { "a.b": 1 } } },
    /config\.Labels\["a\.b"\]: expected a string, found a number/,
  ],
  ["no os", { ...config, os: null }, /c: os: a string is required/],
  [
    "odd history",
    { ...config, history: [{ empty_layer: "yes" }] },
    /history\[0\]\.empty_layer: expected a boolean/,
  ],
];
for (const [name, change, message] of configErrors) {
  Deno.test(`decodeImageConfig() refuses ${name}, and says where`, () => {
    const input = change instanceof Uint8Array ? change : bytes(change);
    assert.throws(() => decodeImageConfig(input, "c", 1), (error: Error) => {
      assert.match(`Error: ${error.message}`, message);
      return true;
    });
  });
}

Deno.test("decodeImageConfig() takes null for absent, as docker writes it, and leaves unknown fields alone", () => {
  const decoded = decodeImageConfig(
    bytes({
      ...config,
      container: "x",
      config: {
        Entrypoint: null,
        Volumes: null,
        OnBuild: null,
        Env: ["A=b=c"],
        ExposedPorts: { "80/tcp": {} },
      },
      history: null,
    }),
    "c",
    1,
  );
  assert.deepEqual(decoded.config.Entrypoint, []);
  assert.deepEqual(decoded.config.Env, ["A=b=c"]);
  assert.deepEqual(decoded.config.ExposedPorts, ["80/tcp"]);
  assert.deepEqual(decoded.history, []);
});

Deno.test("decodeImageConfig() keeps `__proto__` a plain label", () => {
  const decoded = decodeImageConfig(
    bytes(
      `{"os":"wasi","architecture":"wasm","rootfs":{"type":"layers"},"config":{"Labels":{"__proto__":"x"}}}`,
    ),
    "c",
  );
  assert.deepEqual(Object.entries(decoded.config.Labels), [["__proto__", "x"]]);
});

Deno.test("decodeManifest() refuses a document that is also an index, or of another type (CVE-2021-41190)", () => {
  assert.equal(decodeManifest(bytes(manifest), "m").layers.length, 1);
  assert.throws(
    () => decodeManifest(bytes({ ...manifest, manifests: [] }), "m"),
    /m: manifests: a manifest has none/,
  );
  assert.throws(
    () => decodeManifest(bytes({ ...manifest, mediaType: "application/vnd.oci.image.index.v1+json" }), "m"),
    /m: mediaType: expected .*manifest\.v1\+json/,
  );
  assert.throws(
    () => decodeIndex(bytes({ ...manifest, manifests: [] }), "i"),
    /i: config: an index has none/,
  );
  assert.throws(
    () => decodeIndex(bytes({ schemaVersion: 1, manifests: [] }), "i"),
    /schemaVersion: version 1/,
  );
});

Deno.test("decodeManifest() reads manifests without layers and of Docker's type", () => {
  const docker = "application/vnd.docker.distribution.manifest.v2+json";
  assert.deepEqual(
    decodeManifest(bytes({ ...manifest, mediaType: docker, layers: undefined }), "m").layers,
    [],
  );
});

Deno.test("decodeManifest() names the field of a bad descriptor", () => {
  const broken = (change: object): Uint8Array =>
    bytes({ ...manifest, layers: [layer, { ...layer, ...change }] });
  const cases: [object, RegExp][] = [
    [{ size: -1 }, /m: layers\[1\]\.size: -1 is out of range/],
    [{ size: 1.5 }, /layers\[1\]\.size: expected a whole number, found 1\.5/],
    [{ size: 2 ** 60 }, /layers\[1\]\.size: .* is out of range/],
    [{ size: "1" }, /layers\[1\]\.size: expected a number, found a string/],
    [{ digest: "sha256:../../x" }, /layers\[1\]\.digest: malformed digest/],
    [{ mediaType: undefined }, /layers\[1\]\.mediaType: a string is required/],
    [{ data: "AAAA" }, /layers\[1\]\.data: 3 bytes, not the 1 stated/],
    [{ data: "?" }, /layers\[1\]\.data: not valid base64/],
    [{ annotations: { a: null } }, /layers\[1\]\.annotations\.a: a string is required/],
  ];
  for (const [change, message] of cases) assert.throws(() => decodeManifest(broken(change), "m"), message);
});
